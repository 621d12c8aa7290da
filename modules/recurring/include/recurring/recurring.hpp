// recurring: the next occurrence appears when one is completed, exactly once.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "task/task.hpp"

#include <string_view>

namespace carillon::recurring {

/// Subscribes `recurring` to task.completed and task.updated (a reopened task takes back its untouched successor).
void subscribe(EventBus& bus, task::TaskService& tasks);

/// What is remembered for a deleted account's tasks goes.
void erase_in(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::recurring
