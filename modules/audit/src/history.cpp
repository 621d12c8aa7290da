#include "audit/history.hpp"

#include "carillon/json.hpp"

namespace carillon::audit {
namespace {

/// The `todo` of an event's payload; nothing where the task was deleted, or where there is none.
std::optional<boost::json::object> todo_of(std::string_view payload) {
    auto parsed = json::parse(payload);
    if (!parsed || !parsed->is_object()) return std::nullopt;
    auto* todo = parsed->get_object().if_contains("todo");
    if (!todo || !todo->is_object()) return std::nullopt;
    return std::move(todo->get_object());
}

}  // namespace

// What was last is told by the user's sequence, not by position: a replayed dead letter has a late position.

Result<boost::json::object> task_at(db::Session& session, std::optional<std::string_view> user_id, std::int64_t task_id,
                                    Time at) {
    std::string sql =
        "SELECT payload FROM task_events WHERE task_id = :task AND created_at <= :at AND type NOT LIKE 'reminder.%'";
    std::vector<db::Param> params{task_id, to_micros(at)};
    if (user_id) {
        sql += " AND user_id = :user";
        params.emplace_back(*user_id);
    }
    const auto rows = session.query_with<std::optional<std::string>>(sql + " ORDER BY sequence DESC LIMIT 1", params);
    if (rows.empty()) return not_found("There was no such task then.");
    const auto& payload = std::get<0>(rows.front());
    if (!payload) return Error{Errc::conflict, "The content of this task has been erased."};
    auto todo = todo_of(*payload);
    if (!todo) return not_found("The task was deleted then.");
    return std::move(*todo);
}

std::vector<boost::json::object> tasks_at(db::Session& session, std::string_view user_id, Time at) {
    std::vector<boost::json::object> tasks;
    session.each<std::optional<std::string>>(
        "SELECT e.payload FROM task_events e JOIN (SELECT position, row_number() OVER (PARTITION BY task_id ORDER BY "
        "sequence DESC) AS nth FROM task_events WHERE user_id = :user AND created_at <= :at "
        "AND type NOT LIKE 'reminder.%') AS last ON last.position = e.position WHERE last.nth = 1",
        {user_id, to_micros(at)}, [&tasks](std::optional<std::string> payload) {
            if (!payload) return;
            if (auto todo = todo_of(*payload)) tasks.push_back(std::move(*todo));
        });
    return tasks;
}

}  // namespace carillon::audit
