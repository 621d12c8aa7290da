#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace carillon::tag {

/// Renames (or, with nothing, removes) a tag on every task that carries it; main hands in the task service's.
using Retag = std::function<Result<void>(db::Transaction&, const Principal&, std::int64_t tag_id,
                                         std::optional<std::string> new_name)>;

/// `/api/tags`.
std::vector<http::Route> routes(db::Database& database, Retag retag);

}  // namespace carillon::tag
