// The refresh cookie, and the checks that keep other sites from using it.
#pragma once

#include "carillon/http/message.hpp"
#include "identity/identity.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::identity {

/// What a refresh cookie holds. `family` is the same for all tokens of a session and proves that a replaced one was
/// ours; `secret` rotates.
struct RefreshToken {
    std::string user_id;
    std::string session_id;
    std::string family;
    std::string secret;
};

std::string to_text(const RefreshToken& token);
/// Nothing when there is no such cookie or it does not look like ours.
std::optional<RefreshToken> refresh_cookie(const http::Request& request);

/// `Set-Cookie` (RFC 6265): HttpOnly, SameSite=Strict, Path=/api/auth, Secure over https.
void set_refresh_cookie(http::Response& response, const http::Request& request, const Options& options,
                        const RefreshToken& token);
void clear_refresh_cookie(http::Response& response, const http::Request& request, const Options& options);

/// False when a browser says that another site's page sent this (`Origin`, `Sec-Fetch-Site`).
bool is_same_origin(const http::Request& request, const Options& options);

}  // namespace carillon::identity
