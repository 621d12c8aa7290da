#include "carillon/http/conditional.hpp"

#include "carillon/text.hpp"

#include <algorithm>

namespace carillon::http {

std::vector<std::string_view> entity_tags(std::string_view header) {
    std::vector<std::string_view> tags;
    while (!header.empty()) {
        const auto comma = header.find(',');
        tags.push_back(text::trim(header.substr(0, comma)));
        header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
    }
    return tags;
}

bool none_match(const Request& request, std::string_view etag) {
    const auto tags = entity_tags(request.header("If-None-Match"));
    return std::any_of(tags.begin(), tags.end(), [etag](std::string_view tag) {
        if (tag.starts_with("W/")) tag.remove_prefix(2);
        return tag == "*" || tag == etag;
    });
}

}  // namespace carillon::http
