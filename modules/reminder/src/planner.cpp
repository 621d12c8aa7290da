#include "planner.hpp"

#include <map>
#include <set>

namespace carillon::reminder {
namespace {

bool is_pending(const std::optional<Reminder>& reminder) { return reminder && reminder->state == State::pending; }

}  // namespace

Result<void> Planner::follow(db::Transaction& tx, const Event& event) {
    // Each round loses only to a claim of this very bell, so that a second one sees the row at rest.
    for (int round = 0; round < 3; ++round) {
        const auto row = repository::latest(tx, event.user_id, event.task_id);
        const auto todo = tasks_.find_in(tx, event.user_id, event.task_id);
        const bool wanted = todo && todo->status == task::Status::active && todo->bell_at;
        const bool settled = wanted ? plan(tx, row, *todo) : !is_pending(row) || cancel(tx, *row);
        if (settled) return {};
    }
    return Error{Errc::conflict, "The reminder keeps changing."};
}

Result<void> Planner::follow_all(db::Transaction& tx, const std::vector<const Event*>& events) {
    std::map<std::pair<std::string_view, std::int64_t>, const Event*> tasks;  // a task's last event stands for all
    for (const auto* event : events) tasks[{event->user_id, event->task_id}] = event;
    std::vector<task::TaskKey> keys;
    for (const auto& [key, event] : tasks) keys.push_back({key.first, key.second});
    std::set<std::pair<std::string, std::int64_t>> concerned;
    for (const auto& row : repository::latest_of(tx, keys)) concerned.emplace(row.user_id, row.task_id);
    for (const auto& todo : tasks_.with_bells_in(tx, keys)) concerned.emplace(todo.user_id, todo.id);
    for (const auto& key : concerned) {
        auto followed = follow(tx, *tasks.at({key.first, key.second}));
        if (!followed.has_value()) return followed;
    }
    return {};
}

/// The task should ring at its bell_at. False when the row changed under our hands.
bool Planner::plan(db::Transaction& tx, const std::optional<Reminder>& row, const task::Todo& todo) {
    const bool same_bell = row && row->fire_at == *todo.bell_at;
    if (same_bell && row->state == State::pending && !todo.bell_silent) {
        if (row->title == todo.title && row->due_at == todo.due_date) return true;
        Reminder renamed = *row;
        renamed.title = todo.title;
        renamed.due_at = todo.due_date;
        return repository::replace(tx, *row, renamed);
    }
    // It passed while the task was completed or deleted.
    if (same_bell && row->state == State::cancelled && todo.bell_silent) return true;
    // It has rung: a replay, another field changed, or an undo went back to it.
    if (row && repository::has_fired(tx, todo.user_id, todo.id, *todo.bell_at))
        return !is_pending(row) || cancel(tx, *row);
    Reminder next;
    next.user_id = todo.user_id;
    next.task_id = todo.id;
    next.revision = row ? row->revision + 1 : 1;
    next.fire_at = *todo.bell_at;
    next.title = todo.title;
    next.due_at = todo.due_date;
    if (todo.bell_silent) {
        next.state = State::fired;
        next.fired_at = clock_.now();
        next.late = true;
    }
    return store(tx, row, std::move(next));
}

bool Planner::store(db::Transaction& tx, const std::optional<Reminder>& before, Reminder next) {
    // A bell that rang keeps its row, for whoever has not seen it; any other row is used again.
    if (before && before->state != State::fired) {
        if (!repository::replace(tx, *before, next)) return false;
    } else {
        repository::insert(tx, next);
    }
    tx.on_commit([this, before, next] {
        if (is_pending(before)) {
            meters_.pending.Decrement();
            scheduler_.cancel(job_name(*before));
        }
        if (next.state == State::pending) {
            meters_.pending.Increment();
            scheduler_.schedule(job_name(next), next.fire_at);
        } else {
            meters_.late.Increment();
        }
    });
    return true;
}

bool Planner::cancel(db::Transaction& tx, const Reminder& row) {
    Reminder cancelled = row;
    cancelled.state = State::cancelled;
    if (!repository::replace(tx, row, cancelled)) return false;
    tx.on_commit([this, row] {
        meters_.pending.Decrement();
        scheduler_.cancel(job_name(row));
    });
    return true;
}

}  // namespace carillon::reminder
