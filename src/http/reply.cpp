#include "reply.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <stdexcept>

namespace carillon::http {
namespace {

void append_number(std::string& out, std::size_t value) {
    char digits[20];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// IMF-fixdate (RFC 9110 section 5.6.7), put together once a second.
std::string_view date() {
    struct Cache {
        std::time_t second = -1;
        char text[32];
        std::size_t size = 0;
    };
    static thread_local Cache cache;
    const auto now = std::time(nullptr);
    if (now != cache.second) {
        std::tm utc{};
        gmtime_r(&now, &utc);
        cache.size = std::strftime(cache.text, sizeof cache.text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        cache.second = now;
    }
    return {cache.text, cache.size};
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    const auto splits = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    if (std::any_of(name.begin(), name.end(), splits) || std::any_of(value.begin(), value.end(), splits)) {
        throw std::logic_error("an answer's header holds a line break");
    }
    out.append(name).append(": ").append(value).append("\r\n");
}

bool says_caching(const Response& response) {
    return std::any_of(response.headers.begin(), response.headers.end(),
                       [](const Header& h) { return boost::beast::iequals(h.name, "Cache-Control"); });
}

}  // namespace

void write_head(std::string& out, const Response& response, const ReplyOptions& options) {
    namespace http = boost::beast::http;
    out.clear();
    out += options.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(response.status));
    const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
    out.append(" ").append(reason.data(), reason.size()).append("\r\nDate: ").append(date()).append("\r\n");
    if (response.status >= 200 && response.status != 204 && response.status != 304) {
        if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
        out += "Content-Length: ";
        append_number(out, response.body.size());
        out += "\r\n";
    }
    for (const auto& header : response.headers) append_header(out, header.name, header.value);
    if (options.no_store && !says_caching(response)) out += "Cache-Control: no-store\r\n";
    out += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n";
    if (!options.keep_alive)
        out += "Connection: close\r\n";
    else if (options.http_1_0)
        out += "Connection: keep-alive\r\n";
    out += "\r\n";
}

}  // namespace carillon::http
