// The SQL of the reminders table. A row's id and revision name one bell; every change of a row compares both.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/time/instant.hpp"
#include "task/task.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::reminder {

enum class State { pending, fired, cancelled };
std::string_view to_string(State state);

struct Reminder {
    std::int64_t id = 0;
    std::string user_id;
    std::int64_t task_id = 0;
    std::int64_t revision = 1;
    Time fire_at{};
    State state = State::pending;
    std::string title;
    std::optional<Time> due_at;
    std::optional<Time> fired_at;
    bool late = false;
    std::optional<Time> acknowledged_at;
};

/// `reminder-<task id>-<revision>`: the job that wakes us for it.
std::string job_name(const Reminder& reminder);

/// Where a page of a list ends.
struct Position {
    Time time{};
    std::int64_t id = 0;
};

namespace repository {

/// The row that counts for a task; nothing if it never had a bell.
std::optional<Reminder> latest(db::Session& session, std::string_view user_id, std::int64_t task_id);
/// latest() of many tasks in one statement; only of those that ever had a bell, in no order. PostgreSQL.
std::vector<Reminder> latest_of(db::Session& session, const std::vector<task::TaskKey>& tasks);
std::optional<Reminder> find(db::Session& session, std::string_view user_id, std::int64_t id);
/// True when this very bell has rung, or was counted as such.
bool has_fired(db::Session& session, std::string_view user_id, std::int64_t task_id, Time fire_at);

void insert(db::Session& session, const Reminder& reminder);
/// Stores `next` over the row with its id, if that still is as `before` says; false when somebody was faster.
bool replace(db::Session& session, const Reminder& before, const Reminder& next);
/// replace() of many in few statements; the ids of those that were as their `before` says.
struct Replacement {
    Reminder before, next;
};
std::set<std::int64_t> replace_all(db::Session& session, const std::vector<Replacement>& replacements);
/// False when it was acknowledged before.
bool acknowledge(db::Session& session, const Reminder& reminder, Time now);
/// Removes all of a user's; how many were pending.
std::int64_t erase(db::Session& session, std::string_view user_id);

/// Pending ones with fire_at <= now behind `after`, the oldest first.
std::vector<Reminder> due(db::Session& session, Time now, Position after, int limit);
/// The one that rings next.
std::optional<Reminder> next(db::Session& session);
std::int64_t count_pending(db::Session& session);

/// Fired and not acknowledged, newest first.
std::vector<Reminder> unseen(db::Session& session, std::string_view user_id, std::optional<Position> after, int limit);
/// Pending, soonest first.
std::vector<Reminder> upcoming(db::Session& session, std::string_view user_id, std::optional<Position> after,
                               int limit);

}  // namespace repository
}  // namespace carillon::reminder
