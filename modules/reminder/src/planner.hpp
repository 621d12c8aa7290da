// Keeps a task's row in step with the task.
#pragma once

#include "carillon/error.hpp"
#include "carillon/events/event.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/time/clock.hpp"
#include "meters.hpp"
#include "repository.hpp"
#include "task/task.hpp"

namespace carillon::reminder {

class Planner {
public:
    Planner(task::TaskService& tasks, JobScheduler& scheduler, const Clock& clock, Meters& meters)
        : tasks_(tasks), scheduler_(scheduler), clock_(clock), meters_(meters) {}

    /// Looks at the task as it is now, not as the event says: any order and any number of deliveries end the same.
    /// Fails with: conflict (the bell rang meanwhile, again and again).
    Result<void> follow(db::Transaction& tx, const Event& event);
    /// The same for many events: two statements find the few tasks that have, or had, something to do with a bell.
    Result<void> follow_all(db::Transaction& tx, const std::vector<const Event*>& events);

private:
    bool plan(db::Transaction& tx, const std::optional<Reminder>& now, const task::Todo& todo);
    bool cancel(db::Transaction& tx, const Reminder& now);
    bool store(db::Transaction& tx, const std::optional<Reminder>& before, Reminder next);

    task::TaskService& tasks_;
    JobScheduler& scheduler_;
    const Clock& clock_;
    Meters& meters_;
};

}  // namespace carillon::reminder
