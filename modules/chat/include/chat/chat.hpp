// chat: the task list in plain words. Reads quick-add lines and small talk about tasks; acts through the task service.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

#include <vector>

namespace carillon::identity {
class Identity;
}

namespace carillon::chat {

/// `POST /api/parse`, `POST /api/chat`.
std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity,
                                const Clock& clock);

}  // namespace carillon::chat
