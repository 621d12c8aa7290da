#include "app/dead_letters.hpp"

#include <boost/json/array.hpp>

namespace carillon {

namespace {

boost::json::object to_json(const DeadLetter& letter) {
    boost::json::object out{{"id", letter.id},
                            {"subscription", letter.subscription},
                            {"event_id", letter.event.id},
                            {"event_type", letter.event.type},
                            {"task_id", letter.event.task_id},
                            {"sequence", letter.event.sequence},
                            {"attempts", letter.attempts},
                            {"error", letter.error},
                            {"failed_at", format_rfc3339(letter.failed_at)},
                            {"replayed_at", nullptr}};
    if (letter.replayed_at) out["replayed_at"] = format_rfc3339(*letter.replayed_at);
    return out;
}

awaitable<http::Response> list(db::Database& database, Inbox& inbox, const http::Request& request) {
    http::Query query(request);
    const auto limit = static_cast<int>(query.integer("limit", 1, 1000).value_or(50));
    const auto after = query.integer("after", 0, INT64_MAX).value_or(0);
    if (auto checked = query.finish(); !checked) co_return http::problem(checked.error());
    auto work = [&inbox, limit, after](db::Session& session) -> Result<std::vector<DeadLetter>> {
        return inbox.dead_letters(session, limit, after);
    };
    const auto letters = co_await database.read(db::ReadKind::scan, work);
    if (!letters) co_return http::problem(letters.error());
    boost::json::array items;
    for (const auto& letter : *letters) items.push_back(to_json(letter));
    co_return http::Response::json(200, {{"items", std::move(items)}});
}

awaitable<http::Response> replay(db::Database& database, Inbox& inbox, const http::Request& request) {
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    auto work = [&inbox, id = *id](db::Transaction& tx) { return inbox.replay_in(tx, id); };
    const auto replayed = co_await database.write(work);
    if (!replayed) co_return http::problem(replayed.error());
    co_return http::Response::no_content();
}

}  // namespace

std::vector<http::Route> dead_letter_routes(db::Database& database, Inbox& inbox) {
    using http::Access;
    using http::Method;
    return {{Method::get, "/dead-letters", Access::management,
             [&database, &inbox](http::Request& request) { return list(database, inbox, request); }},
            {Method::post, "/dead-letters/{id}/replay", Access::management,
             [&database, &inbox](http::Request& request) { return replay(database, inbox, request); }}};
}

}  // namespace carillon
