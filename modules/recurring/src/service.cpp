#include "service.hpp"

#include <boost/json/parse.hpp>

namespace carillon::recurring {
namespace {

using task::NewTask;
using task::SeriesRow;
using task::Status;
using task::Todo;

/// Each user's work is done in the user's name, as part of the trace of the change that caused it.
Principal principal_of(const Event& event) {
    Principal who;
    who.user_id = event.user_id;
    who.actor = "recurring";
    who.traceparent = event.traceparent;
    return who;
}

Series rule_of(const SeriesRow& row) { return {row.recurrence, row.start, row.timezone, row.all_day}; }

/// The next occurrence as a copy of the one that was done.
NewTask copy_of(const Todo& done, Time due) {
    NewTask next;
    next.title = done.title;
    next.description = done.description;
    next.priority = done.priority;
    next.due_date = due;
    next.all_day = done.all_day;
    next.remind = done.remind;
    next.recurrence = done.recurrence;
    next.tags = done.tags;
    // A reminder after the due date was snoozed there, once; that is no distance to keep.
    const bool keeps_distance = done.reminder_at && done.due_date && *done.reminder_at <= *done.due_date;
    if (keeps_distance) next.reminder_at = due - (*done.due_date - *done.reminder_at);
    return next;
}

/// Nobody has changed the task since it appeared: its first version, or one that says the same as a new copy would.
bool is_untouched(const Todo& next, const Todo& reopened, Time due) {
    if (next.version == 1) return true;
    const NewTask copy = copy_of(reopened, due);
    return next.title == copy.title && next.description == copy.description && next.priority == copy.priority &&
           next.due_date == copy.due_date && next.all_day == copy.all_day && next.remind == copy.remind &&
           next.reminder_at == copy.reminder_at && next.recurrence == copy.recurrence && next.tags == copy.tags;
}

/// Deleting an active task ends its series, but for a removal by the undo of a completion.
bool was_taken_back(const Todo& next) { return next.deleted_at && next.status == Status::active; }

/// When the task had been completed, if the event says that it was reopened (whole seconds, rounded up: what was not
/// yet due at the completion itself is not due at its second either).
Result<std::optional<Time>> completion_undone(const Event& event) {
    boost::system::error_code error;
    const auto data = boost::json::parse(event.data, error);
    const auto text_at = [&](const char* pointer) {
        boost::system::error_code missing;
        const auto* value = data.find_pointer(pointer, missing);
        return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view{};
    };
    if (error) return Error{Errc::invalid, "The data of the event is no JSON."};
    if (text_at("/changes/status/old") != "completed" || text_at("/changes/status/new") != "active") return std::optional<Time>{};
    const auto* seconds = data.find_pointer("/changes/completedAt/old", error);
    if (!seconds || !seconds->is_int64()) return Error{Errc::invalid, "The event does not say when the task had been completed."};
    return std::optional<Time>{Time{std::chrono::seconds{seconds->get_int64()}} + std::chrono::microseconds{999'999}};
}

/// An answer that means somebody else was quicker is no failure.
Result<void> settled(const Result<Todo>& result, Errc expected) {
    if (result || result.error().code == expected) return {};
    return result.error();
}

}  // namespace

Result<void> Service::completed(db::Transaction& tx, const Event& event) {
    // A task that was completed and then deleted still has its successor: only deleting an active one ends the series.
    const auto done = tasks_.find_in(tx, event.user_id, event.task_id, true);
    if (!done || done->status != Status::completed || !done->completed_at || !done->series_id || !done->occurrence) return {};
    const auto series = tasks_.series_in(tx, event.user_id, *done->series_id);
    if (!series || series->ended) return {};
    return appear(tx, event, *done, *series);
}

Result<void> Service::appear(db::Transaction& tx, const Event& event, const Todo& done, const SeriesRow& series) {
    const auto next = rule_of(series).next(*done.occurrence, *done.completed_at);
    if (!next) return {};
    const Principal who = principal_of(event);
    // Not restore_in, which has a time limit: a number is not used twice, so the series could not go on.
    const auto restore = [&](const Todo& taken_back) { return settled(tasks_.revert_in(tx, who, taken_back.id, taken_back), Errc::not_found); };
    if (const auto same = tasks_.occurrence_in(tx, event.user_id, series.id, next->number)) {
        if (was_taken_back(*same)) return restore(*same);
        return {};
    }
    // Another number means that time has passed since the first completion, the zone was changed or the task skipped.
    const auto latest = tasks_.latest_occurrence_in(tx, event.user_id, series.id);
    if (latest && *latest->occurrence > *done.occurrence) {
        if (!was_taken_back(*latest)) return {};  // the series went on from here already
        if (*latest->occurrence > next->number) return restore(*latest);
    }
    task::Origin origin;
    origin.series_id = series.id;
    origin.occurrence = next->number;
    origin.parent_task_id = series.first_task_id;
    return settled(tasks_.create_in(tx, who, copy_of(done, next->due), origin), Errc::conflict);
}

Result<void> Service::updated(db::Transaction& tx, const Event& event) {
    const auto completed_at = completion_undone(event);
    if (!completed_at) return completed_at.error();
    if (!*completed_at) return {};
    const auto reopened = tasks_.find_in(tx, event.user_id, event.task_id);
    if (!reopened || reopened->status != Status::active || !reopened->series_id || !reopened->occurrence) return {};
    const auto series = tasks_.series_in(tx, event.user_id, *reopened->series_id);
    if (!series) return {};
    const auto next = rule_of(*series).next(*reopened->occurrence, **completed_at);
    const auto successor = next ? tasks_.occurrence_in(tx, event.user_id, series->id, next->number) : std::nullopt;
    if (!successor || successor->deleted_at || successor->status != Status::active) return {};
    if (!is_untouched(*successor, *reopened, next->due)) return {};
    constexpr bool keep_series = true;
    return settled(tasks_.remove_in(tx, principal_of(event), successor->id, successor->version, keep_series), Errc::precondition_failed);
}

}  // namespace carillon::recurring
