// identity: accounts, sign-in, sessions, API tokens; turns a request's credentials into a Principal.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"
#include "carillon/metrics.hpp"
#include "carillon/principal.hpp"
#include "carillon/state_store.hpp"
#include "carillon/time/clock.hpp"

#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::identity {

/// What other modules need to know of a user.
struct UserSettings {
    std::string timezone;                                ///< IANA
    std::chrono::minutes default_reminder_time{9 * 60};  ///< bell of an all-day task, minutes of the day
};

/// How many in a sliding window; the next one is 429.
struct Limit {
    int count;
    std::chrono::seconds window;
};

struct Options {
    std::string public_url;                    ///< JWT issuer; `https` makes the cookie Secure
    std::vector<std::string> allowed_origins;  ///< besides the public URL's and the host the request came to
    std::chrono::seconds access_lifetime{900};
    std::chrono::hours refresh_lifetime{24 * 30};
    std::chrono::seconds refresh_grace{10};  ///< a just replaced refresh token is refused, but does not end the session
    std::chrono::hours key_lifetime{24 * 90};  ///< then a new signing key is made

    int max_hashing = 2;                         ///< argon2id runs at once
    int max_hash_queue = 64;                     ///< waiting for one; more are 503
    int hash_passes = 2;                         ///< argon2id `t`; libsodium's INTERACTIVE limits
    std::size_t hash_memory = 64 * 1024 * 1024;  ///< argon2id `m` in bytes

    Limit wrong_passwords_per_account{10, std::chrono::minutes{15}};
    Limit wrong_passwords_per_address{50, std::chrono::minutes{15}};
    Limit sign_ups_per_address{20, std::chrono::hours{1}};
    std::shared_ptr<StateStore> throttle_store;  ///< shared by replicas; nothing: counted in this process
};

class Identity {
public:
    virtual ~Identity() = default;

    /// Bearer JWT or API token to Principal. Cached; a revocation in this process is seen by the next request.
    virtual awaitable<Result<Principal>> authenticate(const http::Request& request) = 0;
    /// The same for a bare token (WebSocket).
    virtual awaitable<Result<Principal>> authenticate_token(std::string token) = 0;

    /// Whether what `who` signed in with still stands: not signed out, revoked or expired, here or at another replica.
    virtual bool stands_in(db::Session& session, const Principal& who) = 0;

    virtual std::optional<UserSettings> settings_in(db::Session& session, std::string_view user_id) = 0;
    virtual std::optional<std::string> user_by_email_in(db::Session& session, std::string_view email) = 0;
    /// For the CLI. Fail with: invalid, conflict, not_found. The id of the user.
    virtual Result<std::string> add_user(std::string name, std::string email, std::string password,
                                         std::string timezone) = 0;
    virtual Result<void> set_password(std::string email, std::string password) = 0;

    /// `ended(user_id, session_id or token_id; empty: all of the user's)` after a sign-out, revocation, password change
    /// or account deletion, so that live sockets are closed. Any thread.
    virtual void on_revoked(
        std::function<void(const std::string& user_id, const std::string& credential_id)> ended) = 0;
    /// Called inside the transaction that deletes an account, so that other modules remove what is theirs.
    virtual void on_account_deleted(std::function<void(db::Transaction&, const std::string& user_id)> erase) = 0;

    virtual std::vector<http::Route> routes() = 0;
};

/// Makes the first signing key if there is none. `hashing` runs argon2id off the event loop.
std::unique_ptr<Identity> make_identity(db::Database& database, const Clock& clock, boost::asio::thread_pool& hashing,
                                        Metrics& metrics, Options options);

}  // namespace carillon::identity
