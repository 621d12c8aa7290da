#include "cookies.hpp"

#include "carillon/ids.hpp"
#include "carillon/text.hpp"

#include <algorithm>
#include <array>

namespace carillon::identity {
namespace {

constexpr std::string_view cookie_name = "carillon_refresh";

bool is_base64url(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
}

std::optional<RefreshToken> parse(std::string_view value) {
    std::array<std::string_view, 4> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto end = i + 1 < parts.size() ? value.find('.') : value.size();
        if (end == value.npos) return std::nullopt;
        parts[i] = value.substr(0, end);
        value.remove_prefix(std::min(end + 1, value.size()));
    }
    if (!is_uuid(parts[0]) || !is_uuid(parts[1]) || !is_base64url(parts[2]) || !is_base64url(parts[3]))
        return std::nullopt;
    return RefreshToken{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
}

void add_cookie(http::Response& response, const http::Request& request, const Options& options,
                const std::string& value, std::int64_t max_age) {
    std::string cookie = std::string(cookie_name) + "=" + value +
                         "; Path=/api/auth; Max-Age=" + std::to_string(max_age) + "; HttpOnly; SameSite=Strict";
    if (request.secure || options.public_url.starts_with("https://")) cookie += "; Secure";
    response.with("Set-Cookie", std::move(cookie));
}

/// `https://host[:port]` of a URL, without the default port.
std::string origin_of(std::string_view url) {
    const auto scheme = url.find("://");
    if (scheme == url.npos) return {};
    std::string origin = text::fold(url.substr(0, url.find_first_of("/?#", scheme + 3)));
    for (const auto& [prefix, port] : {std::pair{"http://", ":80"}, {"https://", ":443"}}) {
        if (origin.starts_with(prefix) && origin.ends_with(port))
            origin.resize(origin.size() - std::string_view(port).size());
    }
    return origin;
}

}  // namespace

std::string to_text(const RefreshToken& token) {
    return token.user_id + "." + token.session_id + "." + token.family + "." + token.secret;
}

std::optional<RefreshToken> refresh_cookie(const http::Request& request) {
    for (const auto& header : request.headers) {
        if (!text::is_utf8(header.name) || text::fold(header.name) != "cookie") continue;
        std::string_view rest = header.value;
        while (!rest.empty()) {
            const auto end = std::min(rest.find(';'), rest.size());
            auto pair = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
            if (!pair.starts_with(cookie_name) || pair.substr(cookie_name.size(), 1) != "=") continue;
            if (auto token = parse(pair.substr(cookie_name.size() + 1))) return token;
        }
    }
    return std::nullopt;
}

void set_refresh_cookie(http::Response& response, const http::Request& request, const Options& options,
                        const RefreshToken& token) {
    add_cookie(response, request, options, to_text(token), std::chrono::seconds(options.refresh_lifetime).count());
}

void clear_refresh_cookie(http::Response& response, const http::Request& request, const Options& options) {
    add_cookie(response, request, options, {}, 0);
}

bool is_same_origin(const http::Request& request, const Options& options) {
    if (request.header("Sec-Fetch-Site") == "cross-site") return false;
    const auto sent = request.header("Origin");
    if (sent.empty()) return true;
    if (!text::is_utf8(sent)) return false;
    const auto origin = origin_of(sent);
    if (origin.empty()) return false;  // `null`, of a sandboxed frame or a redirect
    if (origin == origin_of(options.public_url)) return true;
    const auto matches = [&origin](const std::string& allowed) { return origin == origin_of(allowed); };
    if (std::any_of(options.allowed_origins.begin(), options.allowed_origins.end(), matches)) return true;
    const auto host = request.header("Host");
    return text::is_utf8(host) && origin == origin_of((request.secure ? "https://" : "http://") + std::string(host));
}

}  // namespace carillon::identity
