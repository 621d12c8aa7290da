#include "repository.hpp"

#include "carillon/text.hpp"

namespace carillon::identity {
namespace {

ApiToken token_of(const std::tuple<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                                   std::optional<std::int64_t>>& row) {
    const auto& [user_id, id, name, created, expires, used] = row;
    return {user_id, id, name, from_micros(created), from_micros(expires), from_micros(used)};
}

}  // namespace

bool Repository::add_user(const User& user) {
    return db_.exec(
               "INSERT INTO users (id, email, email_shown, name, timezone, preferences, created_at) "
               "VALUES (:id, :email, :email_shown, :name, :timezone, :preferences, :created_at) ON CONFLICT (email) DO "
               "NOTHING",
               user.id, text::fold(user.email), user.email, user.name, user.timezone, user.preferences,
               to_micros(user.created_at)) == 1;
}

std::optional<User> Repository::user(std::string_view id) {
    const auto row = db_.query_one<std::string, std::string, std::optional<std::string>, std::string, std::string,
                                   std::optional<std::int64_t>>(
        "SELECT id, COALESCE(email_shown, email), name, timezone, preferences, created_at FROM users "
        "WHERE id = :id AND deleted_at IS NULL",
        id);
    if (!row) return std::nullopt;
    const auto& [user_id, email, name, timezone, preferences, created] = *row;
    return User{user_id, email, name.value_or(""), timezone, preferences, from_micros(created.value_or(0))};
}

std::optional<User> Repository::lock_user(std::string_view id) {
    if (db_.backend() == db::Backend::postgresql) {
        db_.query<std::string>("SELECT id FROM users WHERE id = :id FOR UPDATE", id);
    }
    return user(id);
}

std::optional<std::string> Repository::user_by_email(std::string_view email) {
    const auto row = db_.query_one<std::string>("SELECT id FROM users WHERE email = :email AND deleted_at IS NULL",
                                                text::fold(email));
    if (!row) return std::nullopt;
    return std::get<0>(*row);
}

std::optional<SignUpRecord> Repository::sign_up_record(std::string_view key_hash) {
    const auto row = db_.query_one<std::string, std::string>(
        "SELECT user_id, sign_up_body FROM credentials WHERE sign_up_key = :key", key_hash);
    if (!row) return std::nullopt;
    return SignUpRecord{std::get<0>(*row), std::get<1>(*row)};
}

bool Repository::update_user(const User& user) {
    // Asked for rather than caught: on PostgreSQL a violated constraint would end the transaction.
    const auto holder = db_.query_one<std::string>("SELECT id FROM users WHERE email = :email", text::fold(user.email));
    if (holder && std::get<0>(*holder) != user.id) return false;
    db_.exec(
        "UPDATE users SET email = :email, email_shown = :email_shown, name = :name, timezone = :timezone, "
        "preferences = :preferences WHERE id = :id",
        text::fold(user.email), user.email, user.name, user.timezone, user.preferences, user.id);
    return true;
}

void Repository::set_password(std::string_view user_id, std::string_view hash, Time now) {
    db_.exec(
        "INSERT INTO credentials (user_id, password_hash, changed_at) VALUES (:user_id, :hash, :changed_at) "
        "ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at",
        user_id, hash, to_micros(now));
}

void Repository::set_sign_up_record(const SignUpRecord& record, std::string_view key_hash) {
    db_.exec("UPDATE credentials SET sign_up_key = :key, sign_up_body = :body WHERE user_id = :user_id", key_hash,
             record.body_hash, record.user_id);
}

bool Repository::replace_hash(std::string_view user_id, std::string_view old_hash, std::string_view new_hash,
                              Time now) {
    return db_.exec(
               "UPDATE credentials SET password_hash = :new_hash, changed_at = :now "
               "WHERE user_id = :user_id AND password_hash = :old_hash",
               new_hash, to_micros(now), user_id, old_hash) == 1;
}

std::optional<Login> Repository::login(std::string_view email, std::string_view address) {
    const auto row = db_.query_one<std::string, std::string, std::int64_t>(
        "SELECT u.id, c.password_hash, "
        "CASE WHEN EXISTS (SELECT 1 FROM sessions s WHERE s.user_id = u.id AND s.address = :address) THEN 1 ELSE 0 END "
        "FROM users u JOIN credentials c ON c.user_id = u.id WHERE u.email = :email AND u.deleted_at IS NULL",
        address, text::fold(email));
    if (!row) return std::nullopt;
    const auto& [user_id, hash, known] = *row;
    return Login{user_id, hash, known != 0};
}

std::optional<std::string> Repository::password_hash(std::string_view user_id) {
    const auto row =
        db_.query_one<std::string>("SELECT password_hash FROM credentials WHERE user_id = :user_id", user_id);
    if (!row) return std::nullopt;
    return std::get<0>(*row);
}

void Repository::erase_user(std::string_view id, Time now) {
    db_.exec("DELETE FROM sessions WHERE user_id = :user_id", id);
    db_.exec("DELETE FROM api_tokens WHERE user_id = :user_id", id);
    db_.exec("DELETE FROM credentials WHERE user_id = :user_id", id);
    db_.exec(
        "UPDATE users SET email = :email, email_shown = NULL, name = NULL, timezone = 'UTC', preferences = '{}', "
        "deleted_at = :now WHERE id = :id",
        "deleted:" + std::string(id), to_micros(now), id);
}

void Repository::add_session(const Session& session, std::string_view family_hash, std::string_view refresh_hash) {
    db_.exec(
        "INSERT INTO sessions (user_id, id, family_hash, refresh_hash, created_at, last_used_at, expires_at, "
        "user_agent, "
        "address) VALUES (:user_id, :id, :family_hash, :refresh_hash, :created_at, :last_used_at, :expires_at, "
        ":user_agent, :address)",
        session.user_id, session.id, family_hash, refresh_hash, to_micros(session.created_at),
        to_micros(session.last_used_at), to_micros(session.expires_at), session.user_agent, session.address);
}

bool Repository::session_alive(std::string_view user_id, std::string_view id, Time now) {
    return db_
        .query_one<std::int64_t>(
            "SELECT expires_at FROM sessions WHERE user_id = :user_id AND id = :id AND expires_at > :now", user_id, id,
            to_micros(now))
        .has_value();
}

bool Repository::rotate(const Session& session, std::string_view family_hash, std::string_view old_hash,
                        std::string_view new_hash) {
    return db_.exec(
               "UPDATE sessions SET refresh_hash = :new_hash, previous_hash = refresh_hash, rotated_at = :rotated_at, "
               "last_used_at = :last_used_at, expires_at = :expires_at, user_agent = :user_agent, address = :address "
               "WHERE user_id = :user_id AND id = :id AND family_hash = :family_hash AND refresh_hash = :old_hash "
               "AND expires_at > :now",
               new_hash, to_micros(session.last_used_at), to_micros(session.last_used_at),
               to_micros(session.expires_at), session.user_agent, session.address, session.user_id, session.id,
               family_hash, old_hash, to_micros(session.last_used_at)) == 1;
}

std::optional<RefreshState> Repository::refresh_state(std::string_view user_id, std::string_view id) {
    const auto row =
        db_.query_one<std::string, std::string, std::optional<std::string>, std::optional<std::int64_t>, std::int64_t>(
            "SELECT family_hash, refresh_hash, previous_hash, rotated_at, expires_at FROM sessions WHERE user_id = "
            ":user_id AND id = :id",
            user_id, id);
    if (!row) return std::nullopt;
    const auto& [family, refresh, previous, rotated, expires] = *row;
    return RefreshState{family, refresh, previous, from_micros(rotated), from_micros(expires)};
}

std::vector<Session> Repository::sessions(std::string_view user_id, Time now) {
    std::vector<Session> sessions;
    for (const auto& [id, created, used, expires, agent, address] :
         db_.query<std::string, std::int64_t, std::int64_t, std::int64_t, std::string, std::string>(
             "SELECT id, created_at, last_used_at, expires_at, user_agent, address FROM sessions "
             "WHERE user_id = :user_id AND expires_at > :now ORDER BY last_used_at DESC, id DESC",
             user_id, to_micros(now))) {
        sessions.push_back(
            {std::string(user_id), id, from_micros(created), from_micros(used), from_micros(expires), agent, address});
    }
    return sessions;
}

bool Repository::end_session(std::string_view user_id, std::string_view id) {
    return db_.exec("DELETE FROM sessions WHERE user_id = :user_id AND id = :id", user_id, id) == 1;
}

std::vector<std::string> Repository::end_sessions_except(std::string_view user_id, std::string_view kept_id) {
    std::vector<std::string> ended;
    for (const auto& [id] :
         db_.query<std::string>("SELECT id FROM sessions WHERE user_id = :user_id AND id <> :kept", user_id, kept_id)) {
        if (end_session(user_id, id)) ended.push_back(id);
    }
    return ended;
}

std::vector<std::string> Repository::trim_sessions(std::string_view user_id, Time now, std::int64_t max) {
    db_.exec("DELETE FROM sessions WHERE user_id = :user_id AND expires_at <= :now", user_id, to_micros(now));
    std::vector<std::string> ended;
    for (const auto& [id] : db_.query<std::string>("SELECT id FROM sessions WHERE user_id = :user_id ORDER BY "
                                                   "last_used_at DESC, id DESC LIMIT 1000 OFFSET :max",
                                                   user_id, max)) {
        if (end_session(user_id, id)) ended.push_back(id);
    }
    return ended;
}

void Repository::add_token(const ApiToken& token, std::string_view token_hash) {
    db_.exec(
        "INSERT INTO api_tokens (user_id, id, name, token_hash, created_at, expires_at) "
        "VALUES (:user_id, :id, :name, :token_hash, :created_at, :expires_at)",
        token.user_id, token.id, token.name, token_hash, to_micros(token.created_at), to_micros(token.expires_at));
}

std::vector<ApiToken> Repository::tokens(std::string_view user_id) {
    std::vector<ApiToken> tokens;
    for (const auto& row : db_.query<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                                     std::optional<std::int64_t>>(
             "SELECT user_id, id, name, created_at, expires_at, last_used_at FROM api_tokens "
             "WHERE user_id = :user_id ORDER BY created_at DESC, id DESC",
             user_id)) {
        tokens.push_back(token_of(row));
    }
    return tokens;
}

std::int64_t Repository::count_tokens(std::string_view user_id) {
    return std::get<0>(
        *db_.query_one<std::int64_t>("SELECT count(*) FROM api_tokens WHERE user_id = :user_id", user_id));
}

std::optional<ApiToken> Repository::token(std::string_view user_id, std::string_view id) {
    const auto row = db_.query_one<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                                   std::optional<std::int64_t>>(
        "SELECT user_id, id, name, created_at, expires_at, last_used_at FROM api_tokens WHERE user_id = :user_id AND "
        "id = :id",
        user_id, id);
    if (!row) return std::nullopt;
    return token_of(*row);
}

std::optional<ApiToken> Repository::token_by_hash(std::string_view token_hash) {
    const auto row = db_.query_one<std::string, std::string, std::string, std::int64_t, std::optional<std::int64_t>,
                                   std::optional<std::int64_t>>(
        "SELECT user_id, id, name, created_at, expires_at, last_used_at FROM api_tokens WHERE token_hash = :token_hash",
        token_hash);
    if (!row) return std::nullopt;
    return token_of(*row);
}

bool Repository::remove_token(std::string_view user_id, std::string_view id) {
    return db_.exec("DELETE FROM api_tokens WHERE user_id = :user_id AND id = :id", user_id, id) == 1;
}

void Repository::touch_token(std::string_view user_id, std::string_view id, Time now, Time unless_since) {
    db_.exec(
        "UPDATE api_tokens SET last_used_at = :now WHERE user_id = :user_id AND id = :id "
        "AND (last_used_at IS NULL OR last_used_at <= :unless_since)",
        to_micros(now), user_id, id, to_micros(unless_since));
}

}  // namespace carillon::identity
