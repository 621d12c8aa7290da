// Problem documents for what only the server knows of: statuses that no Errc stands for.
#pragma once

#include "carillon/http/message.hpp"

#include <span>

namespace carillon::http {

/// One kind of problem: its `type` is `/api/docs#problem-<slug>`, where it is explained.
struct Problem {
    int status;
    std::string_view slug;
    std::string_view title;
};

namespace problems {
inline constexpr Problem method_not_allowed{405, "method-not-allowed", "This method is not allowed here"};
inline constexpr Problem request_timeout{408, "request-timeout", "The request did not arrive in time"};
inline constexpr Problem target_too_long{414, "target-too-long", "The address is too long"};
inline constexpr Problem upgrade_required{426, "upgrade-required", "This address speaks WebSocket"};
inline constexpr Problem headers_too_large{431, "headers-too-large", "The request headers are too large"};
}  // namespace problems

Response problem(const Problem& kind, std::string_view detail);
/// Every kind there is, for the reference page.
std::span<const Problem> all_problems();

}  // namespace carillon::http
