// /api/todos and /api/recurrence/preview.
#pragma once

#include "carillon/http/message.hpp"
#include "service.hpp"

#include <memory>
#include <string>
#include <vector>

namespace carillon::task {

/// The answer to one task: 200 with ETag, 201 also with Location.
http::Response answer(const Todo& todo, int status = 200);

/// `{"results":[…]}`: each command under its own savepoint, in order. Fails with: invalid (not a batch).
Result<http::Response> run_batch(Service& service, db::Transaction& tx, const Principal& who,
                                 const boost::json::object& body);

}  // namespace carillon::task
