#include "engine.hpp"

namespace carillon::recurring {

namespace {

Principal acting_for(const Event& event) {
    Principal who;
    who.user_id = event.user_id;
    who.actor = "recurring";
    who.traceparent = event.traceparent;
    return who;
}

void remember(db::Transaction& tx, const task::Todo& todo) {
    tx.exec(
        "INSERT INTO recurring_successors (user_id, task_id, version) VALUES (:user, :task, :version) "
        "ON CONFLICT (user_id, task_id) DO UPDATE SET version = excluded.version",
        todo.user_id, todo.id, todo.version);
}

bool untouched(db::Transaction& tx, const task::Todo& todo) {
    const auto left = tx.query_one<std::int64_t>("SELECT version FROM recurring_successors WHERE user_id = :user AND task_id = :task",
                                                 todo.user_id, todo.id);
    return left && std::get<0>(*left) == todo.version;
}

}  // namespace

std::optional<Occurrence> Engine::next_of(const task::Todo& todo, const task::SeriesRow& series) const {
    const Series calendar(series.recurrence, series.start, series.timezone, series.all_day);
    // The moment of completion, not of handling: an event that was held up gives the same answer.
    return calendar.next(*todo.occurrence, todo.completed_at.value_or(clock_.now()));
}

Result<task::Todo> Engine::create(db::Transaction& tx, const Principal& who, const task::Todo& todo, const task::SeriesRow& series,
                                  const Occurrence& next) {
    task::NewTask task;
    task.title = todo.title;
    task.description = todo.description;
    task.priority = todo.priority;
    task.tags = todo.tags;
    task.remind = todo.remind;
    task.all_day = todo.all_day;
    task.recurrence = series.recurrence;
    task.due_date = next.due;
    // A snooze past the due time belonged to that one occurrence.
    if (todo.reminder_at && todo.due_date && *todo.reminder_at <= *todo.due_date)
        task.reminder_at = next.due - (*todo.due_date - *todo.reminder_at);
    task::Origin origin;
    origin.series_id = series.id;
    origin.occurrence = next.number;
    origin.parent_task_id = series.first_task_id;
    origin.accept_past_reminder = true;  // with catch_up the next one may be late already
    return tasks_.create_in(tx, who, task, origin);
}

Result<void> Engine::completed(db::Transaction& tx, const Event& event) {
    const auto todo = tasks_.find_in(tx, event.user_id, event.task_id);
    if (!todo || todo->status != task::Status::completed || !todo->series_id || !todo->occurrence) return {};
    const auto series = tasks_.series_in(tx, event.user_id, *todo->series_id);
    if (!series || series->ended) return {};
    const auto next = next_of(*todo, *series);
    if (!next) return {};

    const auto who = acting_for(event);
    const auto latest = tasks_.latest_occurrence_in(tx, event.user_id, series->id);
    // A later occurrence than this one exists already: only what an undo took away comes back.
    if (latest && *latest->occurrence > *todo->occurrence) {
        const auto same = tasks_.occurrence_in(tx, event.user_id, series->id, next->number);
        const auto& candidate = same ? same : latest;
        if (candidate->deleted_at && untouched(tx, *candidate) && *candidate->occurrence == next->number) {
            auto restored = tasks_.restore_in(tx, who, candidate->id);
            if (!restored) return restored.error();
            remember(tx, *restored);
            return {};
        }
        // Taken back, but the next one is another by now, since the second completion came later.
        if (!(latest->deleted_at && untouched(tx, *latest))) return {};
        if (next->number <= *latest->occurrence) return {};
    }
    auto made = create(tx, who, *todo, *series, *next);
    if (!made) return made.error();
    remember(tx, *made);
    return {};
}

Result<void> Engine::reopened(db::Transaction& tx, const Event& event) {
    const auto todo = tasks_.find_in(tx, event.user_id, event.task_id);
    if (!todo || todo->status != task::Status::active || !todo->series_id || !todo->occurrence) return {};
    const auto latest = tasks_.latest_occurrence_in(tx, event.user_id, *todo->series_id);
    if (!latest || *latest->occurrence <= *todo->occurrence || latest->deleted_at) return {};
    if (latest->status != task::Status::active || !untouched(tx, *latest)) return {};
    auto removed = tasks_.remove_in(tx, acting_for(event), latest->id, std::nullopt, true);
    if (!removed) return removed.error();
    remember(tx, *removed);
    return {};
}

}  // namespace carillon::recurring
