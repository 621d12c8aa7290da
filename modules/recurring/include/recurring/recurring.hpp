// recurring: the next occurrence appears when one is completed, exactly once.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

namespace carillon::recurring {

/// Subscribes `recurring` to task.completed and task.updated (a reopened task takes back its untouched successor).
void subscribe(EventBus& bus, task::TaskService& tasks, const Clock& clock);

}  // namespace carillon::recurring
