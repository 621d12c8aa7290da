#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"
#include "task/task.hpp"

#include <vector>

namespace carillon::audit {

/// `/api/audit`, `/api/audit/{id}/state`, `/api/audit/{id}/revert`.
std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks);

}  // namespace carillon::audit
