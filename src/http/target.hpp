// The request target: path and query, decoded.
#pragma once

#include "carillon/http/message.hpp"

namespace carillon::http {

/// Fills path and query of `request` from an origin-form, absolute-form or asterisk-form target (RFC 9112 section 3.2).
/// An encoded slash stays encoded, so that it never changes which route is meant. Fails with: bad_request.
Result<void> parse_target(std::string_view target, Request& request);

}  // namespace carillon::http
