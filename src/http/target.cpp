#include "target.hpp"

#include "carillon/text.hpp"

#include <algorithm>

namespace carillon::http {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// What decoding depends on: a path keeps %2F, a query reads + as a blank.
enum class Part { path, query };

bool decode(std::string_view raw, Part part, std::string& out) {
    bool ascii = true;
    out.clear();
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char c = raw[i];
        if (c == '%') {
            const int high = i + 2 < raw.size() ? hex_digit(raw[i + 1]) : -1;
            const int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(high * 16 + low);
            i += 2;
            if (c == '/' && part == Part::path) {
                out += "%2F";
                continue;
            }
        } else if (c == '+' && part == Part::query) {
            c = ' ';
        }
        ascii = ascii && static_cast<unsigned char>(c) < 0x80;
        out.push_back(c);
    }
    return ascii || text::is_utf8(out);
}

bool parse_query(std::string_view raw, std::vector<std::pair<std::string, std::string>>& query) {
    while (!raw.empty()) {
        const auto end = std::min(raw.find('&'), raw.size());
        const auto pair = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto& [name, value] = query.emplace_back();
        if (!decode(pair.substr(0, equals), Part::query, name)) return false;
        if (!decode(pair.substr(std::min(equals + 1, pair.size())), Part::query, value)) return false;
    }
    return true;
}

/// Cuts `http://host` off an absolute-form target; the path is empty where there is none.
std::string_view origin_form(std::string_view target) {
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos || target.starts_with('/')) return target;
    const auto path = target.find_first_of("/?", scheme + 3);
    return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

}  // namespace

Result<void> parse_target(std::string_view target, Request& request) {
    target = origin_form(target);
    const auto mark = std::min(target.find('?'), target.size());
    auto path = target.substr(0, mark);
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    const bool form = path.starts_with('/') || target == "*" || (path.empty() && mark < target.size());
    if (!form || target.find('#') != std::string_view::npos)
        return Error{Errc::bad_request, "The request target is not a path."};
    if (!decode(path, Part::path, request.path)) {
        return Error{Errc::bad_request, "The path is not percent-encoded UTF-8."};
    }
    if (request.path.empty()) request.path = "/";
    if (text::has_control(request.path, false))
        return Error{Errc::bad_request, "The path must not hold control characters."};
    request.query.clear();
    if (mark == target.size()) return {};
    auto query = decode_query(target.substr(mark + 1));
    if (!query) return query.error();
    request.query = std::move(*query);
    return {};
}

Result<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view raw) {
    std::vector<std::pair<std::string, std::string>> query;
    if (!parse_query(raw, query)) return Error{Errc::bad_request, "The query is not percent-encoded UTF-8."};
    return query;
}

}  // namespace carillon::http
