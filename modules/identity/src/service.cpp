#include "service.hpp"

#include "carillon/ids.hpp"
#include "carillon/log.hpp"
#include "carillon/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace carillon::identity {
namespace {

constexpr std::string_view api_token_prefix = "car_";
constexpr std::size_t api_token_length = 47;
constexpr std::size_t max_user_agent = 200;  // bytes
constexpr std::chrono::minutes touch_interval{1};

Error refused() { return {Errc::unauthenticated, "The token is not valid, has expired or was revoked."}; }

/// What the database says of a credential.
struct Standing {
    bool alive;
    bool touch;  ///< its last use should be noted again
};

prometheus::Counter& sign_ins(Metrics& metrics, const char* result) {
    return metrics.counter("carillon_sign_ins_total", "Sign-ins by result.", {{"result", result}});
}

/// The token of `Authorization: Bearer` (RFC 6750 section 2.1).
std::string_view bearer_token(std::string_view header) {
    constexpr std::string_view scheme = "bearer ";
    if (header.size() <= scheme.size()) return {};
    const auto same = [](char small, char any) { return (any >= 'A' && any <= 'Z' ? any + 32 : any) == small; };
    if (!std::equal(scheme.begin(), scheme.end(), header.begin(), same)) return {};
    header.remove_prefix(scheme.size());
    header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
    return header;
}

}  // namespace

Error email_taken() { return {Errc::conflict, "There is an account with this e-mail address already."}; }

Client client_of(const http::Request& request) {
    std::string_view agent = request.header("User-Agent");
    if (agent.size() > max_user_agent) {
        std::size_t end = max_user_agent;
        while (end > 0 && (static_cast<unsigned char>(agent[end]) & 0xC0) == 0x80) --end;
        agent = agent.substr(0, end);
    }
    if (!text::is_utf8(agent) || text::has_control(agent, false)) agent = {};
    return {request.remote_address, std::string(agent)};
}

Service::Service(db::Database& database, const Clock& clock, boost::asio::thread_pool& hashing, Metrics& metrics,
                 Options options)
    : database_(database),
      clock_(clock),
      options_(std::move(options)),
      store_(options_.throttle_store ? options_.throttle_store : make_local_state_store(clock)),
      throttle_(*store_, clock),
      passwords_(hashing, metrics, options_),
      access_tokens_(database, clock, options_),
      sign_ins_ok_(sign_ins(metrics, "ok")),
      sign_ins_failed_(sign_ins(metrics, "failed")),
      sign_ins_throttled_(sign_ins(metrics, "throttled")) {
    auto work = [this](db::Transaction& tx) -> Result<bool> {
        access_tokens_.prepare_in(tx);
        return true;
    };
    // With the database away the first sign-in makes the key.
    if (const auto made = database_.write_now(std::move(work)); !made)
        log::warn("no signing key yet", {{"detail", made.error().detail}});
}

awaitable<Result<Principal>> Service::authenticate(const http::Request& request) {
    const auto token = bearer_token(request.header("Authorization"));
    if (token.empty()) co_return Error{Errc::unauthenticated, "This needs a bearer token."};
    std::string copy(token);
    co_return co_await authenticate_token(std::move(copy));
}

// The hot path is the first five lines.
awaitable<Result<Principal>> Service::authenticate_token(std::string token) {
    const Time now = clock_.now();
    const auto key = cache_.key_of(token);
    auto known = cache_.find(key);
    if (known && cache_.is_fresh(*known, now)) co_return std::move(known->principal);

    Result<Credential> credential = refused();
    if (known)
        credential = std::move(*known);
    else if (token.starts_with(api_token_prefix))
        credential = co_await find_api_token(std::move(token));
    else
        credential = co_await verify_access_token(std::move(token));
    if (credential) credential = co_await confirm(std::move(*credential));
    if (!credential) {
        if (credential.error().code == Errc::unauthenticated) cache_.remove(key);
        co_return credential.error();
    }
    cache_.put(key, *credential);
    co_return std::move(credential->principal);
}

awaitable<Result<Credential>> Service::verify_access_token(std::string token) {
    auto claims = co_await access_tokens_.verify(std::move(token));
    if (!claims) co_return claims.error();
    Credential credential;
    credential.principal.user_id = std::move(claims->user_id);
    credential.principal.session_id = std::move(claims->session_id);
    credential.principal.actor = "user";
    credential.expires = claims->expires;
    co_return credential;
}

awaitable<Result<Credential>> Service::find_api_token(std::string token) {
    if (token.size() != api_token_length) co_return refused();
    const std::string hash = sha256_hex(token);
    auto work = [&hash](db::Session& session) -> Result<std::optional<ApiToken>> {
        return Repository(session).token_by_hash(hash);
    };
    auto found = co_await database_.read(std::move(work));
    if (!found) co_return found.error();
    if (!*found) co_return refused();
    const ApiToken& row = **found;
    Credential credential;
    credential.principal.user_id = row.user_id;
    credential.principal.token_id = row.id;
    credential.principal.actor = "token:" + row.id;
    credential.expires = row.expires_at.value_or(Time::max());
    co_return credential;
}

// The user's revocations are counted before the database is asked: one that commits in between is noticed next time.
awaitable<Result<Credential>> Service::confirm(Credential credential) {
    const Principal& who = credential.principal;
    const Time now = clock_.now();
    if (now >= credential.expires) co_return refused();
    credential.confirmed = now;
    credential.revocations = cache_.revocations(who.user_id);
    auto work = [&who, now](db::Session& session) -> Result<Standing> {
        Repository rows(session);
        if (who.token_id.empty()) return Standing{rows.session_alive(who.user_id, who.session_id, now), false};
        const auto token = rows.token(who.user_id, who.token_id);
        return Standing{token.has_value(),
                        token && (!token->last_used_at || *token->last_used_at <= now - touch_interval)};
    };
    const auto standing = co_await database_.read(std::move(work));
    if (!standing) co_return standing.error();
    if (!standing->alive) co_return refused();
    if (standing->touch) {
        auto home = co_await asio::this_coro::executor;
        asio::co_spawn(home, touch(database_, who.user_id, who.token_id, now), asio::detached);
    }
    co_return credential;
}

// Beside the request, which does not wait for it and does not fail with it.
awaitable<void> Service::touch(db::Database& database, std::string user_id, std::string token_id, Time now) {
    auto work = [&](db::Transaction& tx) -> Result<bool> {
        Repository(tx).touch_token(user_id, token_id, now, now - touch_interval);
        return true;
    };
    try {
        (void)co_await database.write(std::move(work));
    } catch (const std::exception& e) {
        log::warn("the use of an API token was not noted", {{"detail", e.what()}});
    }
}

void Service::revoke_in(db::Transaction& tx, const std::string& user_id, const std::string& credential_id) {
    tx.on_commit([this, user_id, credential_id] {
        cache_.revoked(user_id);
        for (const auto& ended : revoked_) ended(user_id, credential_id);
    });
}

bool Service::stands_in(db::Session& session, const Principal& who) {
    Repository rows(session);
    return who.token_id.empty() ? rows.session_alive(who.user_id, who.session_id, clock_.now())
                                : rows.token(who.user_id, who.token_id).has_value();
}

std::optional<UserSettings> Service::settings_in(db::Session& session, std::string_view user_id) {
    const auto row = session.query_one<std::string, std::string>(
        "SELECT timezone, preferences FROM users WHERE id = :id AND deleted_at IS NULL", user_id);
    if (!row) return std::nullopt;
    return UserSettings{std::get<0>(*row), default_reminder_time(std::get<1>(*row))};
}

std::optional<std::string> Service::user_by_email_in(db::Session& session, std::string_view email) {
    return text::is_utf8(email) ? Repository(session).user_by_email(text::trim(email)) : std::nullopt;
}

Result<std::string> Service::add_user(std::string name, std::string email, std::string password, std::string timezone) {
    auto account = check_account(std::move(name), std::move(email), std::move(password), std::move(timezone));
    if (!account) return account.error();
    const std::string hash = passwords_.hash_now(account->password);
    const Time now = clock_.now();
    const User user{uuid_v7(now), account->email, account->name, account->timezone, "{}", now};
    auto work = [&](db::Transaction& tx) -> Result<std::string> {
        Repository rows(tx);
        if (!rows.add_user(user)) return email_taken();
        rows.set_password(user.id, hash, now);
        return user.id;
    };
    return database_.write_now(std::move(work));
}

Result<void> Service::set_password(std::string email, std::string password) {
    auto find = [&](db::Session& session) -> Result<User> {
        Repository rows(session);
        const auto id = user_by_email_in(session, email);
        const auto user = id ? rows.user(*id) : std::nullopt;
        if (!user) return not_found("There is no user with this e-mail address.");
        return *user;
    };
    const auto user = database_.read_now(std::move(find));
    if (!user) return user.error();
    auto account =
        check_account(user->name.empty() ? "-" : user->name, user->email, std::move(password), user->timezone);
    if (!account) return account.error();
    const std::string hash = passwords_.hash_now(account->password);
    auto work = [&](db::Transaction& tx) -> Result<bool> {
        Repository rows(tx);
        rows.set_password(user->id, hash, clock_.now());
        rows.end_sessions_except(user->id, "");
        revoke_in(tx, user->id, "");
        return true;
    };
    const auto done = database_.write_now(std::move(work));
    if (!done) return done.error();
    return Result<void>();
}

void Service::on_revoked(std::function<void(const std::string&, const std::string&)> ended) {
    revoked_.push_back(std::move(ended));
}

void Service::on_account_deleted(std::function<void(db::Transaction&, const std::string&)> erase) {
    erase_.push_back(std::move(erase));
}

std::unique_ptr<Identity> make_identity(db::Database& database, const Clock& clock, boost::asio::thread_pool& hashing,
                                        Metrics& metrics, Options options) {
    return std::make_unique<Service>(database, clock, hashing, metrics, std::move(options));
}

}  // namespace carillon::identity
