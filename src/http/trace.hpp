// W3C Trace Context (https://www.w3.org/TR/trace-context/ section 3.2).
#pragma once

#include <string>
#include <string_view>

namespace carillon::http {

bool is_traceparent(std::string_view text);
/// A new, unsampled trace. Its ids are random but no secret.
std::string make_traceparent();

}  // namespace carillon::http
