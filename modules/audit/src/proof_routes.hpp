#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"
#include "checkpointer.hpp"

#include <memory>
#include <vector>

namespace carillon::audit {

/// `/api/audit/checkpoint`, `/api/audit/consistency`, `/api/audit/export`, `/api/audit/{id}/proof`.
std::vector<http::Route> proof_routes(db::Database& database, std::shared_ptr<const Checkpointer> checkpointer);

}  // namespace carillon::audit
