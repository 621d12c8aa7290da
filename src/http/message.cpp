#include "carillon/http/message.hpp"

#include "carillon/json.hpp"
#include "problem.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdlib>

// A new Errc must not compile until it is mapped.
#pragma GCC diagnostic error "-Wswitch"

namespace carillon::http {
namespace {

constexpr Problem problem_for(Errc code) noexcept {
    switch (code) {
        case Errc::bad_request:
            return {400, "bad-request", "The request cannot be read"};
        case Errc::unauthenticated:
            return {401, "unauthenticated", "Sign in first"};
        case Errc::forbidden:
            return {403, "forbidden", "This is not allowed"};
        case Errc::not_found:
            return {404, "not-found", "There is no such resource"};
        case Errc::conflict:
            return {409, "conflict", "The request conflicts with the current state"};
        case Errc::precondition_failed:
            return {412, "precondition-failed", "The resource has changed"};
        case Errc::too_large:
            return {413, "too-large", "The request body is too large"};
        case Errc::unsupported_media:
            return {415, "unsupported-media-type", "This content type is not supported"};
        case Errc::invalid:
            return {422, "invalid", "The request is not valid"};
        case Errc::throttled:
            return {429, "throttled", "Too many attempts"};
        case Errc::unavailable:
            return {503, "unavailable", "The service is not available right now"};
        case Errc::internal:
            return {500, "internal", "Something went wrong on the server"};
    }
    std::abort();
}
static_assert(problem_for(Errc::conflict).status == 409);

constexpr std::array kinds{
    problem_for(Errc::bad_request), problem_for(Errc::unauthenticated),     problem_for(Errc::forbidden),
    problem_for(Errc::not_found),   problems::method_not_allowed,           problems::request_timeout,
    problem_for(Errc::conflict),    problem_for(Errc::precondition_failed), problem_for(Errc::too_large),
    problems::target_too_long,      problem_for(Errc::unsupported_media),   problem_for(Errc::invalid),
    problems::upgrade_required,     problem_for(Errc::throttled),           problems::headers_too_large,
    problem_for(Errc::internal),    problem_for(Errc::unavailable),
};

boost::json::object document(const Problem& kind, std::string_view detail) {
    boost::json::object result;
    result["type"] = "/api/docs#problem-" + std::string(kind.slug);
    result["title"] = boost::json::string_view(kind.title.data(), kind.title.size());
    result["status"] = kind.status;
    result["detail"] = boost::json::string_view(detail.data(), detail.size());
    return result;
}

Response respond(int status, const boost::json::object& document) {
    return {status, "application/problem+json", boost::json::serialize(document), {}};
}

/// Nobody should have to guess when to try again.
std::optional<int> retry_after(const Error& error) {
    if (error.retry_after) return error.retry_after;
    if (error.code == Errc::throttled) return 60;
    if (error.code == Errc::unavailable) return 1;
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get:
            return "GET";
        case Method::head:
            return "HEAD";
        case Method::post:
            return "POST";
        case Method::put:
            return "PUT";
        case Method::patch:
            return "PATCH";
        case Method::del:
            return "DELETE";
        case Method::options:
            return "OPTIONS";
    }
    std::abort();
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& header : headers) {
        if (boost::beast::iequals({header.name.data(), header.name.size()}, {name.data(), name.size()}))
            return header.value;
    }
    return {};
}

Response Response::json(int status, const boost::json::object& body) {
    return json(status, boost::json::serialize(body));
}

boost::json::object problem_document(const Error& error) {
    auto result = document(problem_for(error.code), error.detail);
    if (error.fields.empty()) return result;
    boost::json::array errors;
    for (const auto& field : error.fields) errors.push_back({{"field", field.field}, {"message", field.message}});
    result["errors"] = std::move(errors);
    return result;
}

Response problem(const Error& error) {
    auto response = respond(problem_for(error.code).status, problem_document(error));
    if (const auto seconds = retry_after(error)) response.with("Retry-After", std::to_string(*seconds));
    if (error.code == Errc::unauthenticated) response.with("WWW-Authenticate", "Bearer");
    return response;
}

Response problem(const Problem& kind, std::string_view detail) { return respond(kind.status, document(kind, detail)); }

std::span<const Problem> all_problems() { return kinds; }

}  // namespace carillon::http
