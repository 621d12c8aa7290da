// Conditional requests (RFC 9110 section 13.1): the entity tags in their headers.
#pragma once

#include "carillon/http/message.hpp"

#include <string_view>
#include <vector>

namespace carillon::http {

/// The tags of an `If-Match` or `If-None-Match` header as they stand there, `*` and weak ones too.
std::vector<std::string_view> entity_tags(std::string_view header);

/// Whether `If-None-Match` names `etag`, which makes the answer 304. Compares weakly.
bool none_match(const Request& request, std::string_view etag);

}  // namespace carillon::http
