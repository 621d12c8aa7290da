// The past, rebuilt from the log.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/error.hpp"
#include "carillon/time/instant.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

/// The Todo of a task as it was at a time; without `user_id`, whoever's it is. Fails with: not_found (no such task
/// then, or it was deleted), conflict (its content has been erased).
Result<boost::json::object> task_at(db::Session& session, std::optional<std::string_view> user_id, std::int64_t task_id,
                                    Time at);
/// The Todos of all of a user's tasks that there were at a time, in no order.
std::vector<boost::json::object> tasks_at(db::Session& session, std::string_view user_id, Time at);

}  // namespace carillon::audit
