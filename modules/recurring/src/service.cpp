#include "service.hpp"

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

/// "Now" is the time of the completion: an event that is handled late gives the same answer.
std::optional<Occurrence> next_of(const Todo& done, const SeriesRow& series) {
    return Series{series.recurrence, series.start, series.timezone, series.all_day}.next(*done.occurrence,
                                                                                         *done.completed_at);
}

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

/// Version 0 is never a task's: a successor that some other completion brought is not this one's to take back.
void remember(db::Transaction& tx, const Todo& todo, std::int64_t successor_id, std::int64_t version) {
    tx.exec(
        "INSERT INTO recurring_successors (user_id, task_id, successor_id, version) VALUES (:user, :task, :successor, "
        ":version) "
        "ON CONFLICT (user_id, task_id) DO UPDATE SET successor_id = excluded.successor_id, version = excluded.version",
        todo.user_id, todo.id, successor_id, version);
}

Result<void> remember(db::Transaction& tx, const Todo& todo, const Result<Todo>& successor) {
    if (!successor) return successor.error();
    remember(tx, todo, successor->id, successor->version);
    return {};
}

}  // namespace

std::optional<Service::Successor> Service::successor_of(db::Session& session, const Todo& todo) {
    const auto row = session.query_one<std::int64_t, std::int64_t>(
        "SELECT successor_id, version FROM recurring_successors WHERE user_id = :user AND task_id = :task",
        todo.user_id, todo.id);
    if (!row) return std::nullopt;
    const auto& [id, version] = *row;
    auto successor = tasks_.find_in(session, todo.user_id, id, true);
    // Another recurrence starts another series, and a task can be skipped past what followed it.
    const bool follows = successor && successor->series_id == todo.series_id && successor->occurrence > todo.occurrence;
    if (!follows) return std::nullopt;
    return Successor{std::move(*successor), version};
}

Result<void> Service::settle(db::Transaction& tx, const Event& event) {
    // A task that was completed and then deleted still has its successor: only deleting an active one ends the series.
    const auto todo = tasks_.find_in(tx, event.user_id, event.task_id, true);
    if (!todo || !todo->series_id || !todo->occurrence) return {};
    if (todo->status == Status::active) {
        if (todo->deleted_at) return {};
        return take_back(tx, principal_of(event), *todo);
    }
    const auto series = tasks_.series_in(tx, event.user_id, *todo->series_id);
    if (!series || series->ended) return {};
    return appear(tx, principal_of(event), *todo, *series);
}

Result<void> Service::appear(db::Transaction& tx, const Principal& who, const Todo& done, const SeriesRow& series) {
    const auto next = next_of(done, series);
    if (!next) return {};
    if (const auto successor = successor_of(tx, done)) {
        if (!successor->was_taken_back()) return {};
        // Taken back, and completed again: the same one returns, unless it has passed meanwhile. Not by restore_in,
        // which has a time limit: a number is not used twice, so the series could not go on.
        if (*successor->todo.occurrence >= next->number)
            return remember(tx, done, tasks_.revert_in(tx, who, successor->todo.id, successor->todo));
    }
    if (const auto same = tasks_.occurrence_in(tx, who.user_id, series.id, next->number)) {
        // Deleted while active in a series that goes on: taken back from a task that has been skipped past it since.
        if (same->deleted_at && same->status == Status::active)
            return remember(tx, done, tasks_.revert_in(tx, who, same->id, *same));
        remember(tx, done, same->id, 0);
        return {};
    }
    task::Origin origin;
    origin.series_id = series.id;
    origin.occurrence = next->number;
    origin.parent_task_id = series.first_task_id;
    return remember(tx, done, tasks_.create_in(tx, who, copy_of(done, next->due), origin));
}

Result<void> Service::take_back(db::Transaction& tx, const Principal& who, const Todo& reopened) {
    const auto successor = successor_of(tx, reopened);
    if (!successor || successor->todo.deleted_at) return {};
    constexpr bool keep_series = true;
    const auto removed = tasks_.remove_in(tx, who, successor->todo.id, successor->left_at, keep_series);
    if (!removed && removed.error().code == Errc::precondition_failed) return {};  // somebody has touched it
    return remember(tx, reopened, removed);
}

}  // namespace carillon::recurring
