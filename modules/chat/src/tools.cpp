#include "tools.hpp"

#include <boost/json/parse.hpp>

namespace carillon::chat {
namespace {

/// The fields that `patch` names, as they are in `todo`.
boost::json::object before(const task::Todo& todo, const boost::json::object& patch) {
    const auto all = boost::json::parse(task::to_json(todo)).as_object();
    boost::json::object out;
    for (const auto& [name, value] : patch)
        if (const auto* was = all.if_contains(name)) out[name] = *was;
    // A reminder without a due date made itself the due date.
    if (patch.contains("reminder_at") && !todo.due_date) out["due_date"] = nullptr;
    return out;
}

}  // namespace

Result<task::Todo> Tools::snooze_todo(std::int64_t id, const boost::json::object& patch) {
    const auto* until = patch.if_contains("until");
    const auto time = until && until->is_string() ? parse_rfc3339(std::string(until->get_string())) : std::nullopt;
    if (!time) return invalid({{"until", "must be a time with its offset"}});
    return tasks_.snooze_in(tx_, who_, id, *time);
}

Result<task::Todo> Tools::act(const Step& step, std::vector<Step>& undo) {
    const auto was = tasks_.find_in(tx_, who_.user_id, step.id, step.act == Act::restore);
    if (!was) return not_found("It is not there any more.");
    if (step.version && was->version != step.version) return Error{Errc::conflict, "It was changed since."};
    Step back{Act::reopen, step.id};
    Result<task::Todo> now = not_found();
    switch (step.act) {
        case Act::complete:
            now = complete_todo(step.id);
            break;
        case Act::reopen:
            now = reopen_todo(step.id);
            back.act = Act::complete;
            break;
        case Act::remove:
            now = delete_todo(step.id);
            back.act = Act::restore;
            break;
        case Act::restore:
            now = restore_todo(step.id);
            back.act = Act::remove;
            break;
        case Act::update:
            back.act = Act::update;
            back.patch = before(*was, step.patch);
            now = update_todo(step.id, step.patch);
            break;
        case Act::snooze:
            // Only a snooze may go past the due date, back to an earlier one too.
            back.act =
                was->reminder_at && was->due_date && *was->reminder_at > *was->due_date ? Act::snooze : Act::update;
            back.patch = back.act == Act::snooze ? boost::json::object{{"until", format_rfc3339(*was->reminder_at)}}
                                                 : before(*was, {{"reminder_at", nullptr}});
            now = snooze_todo(step.id, step.patch);
            break;
    }
    if (!now) return now;
    back.version = now->version;
    undo.push_back(std::move(back));
    return now;
}

}  // namespace carillon::chat
