// Routes are data: each module returns its table, main joins them, the OpenAPI test reads them.
#pragma once

#include "carillon/async.hpp"
#include "carillon/http/message.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::http {

enum class Access {
    open,        ///< no sign-in
    user,        ///< a valid bearer token (JWT or API token)
    management,  ///< open, and served on the management listener as well
};

using Handler = std::function<awaitable<Response>(Request&)>;

struct Route {
    Method method;
    std::string pattern;  ///< `/api/todos/{id}`: a `{…}` matches one segment
    Access access;
    Handler handle;
    bool any_media = false;        ///< takes bodies other than JSON; elsewhere they are 415
    std::uint64_t body_limit = 0;  ///< bytes of body it takes; 0: the server's limit
};

/// Turns the Authorization header into a Principal. Fails with: unauthenticated, unavailable.
using Authenticator = std::function<awaitable<Result<Principal>>(const Request&)>;

/// Strict reading of query parameters: unknown ones and ones given twice are refused by finish().
class Query {
public:
    explicit Query(const Request& request) : request_(request) {}
    /// The raw value; notes the name as known.
    std::optional<std::string> text(std::string_view name);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<Time> instant(std::string_view name);
    /// One of `allowed`.
    std::optional<std::string> choice(std::string_view name, const std::vector<std::string_view>& allowed);
    void error(std::string_view name, std::string message);
    /// 422 with every wrong parameter, or ok.
    Result<void> finish();

private:
    const Request& request_;
    std::vector<std::string> known_;
    std::vector<FieldError> errors_;
};

/// The positive integer id of params[index]; anything else is not_found, as for an id that does not exist.
Result<std::int64_t> id_param(const Request& request, std::size_t index = 0);

}  // namespace carillon::http
