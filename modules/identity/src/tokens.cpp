#include "tokens.hpp"

#include "carillon/ids.hpp"
#include "carillon/json.hpp"

#include <jwt.h>
#include <sodium.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

namespace carillon::identity {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view audience = "carillon";
constexpr std::size_t max_token = 2048;
constexpr auto clock_skew = 30s;          // between replicas
constexpr auto reload_interval = 1s;      // an unknown `kid` asks the database no more often
constexpr auto refresh_interval = 10min;  // a known one asks now and then: another replica may have retired it

struct JwtFree {
    void operator()(jwt_t* token) const { jwt_free(token); }
};
using Jwt = std::unique_ptr<jwt_t, JwtFree>;

Error refused() { return {Errc::unauthenticated, "The access token is not valid or has expired."}; }

void check(int error) {
    if (error != 0) throw std::runtime_error("libjwt refused to make a token: error " + std::to_string(error));
}

std::string grant(const Jwt& jwt, const char* name) {
    const char* value = jwt_get_grant(jwt.get(), name);
    return value ? value : "";
}

std::int64_t number(const Jwt& jwt, const char* name) { return jwt_get_grant_int(jwt.get(), name); }

/// The `kid` of a token whose header is one of ours: this algorithm, this type, nothing more.
std::optional<std::string> key_id(std::string_view token) {
    if (token.size() > max_token || token.find('\0') != token.npos) return std::nullopt;
    const std::string_view header = token.substr(0, token.find('.'));
    if (header.empty()) return std::nullopt;
    std::vector<unsigned char> bytes(header.size());
    std::size_t length = 0;
    if (sodium_base642bin(bytes.data(), bytes.size(), header.data(), header.size(), nullptr, &length, nullptr,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
        return std::nullopt;
    }
    const auto parsed = json::parse({reinterpret_cast<const char*>(bytes.data()), length});
    if (!parsed || !parsed->is_object()) return std::nullopt;
    const auto& fields = parsed->get_object();
    const auto *alg = fields.if_contains("alg"), *kid = fields.if_contains("kid"), *typ = fields.if_contains("typ");
    if (!alg || *alg != "HS256" || !kid || !kid->is_string() || (typ && *typ != "JWT")) return std::nullopt;
    if (fields.size() != (typ ? 3u : 2u)) return std::nullopt;  // nothing like `crit` or `jwk` is understood
    return std::string(kid->get_string());
}

}  // namespace

AccessTokens::Key AccessTokens::current_in(db::Transaction& tx) {
    const Time now = clock_.now();
    const auto newest = tx.query_one<std::string, std::string, std::int64_t>(
        "SELECT kid, secret, created_at FROM signing_keys ORDER BY created_at DESC, kid DESC LIMIT 1");
    if (newest) {
        const auto& [kid, secret, created] = *newest;
        if (now - from_micros(created) < options_.key_lifetime) return {kid, secret, from_micros(created), {}};
        // What older ones signed ran out long ago: this one has signed since.
        tx.exec("DELETE FROM signing_keys WHERE created_at < :created", created);
    }
    Key key{random_token(9), random_token(32), now, {}};
    tx.exec("INSERT INTO signing_keys (kid, secret, created_at) VALUES (:kid, :secret, :created_at)", key.kid,
            key.secret, to_micros(now));
    tx.on_commit([this] {
        const std::lock_guard lock(mutex_);
        ++made_;
        loaded_at_ = never;
    });
    return key;
}

std::string AccessTokens::sign(db::Transaction& tx, const Claims& claims) {
    const Key key = current_in(tx);
    jwt_t* raw = nullptr;
    check(jwt_new(&raw));
    const Jwt jwt(raw);
    const long now = to_unix_seconds(clock_.now());
    check(jwt_add_header(raw, "kid", key.kid.c_str()));
    check(jwt_add_grant(raw, "iss", options_.public_url.c_str()));
    check(jwt_add_grant(raw, "aud", std::string(audience).c_str()));
    check(jwt_add_grant(raw, "sub", claims.user_id.c_str()));
    check(jwt_add_grant(raw, "sid", claims.session_id.c_str()));
    check(jwt_add_grant_int(raw, "iat", now));
    check(jwt_add_grant_int(raw, "nbf", now));
    check(jwt_add_grant_int(raw, "exp", to_unix_seconds(claims.expires)));
    check(jwt_set_alg(raw, JWT_ALG_HS256, reinterpret_cast<const unsigned char*>(key.secret.data()),
                      static_cast<int>(key.secret.size())));
    const std::unique_ptr<char, decltype(&std::free)> text(jwt_encode_str(raw), &std::free);
    if (!text) throw std::bad_alloc();
    return text.get();
}

awaitable<Result<Claims>> AccessTokens::verify(std::string token) {
    const auto kid = key_id(token);
    if (!kid) co_return refused();
    auto found = co_await find(*kid);
    if (!found) co_return found.error();
    if (!*found) co_return refused();
    const Key& key = **found;
    const Time now = clock_.now();
    if (key.retired && now >= *key.retired + options_.access_lifetime + clock_skew) co_return refused();

    jwt_t* raw = nullptr;
    const int bad = jwt_decode(&raw, token.c_str(), reinterpret_cast<const unsigned char*>(key.secret.data()),
                               static_cast<int>(key.secret.size()));
    const Jwt jwt(raw);
    if (bad != 0 || jwt_get_alg(raw) != JWT_ALG_HS256) co_return refused();
    if (grant(jwt, "iss") != options_.public_url || grant(jwt, "aud") != audience) co_return refused();
    const auto latest = to_unix_seconds(now + clock_skew);
    for (const char* name : {"iat", "nbf"}) {
        if (number(jwt, name) <= 0 || number(jwt, name) > latest) co_return refused();
    }
    const auto expires = number(jwt, "exp");
    if (expires <= 0 || expires > to_unix_seconds(now + options_.access_lifetime + clock_skew)) co_return refused();
    const Claims claims{grant(jwt, "sub"), grant(jwt, "sid"), from_micros(expires * 1'000'000)};
    if (claims.expires <= now) co_return refused();
    if (!is_uuid(claims.user_id) || !is_uuid(claims.session_id)) co_return refused();
    co_return claims;
}

awaitable<Result<std::optional<AccessTokens::Key>>> AccessTokens::find(std::string kid) {
    std::optional<Key> known = lookup(kid);
    const std::int64_t now = to_micros(clock_.now());
    const std::int64_t last = loaded_at_.load();
    const std::chrono::microseconds pause = known ? std::chrono::microseconds{refresh_interval} : reload_interval;
    if (last <= now && now < last + pause.count()) co_return known;
    const auto loaded = co_await reload();
    if (loaded) co_return lookup(kid);
    if (known) co_return known;
    co_return loaded.error();
}

std::optional<AccessTokens::Key> AccessTokens::lookup(std::string_view kid) {
    const std::lock_guard lock(mutex_);
    const auto it = keys_.find(kid);
    if (it == keys_.end()) return std::nullopt;
    return it->second;
}

awaitable<Result<void>> AccessTokens::reload() {
    const std::int64_t now = to_micros(clock_.now());
    const int made = made_;
    auto work = [](db::Session& session) -> Result<Keys> {
        Keys keys;
        std::optional<Time> next;
        for (auto& [kid, secret, created] : session.query<std::string, std::string, std::int64_t>(
                 "SELECT kid, secret, created_at FROM signing_keys ORDER BY created_at DESC, kid DESC")) {
            keys[kid] = Key{kid, secret, from_micros(created), next};
            next = from_micros(created);
        }
        return keys;
    };
    auto keys = co_await database_.read(std::move(work));
    if (!keys) co_return keys.error();
    const std::lock_guard lock(mutex_);
    keys_ = std::move(*keys);
    loaded_at_ = made == made_ ? now : never;  // a key made meanwhile may have been missed
    co_return Result<void>();
}

}  // namespace carillon::identity
