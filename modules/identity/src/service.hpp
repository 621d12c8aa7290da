// The one implementation of Identity: accounts and sign-in (sign_in.cpp), sessions and tokens (service.cpp), what the
// signed-in user may do with the account (account_routes.cpp).
#pragma once

#include "account.hpp"
#include "cookies.hpp"
#include "credential_cache.hpp"
#include "identity/identity.hpp"
#include "passwords.hpp"
#include "repository.hpp"
#include "throttle.hpp"
#include "tokens.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carillon::identity {

/// Where a request comes from, as sessions remember it.
struct Client {
    std::string address;
    std::string user_agent;
};
Client client_of(const http::Request& request);

struct SignedIn {
    User user;
    std::string token;
    Time expires_at{};
    RefreshToken refresh;
    bool replayed = false;  ///< the answer to a repeated Idempotency-Key
};

class Service final : public Identity {
public:
    Service(db::Database& database, const Clock& clock, boost::asio::thread_pool& hashing, Metrics& metrics,
            Options options);

    awaitable<Result<Principal>> authenticate(const http::Request& request) override;
    awaitable<Result<Principal>> authenticate_token(std::string token) override;
    bool stands_in(db::Session& session, const Principal& who) override;
    std::optional<UserSettings> settings_in(db::Session& session, std::string_view user_id) override;
    std::optional<std::string> user_by_email_in(db::Session& session, std::string_view email) override;
    Result<std::string> add_user(std::string name, std::string email, std::string password,
                                 std::string timezone) override;
    Result<void> set_password(std::string email, std::string password) override;
    void on_revoked(std::function<void(const std::string&, const std::string&)> ended) override;
    void on_account_deleted(std::function<void(db::Transaction&, const std::string&)> erase) override;
    std::vector<http::Route> routes() override;

private:
    // sign_in.cpp
    awaitable<Result<SignedIn>> sign_up(NewAccount account, Client client, std::string key_hash);
    awaitable<Result<SignedIn>> replay_sign_up(NewAccount account, Client client, std::string user_id);
    awaitable<Result<SignedIn>> sign_in(std::string email, std::string password, Client client);
    awaitable<Result<SignedIn>> refresh(RefreshToken token, Client client);
    awaitable<Result<void>> sign_out(std::string user_id, std::string session_id);
    awaitable<Result<void>> sign_out(RefreshToken token);
    SignedIn open_session(db::Transaction& tx, const User& user, const Client& client);

    // service.cpp
    awaitable<Result<Credential>> verify_access_token(std::string token);
    awaitable<Result<Credential>> find_api_token(std::string token);
    awaitable<Result<Credential>> confirm(Credential credential);
    static awaitable<void> touch(db::Database& database, std::string user_id, std::string token_id, Time now);
    /// Forgets the credential everywhere in this process once the transaction has committed. Empty: all of the user's.
    void revoke_in(db::Transaction& tx, const std::string& user_id, const std::string& credential_id);

    // account_routes.cpp
    /// The user's password hash if `password` is right; counts wrong ones. Fails with: invalid (naming `field`),
    /// throttled, unavailable.
    awaitable<Result<std::string>> check_own_password(std::string user_id, std::string password, std::string field);
    awaitable<http::Response> change_password(http::Request& request);
    awaitable<http::Response> get_me(http::Request& request);
    awaitable<http::Response> patch_me(http::Request& request);
    awaitable<http::Response> delete_me(http::Request& request);

    // credential_routes.cpp
    awaitable<http::Response> list_sessions(http::Request& request);
    awaitable<http::Response> end_other_sessions(http::Request& request);
    awaitable<http::Response> end_one_session(http::Request& request);
    awaitable<http::Response> list_tokens(http::Request& request);
    awaitable<http::Response> create_token(http::Request& request);
    awaitable<http::Response> remove_token(http::Request& request);
    awaitable<http::Response> remove_all_tokens(http::Request& request);

    // sign_in_routes.cpp
    awaitable<http::Response> post_sign_up(http::Request& request);
    awaitable<http::Response> post_sign_in(http::Request& request);
    awaitable<http::Response> post_refresh(http::Request& request);
    awaitable<http::Response> post_sign_out(http::Request& request);
    http::Response signed_in(int status, const http::Request& request, const SignedIn& result) const;

    db::Database& database_;
    const Clock& clock_;
    const Options options_;
    std::shared_ptr<StateStore> store_;
    Throttle throttle_;
    PasswordHasher passwords_;
    AccessTokens access_tokens_;
    CredentialCache cache_;
    std::vector<std::function<void(const std::string&, const std::string&)>> revoked_;
    std::vector<std::function<void(db::Transaction&, const std::string&)>> erase_;
    prometheus::Counter& sign_ins_ok_;
    prometheus::Counter& sign_ins_failed_;
    prometheus::Counter& sign_ins_throttled_;
};

Error email_taken();

// What the routes share.
/// Forbidden for an API token: what it could do to the account would outlive its own revocation.
std::optional<Error> needs_session(const Principal& principal);
/// Fails with: invalid (a query parameter, which none of these calls takes), and whatever parse_body fails with.
Result<boost::json::object> body_of(const http::Request& request);
/// The same for calls without fields: the body may be missing, or an empty object.
Result<void> no_fields(const http::Request& request);
Result<void> no_query(const http::Request& request);

}  // namespace carillon::identity
