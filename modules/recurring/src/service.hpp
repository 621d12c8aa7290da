// Keeps what follows a task in line with the task: completed, its next occurrence is there; active again, it is not.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "task/task.hpp"

#include <optional>

namespace carillon::recurring {

class Service {
public:
    explicit Service(task::TaskService& tasks) : tasks_(tasks) {}
    /// Looks at the event's task as it is now and does what is missing. The event only says where to look, so that one
    /// that comes twice, late or out of order changes nothing.
    Result<void> settle(db::Transaction& tx, const Event& event);

private:
    /// The task that appeared when another was completed.
    struct Successor {
        task::Todo todo;
        std::int64_t left_at;  ///< the version in which it was made, restored or taken back; of another, it was touched
        bool was_taken_back() const { return todo.deleted_at && todo.version == left_at; }
    };
    std::optional<Successor> successor_of(db::Session& session, const task::Todo& todo);
    Result<void> appear(db::Transaction& tx, const Principal& who, const task::Todo& done,
                        const task::SeriesRow& series);
    Result<void> take_back(db::Transaction& tx, const Principal& who, const task::Todo& reopened);

    task::TaskService& tasks_;
};

}  // namespace carillon::recurring
