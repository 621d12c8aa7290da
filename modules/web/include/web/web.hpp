// web: the page, out of the executable.
#pragma once

#include "carillon/http/router.hpp"

#include <vector>

namespace carillon::web {

/// The page's addresses and its files, open to all. They are no part of the API, so no part of its document either.
/// Without a built page (make ui) there are none, and its addresses answer 404.
std::vector<http::Route> routes();

}  // namespace carillon::web
