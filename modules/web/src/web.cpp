#include "web/web.hpp"

#include "carillon/embedded.hpp"
#include "carillon/http/conditional.hpp"
#include "carillon/text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace carillon::web {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

/// Nothing inline, nothing from elsewhere. `connect-src 'self'` covers the WebSocket too.
constexpr std::string_view content_policy =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What the page never asks for, so that nothing that gets into it can.
constexpr std::string_view permissions =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=(), bluetooth=(), "
    "hid=(), midi=(), browsing-topics=()";

/// Where the browser may be when it is reloaded: all answer index.html, whose router knows the rest.
constexpr std::array addresses{"/",         "/todos",           "/todos/{id}", "/activity", "/chat",
                               "/settings", "/settings/{part}", "/sign-in",    "/sign-up"};

/// One file with what compression made of it ahead of time; an encoding that there is none of is empty.
struct Asset {
    std::string_view plain;
    std::string_view gzip;
    std::string_view brotli;
    std::string_view hash;  ///< of the plain bytes
};

using Assets = std::map<std::string_view, Asset>;

Assets read_assets() {
    Assets assets;
    for (const auto& [name, bytes, hash] : embedded::page()) {
        if (name.ends_with(".br"))
            assets[name.substr(0, name.size() - 3)].brotli = bytes;
        else if (name.ends_with(".gz"))
            assets[name.substr(0, name.size() - 3)].gzip = bytes;
        else
            assets[name] = {bytes, assets[name].gzip, assets[name].brotli, hash};
    }
    return assets;
}

std::string_view media_type(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types{{
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".woff2", "font/woff2"},
        {".webmanifest", "application/manifest+json"},
        {".json", "application/json"},
    }};
    const auto known = [name](const auto& type) { return name.ends_with(type.first); };
    const auto found = std::find_if(types.begin(), types.end(), known);
    return found == types.end() ? "application/octet-stream" : found->second;
}

/// Whether an Accept or Accept-Encoding header names `wanted`. A weight of nought refuses it; others all do (RFC 9110
/// section 12.4.2).
bool accepts(std::string_view header, std::string_view wanted) {
    while (!header.empty()) {
        const auto end = std::min(header.find(','), header.size());
        const auto entry = header.substr(0, end);
        header.remove_prefix(std::min(end + 1, header.size()));
        const auto semicolon = std::min(entry.find(';'), entry.size());
        if (text::trim(entry.substr(0, semicolon)) != wanted) continue;
        const auto weight = text::trim(entry.substr(std::min(semicolon + 1, entry.size())));
        return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
    }
    return false;
}

Response answer(const Request& request, std::string_view name, const Asset& asset, bool hashed, int status = 200) {
    const auto wanted = request.header("Accept-Encoding");
    auto bytes = asset.plain;
    std::string_view encoding;
    if (!asset.brotli.empty() && accepts(wanted, "br")) {
        bytes = asset.brotli;
        encoding = "br";
    } else if (!asset.gzip.empty() && accepts(wanted, "gzip")) {
        bytes = asset.gzip;
        encoding = "gzip";
    }
    // Each encoding is a representation of its own (RFC 9110 section 8.8.3.3).
    const auto etag = "\"" + std::string(asset.hash) + (encoding.empty() ? "" : "-") + std::string(encoding) + "\"";
    const bool known = status == 200 && http::none_match(request, etag);
    Response response{known ? 304 : status, std::string(media_type(name)), known ? "" : std::string(bytes), {}};
    response.with("ETag", etag);
    response.with("Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    if (!asset.brotli.empty() || !asset.gzip.empty()) response.with("Vary", "Accept-Encoding");
    if (!known && !encoding.empty()) response.with("Content-Encoding", std::string(encoding));
    if (name.ends_with(".html")) {
        response.with("Content-Security-Policy", std::string(content_policy))
            .with("Permissions-Policy", std::string(permissions))
            .with("Cross-Origin-Opener-Policy", "same-origin");
    }
    return response;
}

http::Route fixed(std::string pattern, std::string_view name, const Asset& asset) {
    auto handle = [name, asset](Request& request) -> awaitable<Response> {
        co_return answer(request, name, asset, false);
    };
    return {Method::get, std::move(pattern), Access::open, std::move(handle)};
}

/// `/assets/{name}`: their names hold a hash of what is in them, so that they never change.
http::Route hashed(std::shared_ptr<const Assets> assets) {
    auto handle = [assets](Request& request) -> awaitable<Response> {
        const auto found = assets->find(request.params.at(0));
        if (found == assets->end()) co_return http::problem(not_found("There is nothing at this address."));
        co_return answer(request, found->first, found->second, true);
    };
    return {Method::get, "/assets/{name}", Access::open, std::move(handle)};
}

}  // namespace

std::optional<Response> nowhere(const Request& request) {
    if (request.path.starts_with("/api/") || !accepts(request.header("Accept"), "text/html")) return std::nullopt;
    static const Assets assets = read_assets();
    const auto index = assets.find("index.html");
    if (index == assets.end()) return std::nullopt;
    auto page = answer(request, index->first, index->second, false, 404);
    page.with("Vary", "Accept");
    return page;
}

std::vector<http::Route> routes() {
    const auto assets = std::make_shared<const Assets>(read_assets());
    const auto index = assets->find("index.html");
    if (index == assets->end()) return {};
    std::vector<http::Route> all;
    for (const auto* address : addresses) all.push_back(fixed(address, index->first, index->second));
    for (const auto* name :
         {"theme.js", "sw.js", "manifest.webmanifest", "icon.svg", "icon-waiting.svg", "icon-maskable.svg"}) {
        if (const auto file = assets->find(name); file != assets->end())
            all.push_back(fixed(std::string("/") + name, file->first, file->second));
    }
    all.push_back(hashed(assets));
    return all;
}

}  // namespace carillon::web
