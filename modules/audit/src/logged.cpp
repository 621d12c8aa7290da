#include "logged.hpp"

#include "carillon/ids.hpp"

namespace carillon::audit {

void each_logged(db::Session& session, std::int64_t after, std::int64_t last, int limit,
                 const std::function<void(Logged&)>& visit) {
    using Text = std::optional<std::string>;
    session.each<std::int64_t, std::string, std::string, std::int64_t, std::string, Text, std::int64_t, std::int64_t,
                 std::string, Text, Text, std::optional<std::int64_t>>(
        "SELECT e.position, e.event_id, e.user_id, e.task_id, e.type, e.payload, e.created_at, e.sequence, e.actor, "
        "l.salt, l.content, l.tag FROM task_events e LEFT JOIN audit_leaves l ON l.position = e.position "
        "WHERE e.position > :after AND e.position <= :last ORDER BY e.position LIMIT :limit",
        {after, last, limit},
        [&visit](std::int64_t position, std::string event, std::string user, std::int64_t task, std::string type,
                 Text payload, std::int64_t created_at, std::int64_t sequence, std::string actor, Text salt,
                 Text content, std::optional<std::int64_t> tag) {
            Logged entry;
            entry.leaf = {position,        created_at,      task, sequence, std::move(event), std::move(type),
                          std::move(user), std::move(actor)};
            const auto hash = content ? merkle::from_base64(*content) : std::nullopt;
            entry.leaf.content = hash.value_or(merkle::Hash{});
            entry.has_leaf = hash.has_value();
            entry.payload = std::move(payload);
            if (salt) entry.salt = from_base64(*salt);
            entry.tag = tag.value_or(0);
            visit(entry);
        });
}

}  // namespace carillon::audit
