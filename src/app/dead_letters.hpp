// Dead letters for operators, on the management listener: `GET /dead-letters`, `POST /dead-letters/{id}/replay`.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/inbox.hpp"
#include "carillon/http/router.hpp"

#include <vector>

namespace carillon {

std::vector<http::Route> dead_letter_routes(db::Database& database, Inbox& inbox);

}  // namespace carillon
