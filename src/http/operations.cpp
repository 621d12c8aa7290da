#include "carillon/http/operations.hpp"

#include "carillon/embedded.hpp"
#include "reference_page.hpp"

#include <boost/json/parse.hpp>

#include <stdexcept>

namespace carillon::http {
namespace {

std::string_view document(std::string_view name) {
    for (const auto& file : embedded::api_documents()) {
        if (file.name == name) return file.bytes;
    }
    throw std::logic_error("no embedded document " + std::string(name));
}

/// The same bytes for everyone; a client may keep them but asks again.
Route fixed(std::string pattern, std::string content_type, std::string body) {
    auto answer = [content_type = std::move(content_type), body = std::move(body)](Request&) -> awaitable<Response> {
        Response response{200, content_type, body, {}};
        response.with("Cache-Control", "no-cache");
        if (content_type.starts_with("text/html")) {
            response.with("Content-Security-Policy",
                          "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
        }
        co_return response;
    };
    return {Method::get, std::move(pattern), Access::open, std::move(answer)};
}

std::string_view to_string(Readiness readiness) {
    switch (readiness) {
        case Readiness::starting:
            return "starting";
        case Readiness::ready:
            return "ready";
        case Readiness::draining:
            return "draining";
    }
    return "unknown";
}

Response state(const std::atomic<Readiness>& readiness, const Detail& detail, bool may_fail) {
    const auto now = readiness.load();
    const auto name = to_string(now);
    boost::json::object body{{"status", boost::json::string_view(name.data(), name.size())}};
    if (detail) body["detail"] = detail();
    const bool fails = may_fail && now != Readiness::ready;
    auto response = Response::json(fails ? 503 : 200, body).with("Cache-Control", "no-store");
    if (fails) response.with("Retry-After", "1");
    return response;
}

}  // namespace

std::vector<Route> make_operations_routes(const std::atomic<Readiness>& readiness, const Metrics& metrics,
                                          Detail detail) {
    auto health = [&readiness, detail](Request&) -> awaitable<Response> { co_return state(readiness, detail, false); };
    auto ready = [&readiness, detail](Request&) -> awaitable<Response> { co_return state(readiness, detail, true); };
    auto alive = [](Request&) -> awaitable<Response> {
        co_return Response::json(200, R"({"status":"alive"})").with("Cache-Control", "no-store");
    };
    auto numbers = [&metrics](Request&) -> awaitable<Response> {
        co_return Response{200, "text/plain; version=0.0.4; charset=utf-8", metrics.text(), {}};
    };
    const auto openapi = document("openapi.json");
    return {
        {Method::get, "/health", Access::management, health},
        {Method::get, "/livez", Access::management, alive},
        {Method::get, "/readyz", Access::management, ready},
        {Method::get, "/metrics", Access::management, numbers},
        fixed("/api/openapi.json", "application/json", std::string(openapi)),
        fixed("/api/asyncapi.json", "application/json", std::string(document("asyncapi.json"))),
        fixed("/api/docs", "text/html; charset=utf-8",
              reference_page(boost::json::parse({openapi.data(), openapi.size()}).as_object())),
    };
}

}  // namespace carillon::http
