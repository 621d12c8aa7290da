// /api/auth/sign-up, sign-in, refresh, sign-out: the calls that are not made with an access token.
#include "service.hpp"

#include "carillon/ids.hpp"

#include <algorithm>
#include <utility>

namespace carillon::identity {
namespace {

constexpr std::size_t max_key = 255;

Error wrong_origin() { return {Errc::forbidden, "This call is not answered to pages of other sites."}; }

/// SHA-256 of `Idempotency-Key`, empty without one. Fails with: invalid.
Result<std::string> key_hash(const http::Request& request) {
    const auto key = request.header("Idempotency-Key");
    if (key.empty()) return std::string();
    const bool visible = std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    if (key.size() > max_key || !visible) {
        return invalid({{"Idempotency-Key", "must be 1 to 255 visible ASCII characters"}});
    }
    return sha256_hex(key);
}

}  // namespace

Result<void> no_query(const http::Request& request) {
    http::Query query(request);
    return query.finish();
}

Result<boost::json::object> body_of(const http::Request& request) {
    if (auto query = no_query(request); !query) return query.error();
    return json::parse_body(request.body, request.header("Content-Type"));
}

Result<void> no_fields(const http::Request& request) {
    if (request.body.empty()) return no_query(request);
    const auto body = body_of(request);
    if (!body) return body.error();
    json::Fields fields(*body);
    return fields.finish();
}

http::Response Service::signed_in(int status, const http::Request& request, const SignedIn& result) const {
    auto response = http::Response::json(status, {{"user", to_summary(result.user)},
                                                  {"token", result.token},
                                                  {"expires_at", format_rfc3339(result.expires_at)}});
    response.with("Cache-Control", "no-store");
    if (result.replayed) response.with("Idempotency-Replayed", "true");
    set_refresh_cookie(response, request, options_, result.refresh);
    return response;
}

awaitable<http::Response> Service::post_sign_up(http::Request& request) {
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    auto account = parse_sign_up(*body);
    if (!account) co_return http::problem(account.error());
    auto key = key_hash(request);
    if (!key) co_return http::problem(key.error());
    auto client = client_of(request);
    const auto result = co_await sign_up(std::move(*account), std::move(client), std::move(*key));
    if (!result) co_return http::problem(result.error());
    co_return signed_in(201, request, *result);
}

awaitable<http::Response> Service::post_sign_in(http::Request& request) {
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    json::Fields fields(*body);
    fields.required("email");
    auto email = fields.text("email", {1, 1024, false, true});
    auto password = read_password(fields, "password");
    if (const auto done = fields.finish(); !done) co_return http::problem(done.error());
    auto client = client_of(request);
    const auto result = co_await sign_in(std::move(*email), std::move(*password), std::move(client));
    if (!result) co_return http::problem(result.error());
    co_return signed_in(200, request, *result);
}

awaitable<http::Response> Service::post_refresh(http::Request& request) {
    if (!is_same_origin(request, options_)) co_return http::problem(wrong_origin());
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    auto token = refresh_cookie(request);
    if (!token) co_return http::problem(Error{Errc::unauthenticated, "There is no refresh cookie; sign in."});
    auto client = client_of(request);
    const auto result = co_await refresh(std::move(*token), std::move(client));
    if (result) co_return signed_in(200, request, *result);
    auto refused = http::problem(result.error());
    if (result.error().code == Errc::unauthenticated) clear_refresh_cookie(refused, request, options_);
    co_return refused;
}

// By access token, or by the refresh cookie once that has run out.
awaitable<http::Response> Service::post_sign_out(http::Request& request) {
    if (!is_same_origin(request, options_)) co_return http::problem(wrong_origin());
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    const auto who = co_await authenticate(request);
    if (!who && who.error().code != Errc::unauthenticated) co_return http::problem(who.error());
    auto token = refresh_cookie(request);
    if (!who && !token) co_return http::problem(who.error());
    if (who && who->session_id.empty()) {
        co_return http::problem(Error{Errc::forbidden, "An API token is not signed in; delete it instead."});
    }
    Result<void> done;
    if (who) done = co_await sign_out(who->user_id, who->session_id);
    if (done && token && !(who && who->session_id == token->session_id)) done = co_await sign_out(std::move(*token));
    if (!done) co_return http::problem(done.error());
    auto response = http::Response::no_content();
    clear_refresh_cookie(response, request, options_);
    co_return response;
}

}  // namespace carillon::identity
