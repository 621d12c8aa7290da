// The SQL of identity: plain blocking statements on a session that is lent.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/time/instant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::identity {

struct User {
    std::string id;
    std::string email;  ///< as it was typed
    std::string name;
    std::string timezone;
    std::string preferences;  ///< JSON object
    Time created_at{};
};

/// What a sign-in is decided by.
struct Login {
    std::string user_id;
    std::string password_hash;
    bool known_address = false;  ///< a session of the user is used from there
};

/// What an Idempotency-Key of a sign-up was used for.
struct SignUpRecord {
    std::string user_id;
    std::string body_hash;
};

struct Session {
    std::string user_id;
    std::string id;
    Time created_at{};
    Time last_used_at{};
    Time expires_at{};
    std::string user_agent;
    std::string address;
};

/// Hashes of a session's refresh token.
struct RefreshState {
    std::string family_hash;
    std::string refresh_hash;
    std::optional<std::string> previous_hash;
    std::optional<Time> rotated_at;
    Time expires_at{};
};

struct ApiToken {
    std::string user_id;
    std::string id;
    std::string name;
    Time created_at{};
    std::optional<Time> expires_at;
    std::optional<Time> last_used_at;
};

class Repository {
public:
    explicit Repository(db::Session& session) : db_(session) {}

    // users and credentials
    /// False when the e-mail address is taken.
    bool add_user(const User& user);
    std::optional<User> user(std::string_view id);
    /// As user, and nobody else changes it before the end of the transaction.
    std::optional<User> lock_user(std::string_view id);
    std::optional<std::string> user_by_email(std::string_view email);
    std::optional<SignUpRecord> sign_up_record(std::string_view key_hash);
    /// False when the e-mail address is another's.
    bool update_user(const User& user);
    void set_password(std::string_view user_id, std::string_view hash, Time now);
    void set_sign_up_record(const SignUpRecord& record, std::string_view key_hash);
    /// False when the hash is no longer `old_hash`.
    bool replace_hash(std::string_view user_id, std::string_view old_hash, std::string_view new_hash, Time now);
    std::optional<Login> login(std::string_view email, std::string_view address);
    std::optional<std::string> password_hash(std::string_view user_id);
    /// Leaves the users row, under a pseudonym.
    void erase_user(std::string_view id, Time now);

    // sessions
    void add_session(const Session& session, std::string_view family_hash, std::string_view refresh_hash);
    bool session_alive(std::string_view user_id, std::string_view id, Time now);
    /// Replaces the refresh token if `old_hash` is the current one.
    bool rotate(const Session& session, std::string_view family_hash, std::string_view old_hash,
                std::string_view new_hash);
    std::optional<RefreshState> refresh_state(std::string_view user_id, std::string_view id);
    std::vector<Session> sessions(std::string_view user_id, Time now);
    bool end_session(std::string_view user_id, std::string_view id);
    /// Ids of the sessions that were ended.
    std::vector<std::string> end_sessions_except(std::string_view user_id, std::string_view kept_id);
    /// Ends those that ran out and, beyond `max`, those not used for longest; the ids of the latter.
    std::vector<std::string> trim_sessions(std::string_view user_id, Time now, std::int64_t max);

    // API tokens
    void add_token(const ApiToken& token, std::string_view token_hash);
    std::vector<ApiToken> tokens(std::string_view user_id);
    std::int64_t count_tokens(std::string_view user_id);
    std::optional<ApiToken> token(std::string_view user_id, std::string_view id);
    std::optional<ApiToken> token_by_hash(std::string_view token_hash);
    bool remove_token(std::string_view user_id, std::string_view id);
    void touch_token(std::string_view user_id, std::string_view id, Time now, Time unless_since);

private:
    db::Session& db_;
};

}  // namespace carillon::identity
