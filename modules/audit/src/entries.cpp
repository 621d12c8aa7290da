#include "audit/entries.hpp"

#include "carillon/json.hpp"

#include <fmt/format.h>

namespace carillon::audit {
namespace {

constexpr std::string_view columns = "position, task_id, type, payload, created_at, sequence, actor";

/// Any number that nobody else locks.
constexpr std::string_view lock_log = "SELECT CASE WHEN pg_advisory_xact_lock(7161727222) IS NULL THEN 0 ELSE 1 END";

std::vector<Entry> read(db::Session& session, std::string_view sql, const std::vector<db::Param>& params) {
    std::vector<Entry> entries;
    session.each<std::int64_t, std::int64_t, std::string, std::optional<std::string>, std::int64_t, std::int64_t,
                 std::string>(
        sql, params,
        [&entries](std::int64_t position, std::int64_t task, std::string type, std::optional<std::string> payload,
                   std::int64_t created_at, std::int64_t sequence, std::string actor) {
            entries.push_back({position, task, std::move(type), std::move(payload), from_micros(created_at), sequence,
                               std::move(actor)});
        });
    return entries;
}

std::optional<Entry> first(std::vector<Entry> entries) {
    if (entries.empty()) return std::nullopt;
    return std::move(entries.front());
}

}  // namespace

bool append(db::Transaction& tx, const Event& event) {
    // SQLite has one writer. On PostgreSQL the lock lasts until the commit, so that nobody takes the same position.
    if (tx.backend() == db::Backend::postgresql) tx.query_one<std::int64_t>(lock_log);
    return tx.exec(
               "INSERT INTO task_events (position, event_id, user_id, task_id, type, payload, created_at, sequence, "
               "actor) "
               "SELECT (SELECT coalesce(max(position), 0) + 1 FROM task_events), :event, :user, CAST(:task AS BIGINT), "
               ":type, :payload, CAST(:created AS BIGINT), CAST(:sequence AS BIGINT), :actor "
               "WHERE NOT EXISTS (SELECT 1 FROM task_events WHERE event_id = :event)",
               event.id, event.user_id, event.task_id, event.type, event.data, to_micros(event.time), event.sequence,
               event.actor) == 1;
}

std::int64_t append_all(db::Transaction& tx, const std::vector<const Event*>& events) {
    std::string rows = "[";
    const auto text = [&rows](std::string_view name, std::string_view value) {
        rows.append(",\"").append(name).append("\":");
        json::append_string(rows, value);
    };
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = *events[i];
        rows += fmt::format(R"({}{{"n":{},"k":{},"c":{},"s":{})", i ? "," : "", i, event.task_id, to_micros(event.time),
                            event.sequence);
        text("e", event.id);
        text("u", event.user_id);
        text("t", event.type);
        text("p", event.data);
        text("a", event.actor);
        rows += '}';
    }
    rows += ']';
    tx.query_one<std::int64_t>(lock_log);
    // Whether it is there is asked row by row, along the index: as NOT EXISTS PostgreSQL might read the whole log.
    return tx.exec(
        "INSERT INTO task_events (position, event_id, user_id, task_id, type, payload, created_at, sequence, actor) "
        "SELECT (SELECT coalesce(max(position), 0) FROM task_events) + row_number() OVER (ORDER BY n), e, u, k, t, p, "
        "c, s, a FROM json_to_recordset(CAST(:rows AS json)) AS r (n bigint, k bigint, c bigint, s bigint, e text, "
        "u text, t text, p text, a text) WHERE (SELECT 1 FROM task_events WHERE event_id = e) IS NULL ORDER BY n",
        rows);
}

std::vector<Entry> list(db::Session& session, std::string_view user_id, const Filter& filter) {
    std::string sql = "SELECT " + std::string(columns) + " FROM task_events WHERE user_id = :user";
    std::vector<db::Param> params{user_id};
    const auto where = [&](std::string_view condition, db::Param param) {
        sql.append(" AND ").append(condition);
        params.push_back(param);
    };
    if (filter.task_id) where("task_id = :task", *filter.task_id);
    // A task has few entries, a type has many: with both, the index of the task is the one to use.
    if (filter.type) where(filter.task_id ? "type || '' = :type" : "type = :type", *filter.type);
    if (filter.after) where("created_at > :after", to_micros(*filter.after));
    // One upper bound only, the lower one: with two the database might start at the wrong one.
    if (filter.cursor && (!filter.before || filter.cursor->created_at < *filter.before)) {
        where("(created_at, position) < (:last_created", to_micros(filter.cursor->created_at));
        sql += ", :last)";
        params.emplace_back(filter.cursor->position);
    } else if (filter.before) {
        where("created_at < :before", to_micros(*filter.before));
    }
    sql += " ORDER BY created_at DESC, position DESC LIMIT :n";
    params.emplace_back(filter.limit);
    return read(session, sql, params);
}

std::optional<Entry> find(db::Session& session, std::string_view user_id, std::int64_t position) {
    static const std::string sql =
        "SELECT " + std::string(columns) + " FROM task_events WHERE position = :position AND user_id = :user";
    return first(read(session, sql, {position, user_id}));
}

std::optional<Entry> last_state(db::Session& session, std::string_view user_id, std::int64_t task_id,
                                std::int64_t up_to) {
    // By sequence, not by position: a replayed dead letter has a late position.
    static const std::string sql =
        "SELECT " + std::string(columns) +
        " FROM task_events WHERE position = (SELECT position FROM task_events WHERE user_id = :user AND task_id = "
        ":task "
        "AND sequence <= :sequence AND type NOT LIKE 'reminder.%' ORDER BY sequence DESC LIMIT 1)";
    return first(read(session, sql, {user_id, task_id, up_to}));
}

void erase(db::Transaction& tx, std::string_view user_id) {
    tx.exec("UPDATE task_events SET payload = NULL WHERE user_id = :user AND payload IS NOT NULL", user_id);
}

}  // namespace carillon::audit
