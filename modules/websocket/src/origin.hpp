// Which pages may open a socket here (RFC 6455 section 10.2, RFC 6454 section 6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace carillon::websocket {

/// True without an Origin header (no browser), for the host the request itself came to, and for those of `allowed`
/// (URLs; only scheme, host and port count). `null` and anything that is no origin are refused.
bool origin_allowed(std::string_view origin, std::string_view host, const std::vector<std::string>& allowed);

}  // namespace carillon::websocket
