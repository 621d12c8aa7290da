// What happens in a series when a task is completed or reopened. The task's present state decides; an event only says
// where to look, so that a replay, late or out of order, does no harm.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "task/task.hpp"

namespace carillon::recurring {

class Service {
public:
    explicit Service(task::TaskService& tasks) : tasks_(tasks) {}
    /// `task.completed`: makes the next occurrence appear, once.
    Result<void> completed(db::Transaction& tx, const Event& event);
    /// `task.updated`: takes back the next occurrence of a task that was reopened, if nobody has touched it.
    /// Fails with: invalid (event data that cannot be read).
    Result<void> updated(db::Transaction& tx, const Event& event);

private:
    Result<void> appear(db::Transaction& tx, const Event& event, const task::Todo& done, const task::SeriesRow& series);
    task::TaskService& tasks_;
};

}  // namespace carillon::recurring
