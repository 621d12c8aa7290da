// Saved views: names for queries of the task list.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"

#include <string_view>
#include <vector>

namespace carillon::task::views {

/// `/api/views`.
std::vector<http::Route> routes(db::Database& database);

/// Removes those of a deleted account.
void erase_in(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::task::views
