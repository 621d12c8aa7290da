// Requests and responses as handlers see them; Beast stays in src/http.
#pragma once

#include "carillon/error.hpp"
#include "carillon/principal.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::http {

/// Names and values of a query (`a=1&b=2`, without the `?`), decoded, in order. Fails with: bad_request (not
/// percent-encoded UTF-8).
Result<std::vector<std::pair<std::string, std::string>>> decode_query(std::string_view raw);

enum class Method { get, head, post, put, patch, del, options };
std::string_view to_string(Method method);

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    Method method = Method::get;
    std::string path;                                        ///< decoded, without query; no trailing slash
    std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order, as sent
    std::vector<Header> headers;
    std::string body;
    std::vector<std::string> params;  ///< values of `{…}` in the route's pattern, in order
    std::string remote_address;       ///< of the client, by trusted proxies' word where configured
    bool secure = false;              ///< came over https (CARILLON_PUBLIC_URL or a trusted proxy says so)
    Principal principal;              ///< filled for Access::user

    /// Case-insensitive; empty when absent.
    std::string_view header(std::string_view name) const;
};

struct Response {
    int status = 200;
    std::string content_type;  ///< empty: no body
    std::string body;
    std::vector<Header> headers;
    /// Members of the JSON body (top level) that are secrets: never stored, a replay by Idempotency-Key has null there.
    std::vector<std::string> secrets = {};

    static Response json(int status, std::string body) { return {status, "application/json", std::move(body), {}}; }
    static Response json(int status, const boost::json::object& body);
    static Response text(int status, std::string body) {
        return {status, "text/plain; charset=utf-8", std::move(body), {}};
    }
    static Response no_content() { return {204, {}, {}, {}}; }
    Response& with(std::string name, std::string value) {
        headers.push_back({std::move(name), std::move(value)});
        return *this;
    }
};

/// RFC 9457 `application/problem+json`: type, title, status, detail, and `errors:[{field,message}]`.
Response problem(const Error& error);
/// The problem document itself, as batch answers embed it.
boost::json::object problem_document(const Error& error);

}  // namespace carillon::http
