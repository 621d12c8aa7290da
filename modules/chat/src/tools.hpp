// What the chat can do: six tools, all of them the task service's, so that every action is an event.
#pragma once

#include "conversation.hpp"
#include "select.hpp"
#include "task/task.hpp"

namespace carillon::chat {

class Tools {
public:
    Tools(db::Transaction& tx, task::TaskService& tasks, const Principal& who) : tx_(tx), tasks_(tasks), who_(who) {}

    Result<task::Todo> create_todo(const task::NewTask& task) { return tasks_.create_in(tx_, who_, task); }
    std::vector<task::Todo> list_todos(const Selector& selector, const Filter& filter) { return selector.list(filter); }
    std::optional<task::Todo> get_todo(std::int64_t id) { return tasks_.find_in(tx_, who_.user_id, id); }
    /// `patch` as PATCH /api/todos/{id} takes it.
    Result<task::Todo> update_todo(std::int64_t id, const boost::json::object& patch) {
        const auto read = task::parse_task_patch(patch);
        if (!read) return read.error();
        return tasks_.update_in(tx_, who_, id, *read);
    }
    Result<task::Todo> complete_todo(std::int64_t id) { return tasks_.complete_in(tx_, who_, id); }
    Result<task::Todo> delete_todo(std::int64_t id) { return tasks_.remove_in(tx_, who_, id); }

    /// An update of its reminder, which may go past the due date. `patch` as POST /api/todos/{id}/snooze takes it.
    Result<task::Todo> snooze_todo(std::int64_t id, const boost::json::object& patch);

    // Taking back.
    Result<task::Todo> reopen_todo(std::int64_t id) { return tasks_.reopen_in(tx_, who_, id); }
    Result<task::Todo> restore_todo(std::int64_t id) { return tasks_.restore_in(tx_, who_, id); }

    /// Carries a step out and puts the step that takes it back into `undo`.
    Result<task::Todo> act(const Step& step, std::vector<Step>& undo);

private:
    db::Transaction& tx_;
    task::TaskService& tasks_;
    const Principal& who_;
};

}  // namespace carillon::chat
