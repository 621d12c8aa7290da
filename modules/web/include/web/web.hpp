// web: the page, out of the executable.
#pragma once

#include "carillon/http/router.hpp"

#include <optional>
#include <vector>

namespace carillon::web {

/// The page's addresses and its files, open to all. They are no part of the API, so no part of its document either.
/// Without a built page (make ui) there are none, and its addresses answer 404.
std::vector<http::Route> routes();
/// The page with status 404, for people who came to an address that is nobody's; nothing for programs, and below /api/.
std::optional<http::Response> nowhere(const http::Request& request);

}  // namespace carillon::web
