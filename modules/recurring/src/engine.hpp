// What happens to a series when one of its occurrences is completed or reopened.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

namespace carillon::recurring {

/// Decides by the tasks as they are now, in the event's transaction; the event only says where to look. So a replay out of
/// order does no harm.
class Engine {
public:
    Engine(task::TaskService& tasks, const Clock& clock) : tasks_(tasks), clock_(clock) {}
    /// Creates the next occurrence, or gives back the one that an undo took away. Once, however often it is called.
    Result<void> completed(db::Transaction& tx, const Event& event);
    /// Takes back the successor of a reopened task, unless its user has touched it.
    Result<void> reopened(db::Transaction& tx, const Event& event);

private:
    std::optional<Occurrence> next_of(const task::Todo& todo, const task::SeriesRow& series) const;
    Result<task::Todo> create(db::Transaction& tx, const Principal& who, const task::Todo& todo, const task::SeriesRow& series,
                              const Occurrence& next);

    task::TaskService& tasks_;
    const Clock& clock_;
};

}  // namespace carillon::recurring
