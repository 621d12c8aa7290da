#include "rules.hpp"

#include "carillon/time/zone.hpp"

namespace carillon::task {
namespace {

using namespace std::chrono_literals;

Time at_time_of_day(Time instant, std::chrono::microseconds of_day, const std::string& zone) {
    auto local = to_local(instant, zone);
    local.of_day = of_day;
    return to_instant(local, zone);
}

void set_bell(Todo& todo, Time now, Settings& settings) {
    todo.bell_at.reset();
    todo.bell_silent = false;
    if (!todo.remind || !todo.due_date) return;
    if (todo.reminder_at) {
        todo.bell_at = todo.reminder_at;
        todo.bell_silent = *todo.reminder_at < now;
        return;
    }
    const auto bell =
        todo.all_day ? at_time_of_day(*todo.due_date, settings.get().default_reminder_time, settings.get().timezone)
                     : *todo.due_date;
    if (bell >= now) todo.bell_at = bell;  // a due date in the past reminds of nothing
}

/// In the zone in which the series counts its days.
bool ends_before_it_begins(const Todo& todo, Settings& settings) {
    if (!todo.due_date || !todo.recurrence->end_date || !is_writable(*todo.due_date)) return false;
    const auto zone = todo.recurrence->timezone ? *todo.recurrence->timezone : settings.get().timezone;
    return *todo.recurrence->end_date < to_local(*todo.due_date, zone).date;
}

}  // namespace

Time end_of_day(Time instant, const std::string& zone) { return at_time_of_day(instant, 23h + 59min, zone); }

bool is_writable(Time time) {
    using namespace std::chrono;
    return time >= sys_days{year{1} / January / 1} && time < sys_days{year{10000} / January / 1};
}

Result<void> settle(Todo& next, const Todo* before, Time now, Settings& settings, const Leave& leave) {
    std::vector<FieldError> errors;
    if (next.reminder_at && !next.due_date) next.due_date = next.reminder_at;
    const bool day_is_new = !before || next.due_date != before->due_date || !before->all_day;
    if (next.all_day && next.due_date && day_is_new) {
        next.due_date = end_of_day(*next.due_date, settings.get().timezone);
    }
    const bool due_moved = !before || next.due_date != before->due_date;
    bool carried = false;
    if (leave.move_reminder && due_moved && before && before->due_date && next.due_date && next.reminder_at) {
        *next.reminder_at += *next.due_date - *before->due_date;
        carried = true;
    }
    const bool reminder_is_new = next.reminder_at && !carried && (!before || next.reminder_at != before->reminder_at);
    if (next.reminder_at && *next.reminder_at > *next.due_date && !carried && !leave.reminder_after_due &&
        (reminder_is_new || due_moved)) {
        errors.emplace_back("reminder_at", "must not be after due_date");
    }
    const bool was_future_when_queued = leave.queued_at && next.reminder_at && *next.reminder_at >= *leave.queued_at;
    if (reminder_is_new && *next.reminder_at < now && !leave.past_reminder && !was_future_when_queued) {
        errors.emplace_back("reminder_at", "must not be in the past");
    }
    if (next.recurrence && !next.due_date) errors.emplace_back("recurrence", "needs a due_date");
    const bool new_rule = next.recurrence && (!before || next.recurrence != before->recurrence);
    if (new_rule && !leave.past_reminder && ends_before_it_begins(next, settings))
        errors.emplace_back("recurrence.end_date", "must not be before due_date");
    if (next.due_date && !is_writable(*next.due_date))
        errors.emplace_back("due_date", "must lie in the years 0001 to 9999");
    if (next.reminder_at && !is_writable(*next.reminder_at))
        errors.emplace_back("reminder_at", "must lie in the years 0001 to 9999");
    if (!errors.empty()) return invalid(std::move(errors));

    const bool bell_is_new = due_moved || next.all_day != before->all_day || next.remind != before->remind ||
                             next.reminder_at != before->reminder_at;
    if (bell_is_new) set_bell(next, now, settings);
    return {};
}

void quiet_past_bell(Todo& todo, Time now) {
    if (!todo.bell_at || *todo.bell_at >= now) return;
    if (todo.reminder_at)
        todo.bell_silent = true;
    else
        todo.bell_at.reset();
}

void apply(Todo& todo, const NewTask& input) {
    todo.title = input.title;
    todo.description = input.description;
    todo.priority = input.priority;
    todo.due_date = input.due_date;
    todo.all_day = input.all_day;
    todo.reminder_at = input.reminder_at;
    todo.remind = input.remind;
    todo.recurrence = input.recurrence;
    todo.tags = input.tags;
}

void apply(Todo& todo, const TaskPatch& patch) {
    if (patch.title) todo.title = *patch.title;
    if (patch.description) todo.description = *patch.description;
    if (patch.priority) todo.priority = *patch.priority;
    if (patch.due_date) {
        todo.due_date = *patch.due_date;
        if (!todo.due_date && !patch.reminder_at) todo.reminder_at.reset();  // or it would set the due date again
    }
    if (patch.all_day) todo.all_day = *patch.all_day;
    if (patch.reminder_at) todo.reminder_at = *patch.reminder_at;
    if (patch.remind) todo.remind = *patch.remind;
    if (patch.recurrence) todo.recurrence = *patch.recurrence;
    if (patch.tags) todo.tags = *patch.tags;
}

void apply(Todo& todo, const Todo& state) {
    todo.title = state.title;
    todo.description = state.description;
    todo.status = state.status;
    todo.completed_at = state.completed_at;
    todo.priority = state.priority;
    todo.due_date = state.due_date;
    todo.all_day = state.all_day;
    todo.reminder_at = state.reminder_at;
    todo.remind = state.remind;
    todo.recurrence = state.recurrence;
    todo.tags = state.tags;
}

}  // namespace carillon::task
