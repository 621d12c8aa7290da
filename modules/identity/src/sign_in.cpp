// Sign-up, sign-in, refresh and sign-out.
#include "service.hpp"

#include "carillon/ids.hpp"
#include "carillon/log.hpp"
#include "carillon/text.hpp"

#include <utility>

namespace carillon::identity {
namespace {

constexpr std::int64_t max_sessions = 100;  // of one user; those not used for longest make room

Error wrong_login() { return {Errc::unauthenticated, "The e-mail address or the password is wrong."}; }
Error ended() { return {Errc::unauthenticated, "The session has ended; sign in again."}; }

Error key_reused() {
    return {Errc::invalid,
            "This Idempotency-Key was used with another body.",
            {{"Idempotency-Key", "was used with another body"}}};
}

/// Of everything in a sign-up but the password, which must not be kept under so fast a hash.
std::string body_hash(const NewAccount& account) {
    return sha256_hex(account.name + '\0' + account.email + '\0' + account.timezone);
}

/// A refresh, or why not. Ending a session must commit, so it is no Error of the transaction.
struct Rotation {
    std::optional<SignedIn> signed_in;
    std::optional<Error> refused;
};

}  // namespace

SignedIn Service::open_session(db::Transaction& tx, const User& user, const Client& client) {
    Repository rows(tx);
    const Time now = clock_.now();
    for (const auto& id : rows.trim_sessions(user.id, now, max_sessions - 1)) revoke_in(tx, user.id, id);
    const Session session{user.id,           uuid_v7(now),  now, now, now + options_.refresh_lifetime,
                          client.user_agent, client.address};
    SignedIn result{user,
                    {},
                    std::chrono::floor<std::chrono::seconds>(now) + options_.access_lifetime,
                    {user.id, session.id, random_token(16), random_token(32)}};
    rows.add_session(session, sha256_hex(result.refresh.family), sha256_hex(result.refresh.secret));
    result.token = access_tokens_.sign(tx, {user.id, session.id, result.expires_at});
    return result;
}

awaitable<Result<SignedIn>> Service::sign_up(NewAccount account, Client client, std::string key_hash) {
    std::string subject = "sign-up from " + network_of(client.address);
    auto attempt = co_await throttle_.take(std::move(subject), options_.sign_ups_per_address);
    if (!attempt) co_return attempt.error();

    auto look = [&](db::Session& session) -> Result<std::optional<SignUpRecord>> {
        Repository rows(session);
        if (!key_hash.empty()) {
            if (auto record = rows.sign_up_record(key_hash)) return record;
        }
        if (rows.user_by_email(account.email)) return email_taken();
        return std::nullopt;
    };
    const auto record = co_await database_.read(std::move(look));
    if (!record) co_return record.error();
    if (*record) {
        if ((*record)->body_hash != body_hash(account)) co_return key_reused();
        co_return co_await replay_sign_up(std::move(account), std::move(client), (*record)->user_id);
    }

    const auto hash = co_await passwords_.hash(account.password);
    if (!hash) {
        co_await throttle_.give_back(std::move(*attempt));
        co_return hash.error();
    }
    const Time now = clock_.now();
    const User user{uuid_v7(now), account.email, account.name, account.timezone, "{}", now};
    auto work = [&](db::Transaction& tx) -> Result<SignedIn> {
        Repository rows(tx);
        Error taken = email_taken();
        if (!key_hash.empty()) taken.retry_after = 1;  // perhaps by the same request, sent twice at once
        if (!rows.add_user(user)) return taken;
        rows.set_password(user.id, *hash, now);
        if (!key_hash.empty()) {
            if (rows.sign_up_record(key_hash)) return taken;
            rows.set_sign_up_record({user.id, body_hash(account)}, key_hash);
        }
        return open_session(tx, user, client);
    };
    co_return co_await database_.write(std::move(work));
}

// A token cannot be given twice, as it is not stored: whoever repeats the sign-up and knows the password is signed in.
awaitable<Result<SignedIn>> Service::replay_sign_up(NewAccount account, Client client, std::string user_id) {
    auto look = [&](db::Session& session) -> Result<std::string> {
        return Repository(session).password_hash(user_id).value_or("");
    };
    const auto stored = co_await database_.read(std::move(look));
    if (!stored) co_return stored.error();
    const auto verdict = co_await passwords_.verify(*stored, std::move(account.password));
    if (!verdict) co_return verdict.error();
    if (!verdict->matches) co_return key_reused();
    auto work = [&](db::Transaction& tx) -> Result<SignedIn> {
        const auto user = Repository(tx).user(user_id);
        if (!user) return key_reused();
        auto result = open_session(tx, *user, client);
        result.replayed = true;
        return result;
    };
    co_return co_await database_.write(std::move(work));
}

// While an account is throttled even the right password is refused, else the throttle would be no bound on guessing.
// So that a stranger cannot lock the owner out, addresses from which a session is used count by themselves, and
// existing sessions, refreshes and API tokens are not touched.
awaitable<Result<SignedIn>> Service::sign_in(std::string email, std::string password, Client client) {
    const std::string network = network_of(client.address);
    std::string subject = "sign-in from " + network;
    auto by_address = co_await throttle_.take(std::move(subject), options_.wrong_passwords_per_address);
    if (!by_address) {
        sign_ins_throttled_.Increment();
        co_return by_address.error();
    }
    auto look = [&](db::Session& session) -> Result<std::optional<Login>> {
        return Repository(session).login(email, client.address);
    };
    const auto login = co_await database_.read(std::move(look));
    if (!login) {
        co_await throttle_.give_back(std::move(*by_address));
        co_return login.error();
    }
    subject = "sign-in to " + text::fold(email);
    if (*login && (*login)->known_address) subject += " from " + network;
    auto by_account = co_await throttle_.take(std::move(subject), options_.wrong_passwords_per_account);
    if (!by_account) {
        sign_ins_throttled_.Increment();
        co_await throttle_.give_back(std::move(*by_address));
        co_return by_account.error();
    }
    const std::string stored = *login ? (*login)->password_hash : "";
    const auto verdict = co_await passwords_.verify(stored, std::move(password));
    if (verdict && !verdict->matches) {
        sign_ins_failed_.Increment();
        log::info("sign-in failed", {{"address", client.address}, {"known_account", login->has_value()}});
        co_return wrong_login();
    }
    co_await throttle_.give_back(std::move(*by_address));
    co_await throttle_.give_back(std::move(*by_account));
    if (!verdict) co_return verdict.error();

    auto work = [&](db::Transaction& tx) -> Result<SignedIn> {
        Repository rows(tx);
        const auto user = rows.user((*login)->user_id);
        // The password may have been changed, or the account deleted, while this one was checked.
        if (!user || rows.password_hash(user->id) != stored) return wrong_login();
        if (verdict->rehashed) rows.replace_hash(user->id, stored, *verdict->rehashed, clock_.now());
        return open_session(tx, *user, client);
    };
    auto result = co_await database_.write(std::move(work));
    if (result) sign_ins_ok_.Increment();
    co_return result;
}

// A replaced token is refused. Within a few seconds that is two tabs racing, or an answer that was lost (409: the
// cookie of the winner is in the same jar); later somebody else holds a copy, and nobody can tell who, so the session
// ends.
awaitable<Result<SignedIn>> Service::refresh(RefreshToken token, Client client) {
    const std::string family = sha256_hex(token.family), old_hash = sha256_hex(token.secret);
    auto work = [&](db::Transaction& tx) -> Result<Rotation> {
        Repository rows(tx);
        const Time now = clock_.now();
        const Session session{token.user_id,     token.session_id, {}, now, now + options_.refresh_lifetime,
                              client.user_agent, client.address};
        RefreshToken next{token.user_id, token.session_id, token.family, random_token(32)};
        if (rows.rotate(session, family, old_hash, sha256_hex(next.secret))) {
            const auto user = rows.user(token.user_id);
            if (!user) return ended();
            SignedIn result{*user, {}, std::chrono::floor<std::chrono::seconds>(now) + options_.access_lifetime, next};
            result.token = access_tokens_.sign(tx, {user->id, session.id, result.expires_at});
            return Rotation{std::move(result), {}};
        }
        const auto state = rows.refresh_state(token.user_id, token.session_id);
        if (!state || state->family_hash != family || state->expires_at <= now) return ended();
        if (state->previous_hash == old_hash && now - *state->rotated_at <= options_.refresh_grace) {
            Error again{Errc::conflict, "This refresh token has just been replaced; try again with the new cookie."};
            again.retry_after = 1;
            return again;
        }
        rows.end_session(token.user_id, token.session_id);
        revoke_in(tx, token.user_id, token.session_id);
        return Rotation{{}, ended()};
    };
    auto rotation = co_await database_.write(std::move(work));
    if (!rotation) co_return rotation.error();
    if (rotation->refused) {
        log::warn("a refresh token was used again; its session was ended",
                  {{"user_id", token.user_id}, {"session_id", token.session_id}, {"address", client.address}});
        co_return std::move(*rotation->refused);
    }
    co_return std::move(*rotation->signed_in);
}

awaitable<Result<void>> Service::sign_out(std::string user_id, std::string session_id) {
    auto work = [&](db::Transaction& tx) -> Result<bool> {
        if (Repository(tx).end_session(user_id, session_id)) revoke_in(tx, user_id, session_id);
        return true;
    };
    const auto done = co_await database_.write(std::move(work));
    if (!done) co_return done.error();
    co_return Result<void>();
}

awaitable<Result<void>> Service::sign_out(RefreshToken token) {
    const std::string family = sha256_hex(token.family);
    auto work = [&](db::Session& session) -> Result<bool> {
        const auto state = Repository(session).refresh_state(token.user_id, token.session_id);
        return state && state->family_hash == family;
    };
    const auto ours = co_await database_.read(std::move(work));
    if (!ours) co_return ours.error();
    if (!*ours) co_return Result<void>();  // ended before
    co_return co_await sign_out(std::move(token.user_id), std::move(token.session_id));
}

}  // namespace carillon::identity
