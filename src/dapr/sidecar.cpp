#include "sidecar.hpp"

#include "carillon/dapr.hpp"
#include "carillon/log.hpp"

#include <sodium/utils.h>

namespace carillon::dapr {

http::Authenticator sidecar_only(std::string app_token) {
    return [token = std::move(app_token)](const http::Request& request) -> awaitable<Result<Principal>> {
        const auto shown = request.header("dapr-api-token");
        // The length is no secret; the bytes are compared in constant time.
        if (shown.size() == token.size() && sodium_memcmp(shown.data(), token.data(), token.size()) == 0)
            co_return Principal{};
        log::warn("a caller of the sidecar listener did not show the token", {{"path", request.path}});
        co_return Error{Errc::unauthenticated, "Only the sidecar may call here."};
    };
}

std::string failure_of(const Result<http::Answer>& answer) {
    if (!answer) return answer.error().detail;
    return "HTTP " + std::to_string(answer->status) + " " + answer->body.substr(0, 300);
}

std::string short_failure_of(const Result<http::Answer>& answer) {
    if (!answer) return "the sidecar does not answer";
    const auto status = "HTTP " + status_of(answer);
    if (is_shut_out(answer->status))
        return "the sidecar refuses this replica: " + status + "; is DAPR_API_TOKEN right?";
    return "the sidecar answers " + status;
}

std::string status_of(const Result<http::Answer>& answer) { return answer ? std::to_string(answer->status) : "none"; }

std::shared_ptr<http::Client> make_sidecar(asio::any_io_executor executor, std::uint16_t port,
                                           const std::string& api_token) {
    http::ClientOptions options;
    options.port = port;
    if (!api_token.empty()) options.headers.push_back({"dapr-api-token", api_token});
    return std::make_shared<http::Client>(std::move(executor), std::move(options));
}

}  // namespace carillon::dapr
