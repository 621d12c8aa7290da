// Expected failures are values (Result<T>); defects are exceptions that end one request, never the process.
#pragma once

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/// What went wrong, in the terms every module shares. http/problem.hpp maps each to one HTTP status.
enum class Errc {
    bad_request,          ///< 400: not JSON, not readable
    unauthenticated,      ///< 401
    forbidden,            ///< 403
    not_found,            ///< 404: missing, or another user's
    conflict,             ///< 409
    precondition_failed,  ///< 412: If-Match does not name the current version
    too_large,            ///< 413
    unsupported_media,    ///< 415
    invalid,              ///< 422: `fields` names every wrong field
    throttled,            ///< 429
    unavailable,          ///< 503: the database or another part is away; try again
    internal,             ///< 500: a defect, logged, told to nobody
};

/// One wrong field. `field` is a dotted path such as `recurrence.interval` or `commands.2.todo.title`.
struct FieldError {
    FieldError(std::string field_path, std::string what) : field(std::move(field_path)), message(std::move(what)) {}
    std::string field;
    std::string message;
};

struct Error {
    Error() : code(Errc::internal) {}  // result::error() needs it
    Error(Errc c, std::string d, std::vector<FieldError> f = {})
        : code(c), detail(std::move(d)), fields(std::move(f)) {}
    Errc code;
    std::string detail;  ///< one sentence for people; never holds a secret
    std::vector<FieldError> fields;
    std::optional<int> retry_after;  ///< seconds, for throttled, conflict and unavailable
};

/// A value or an Error. `.value()` on an error does not compile on purpose: check, then `*result`.
template <class T>
using Result = boost::system::result<T, Error>;

/// The usual refusal: 422 with its fields.
inline Error invalid(std::vector<FieldError> fields, std::string detail = "Some fields are not valid.") {
    return Error{Errc::invalid, std::move(detail), std::move(fields)};
}
inline Error not_found(std::string detail = "There is no such resource.") {
    return Error{Errc::not_found, std::move(detail)};
}

}  // namespace carillon
