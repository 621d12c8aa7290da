// The API reference as one plain HTML page, made from the OpenAPI document.
#pragma once

#include <boost/json/object.hpp>

#include <string>

namespace carillon::http {

/// HTML without scripts or anything to fetch. Parts the document lacks are left out; references are links.
std::string reference_page(const boost::json::object& openapi);

}  // namespace carillon::http
