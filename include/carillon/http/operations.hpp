// What operators and machines ask: is it alive, is it ready, how is it doing, what does the API look like.
#pragma once

#include "carillon/http/router.hpp"
#include "carillon/metrics.hpp"

#include <boost/json/object.hpp>

#include <atomic>
#include <functional>
#include <vector>

namespace carillon::http {

enum class Readiness { starting, ready, draining };

/// State of the parts, such as `{"database":"ok","bus":"ok"}`. Called on I/O threads; must not block.
using Detail = std::function<boost::json::object()>;

/// `GET /health`, `/livez`, `/readyz`, `/metrics` (management) and `/api/openapi.json`, `/api/asyncapi.json`,
/// `/api/docs`. /readyz is 503 only while starting or draining: the database being away is detail in the body, since a
/// replica that fails readiness then turns 503s into refused connections.
std::vector<Route> make_operations_routes(const std::atomic<Readiness>& readiness, const Metrics& metrics,
                                          Detail detail);

}  // namespace carillon::http
