#include "../src/credential_cache.hpp"
#include "world.hpp"

#include <jwt.h>

#include <cstdlib>

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

namespace {

struct Key {
    std::string kid;
    std::string secret;
};

std::vector<Key> keys(World& world) {
    auto work = [](db::Session& session) -> Result<std::vector<Key>> {
        std::vector<Key> keys;
        for (auto& [kid, secret] :
             session.query<std::string, std::string>("SELECT kid, secret FROM signing_keys ORDER BY created_at")) {
            keys.push_back({kid, secret});
        }
        return keys;
    };
    return *world.database->read_now(work);
}

std::string base64url(std::string_view bytes) {
    static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const unsigned char c : bytes) {
        bits = bits << 8 | c;
        for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
    }
    if (count > 0) out += digits[bits << (6 - count) & 63];
    return out;
}

std::string decoded(std::string_view text) {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
        bits = bits << 6 | static_cast<unsigned>(digits.find(c));
        count += 6;
        if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 255);
    }
    return out;
}

/// A token of the given claims, rightly signed.
std::string signed_token(const bj::object& claims, const Key& key, jwt_alg_t algorithm = JWT_ALG_HS256,
                         const char* header = nullptr) {
    jwt_t* jwt = nullptr;
    REQUIRE(jwt_new(&jwt) == 0);
    REQUIRE(jwt_add_grants_json(jwt, bj::serialize(claims).c_str()) == 0);
    if (!key.kid.empty()) jwt_add_header(jwt, "kid", key.kid.c_str());
    if (header) jwt_add_header(jwt, header, "x");
    if (algorithm != JWT_ALG_NONE) {
        REQUIRE(jwt_set_alg(jwt, algorithm, reinterpret_cast<const unsigned char*>(key.secret.data()),
                            static_cast<int>(key.secret.size())) == 0);
    }
    char* text = jwt_encode_str(jwt);
    std::string token(text);
    std::free(text);
    jwt_free(jwt);
    return token;
}

bj::object part(const std::string& token, int index) {
    std::size_t from = 0;
    for (int i = 0; i < index; ++i) from = token.find('.', from) + 1;
    return bj::parse(decoded(token.substr(from, token.find('.', from) - from))).as_object();
}

}  // namespace

TEST_CASE("an access token says whose it is, for whom, and for how long", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    const auto header = part(account.token, 0), claims = part(account.token, 1);
    CHECK(header.at("alg") == "HS256");
    CHECK(text_of(header, "kid") == keys(world).at(0).kid);
    CHECK(claims.at("iss") == "https://tasks.example");
    CHECK(claims.at("aud") == "carillon");
    CHECK(text_of(claims, "sub") == account.id);
    CHECK(is_uuid(text_of(claims, "sid")));
    const auto now = to_unix_seconds(start);
    CHECK(claims.at("iat") == now);
    CHECK(claims.at("nbf") == now);
    CHECK(claims.at("exp") == now + 900);
    CHECK(signed_token(claims, keys(world).at(0)).size() == account.token.size());
}

TEST_CASE("a forged access token is refused", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    const auto key = keys(world).at(0);
    const auto good = part(account.token, 1);
    const auto now = to_unix_seconds(start);
    // What the test signs is accepted where nothing is wrong with it: else the refusals below would mean nothing.
    REQUIRE(world.server.authenticate(signed_token(good, key)).has_value());

    const auto refused = [&](const std::string& token) {
        const auto who = world.server.authenticate(token);
        REQUIRE_FALSE(who.has_value());
        CHECK(who.error().code == Errc::unauthenticated);
    };
    SECTION("wrong, missing or mistyped claims") {
        const std::vector<std::pair<const char*, std::vector<bj::value>>> wrong{
            {"iss", {"https://evil.example", "", 1, nullptr}},
            {"aud", {"other", "", bj::array{"carillon"}, nullptr}},
            {"sub", {"", "x", 7, "0195f2a0-0000-7000-8000-000000000000", nullptr}},
            {"sid", {"", "x", 7, "0195f2a0-0000-7000-8000-000000000000", nullptr}},
            {"iat", {now + 3600, 0, -1, "now", nullptr}},
            {"nbf", {now + 3600, 0, -1, "now", nullptr}},
            {"exp", {now, now - 1, 0, -1, now + 100'000, 9'000'000'000'000'000'000, "never", 1e300, nullptr}}};
        for (const auto& [name, values] : wrong) {
            for (const auto& value : values) {
                INFO(name << " " << value);
                auto claims = good;
                claims[name] = value;
                refused(signed_token(claims, key));
                claims.erase(name);
                refused(signed_token(claims, key));
            }
        }
    }
    SECTION("another user's session") {
        const auto other = world.account("bob@example.org");
        auto claims = good;
        claims["sub"] = other.id;
        refused(signed_token(claims, key));
    }
    SECTION("no signature, another key, another algorithm") {
        refused(signed_token(good, key, JWT_ALG_NONE));
        refused(signed_token(good, {"", ""}, JWT_ALG_NONE));
        refused(signed_token(good, {key.kid, std::string(43, 'x')}));
        refused(signed_token(good, {"unknown", key.secret}));
        refused(signed_token(good, {"", key.secret}));
        refused(signed_token(good, key, JWT_ALG_HS384));
        refused(signed_token(good, key, JWT_ALG_HS512));
        const auto payload = base64url(bj::serialize(good));
        for (const auto* alg : {"none", "None", "hs256", "RS256", ""}) {
            const auto head = base64url(bj::serialize(bj::object{{"alg", alg}, {"typ", "JWT"}, {"kid", key.kid}}));
            refused(head + "." + payload + ".");
            refused(head + "." + payload + account.token.substr(account.token.rfind('.')));
        }
    }
    SECTION("a header that asks for more") {
        for (const auto* extra : {"crit", "jwk", "jku", "x5u"}) refused(signed_token(good, key, JWT_ALG_HS256, extra));
    }
    SECTION("changed in any place") {
        for (std::size_t i = 0; i < account.token.size(); i += 7) {
            auto token = account.token;
            token[i] = token[i] == 'x' ? 'y' : 'x';
            refused(token);
        }
        refused(account.token.substr(0, account.token.size() - 1));
        refused(account.token + "x");
        refused(account.token + ".x");
        refused(account.token.substr(0, account.token.rfind('.') + 1));
    }
    SECTION("anything else") {
        for (const auto& token :
             {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), std::string(100'000, 'a'),
              std::string("a\0b.c.d", 7), std::string("\xff\xfe.\xff.\xff"), std::string("car_"),
              "car_" + std::string(43, 'a')}) {
            refused(token);
        }
    }
    CHECK(world.server.authenticate(account.token).has_value());
}

TEST_CASE("Authorization is Bearer and nothing else", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    const auto status = [&](const std::string& value) {
        Call with;
        with.headers = {{"Authorization", value}};
        return world.server.call(Method::get, "/api/auth/me", "", with).status;
    };
    CHECK(world.server.call(Method::get, "/api/auth/me").status == 401);
    CHECK(status("Bearer " + account.token) == 200);
    CHECK(status("bEARER  " + account.token) == 200);
    for (const auto* scheme : {"", "Bearer", "Basic ", "Token ", "Bearerx ", "Bearer\t"})
        CHECK(status(scheme + account.token) == 401);
    for (const auto* header : {"Bearer", "Bearer ", "Bearer   ", "\xff"}) CHECK(status(header) == 401);
    CHECK(status("Bearer " + account.token + " x") == 401);
}

TEST_CASE("an access token runs out by the clock, cached or not", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    CHECK(world.server.authenticate(account.token).has_value());
    world.clock.advance(900s - 1us);
    CHECK(world.server.authenticate(account.token).has_value());
    world.clock.advance(1us);
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
    Replica fresh(*world.database, world.clock, test_options());
    CHECK_FALSE(fresh.authenticate(account.token).has_value());
}

TEST_CASE("a revocation holds at once here and within seconds elsewhere", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    Replica other(*world.database, world.clock, test_options());
    const auto account = world.account();
    REQUIRE(world.server.authenticate(account.token).has_value());
    REQUIRE(other.authenticate(account.token).has_value());
    Call with;
    with.token = account.token;
    REQUIRE(world.server.call(Method::post, "/api/auth/sign-out", "", with).status == 204);
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
    world.clock.advance(5s);
    CHECK_FALSE(other.authenticate(account.token).has_value());
}

TEST_CASE("a cached token asks the database no more than every few seconds", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    REQUIRE(world.server.authenticate(account.token).has_value());
    world.exec("DELETE FROM sessions");  // as another replica would
    world.clock.advance(4s);
    CHECK(world.server.authenticate(account.token).has_value());
    world.clock.advance(1s);
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
}

TEST_CASE("the cache is bounded and keeps the latest and what is in use", "[identity]") {
    CredentialCache cache;
    const auto key_of = [&](int i) { return cache.key_of("token " + std::to_string(i)); };
    Credential credential;
    credential.principal.user_id = "u";
    for (int i = 0; i < 200'000; ++i) {
        cache.put(key_of(i), credential);
        REQUIRE(cache.find(key_of(i)).has_value());
        if (i % 1000 == 0) REQUIRE(cache.find(key_of(0)).has_value());
    }
    int kept = 0;
    for (int i = 0; i < 200'000; ++i) kept += cache.find(key_of(i)).has_value();
    CHECK(kept <= 70'000);
    CHECK(kept >= 30'000);
}

TEST_CASE("signing keys are made once, shared and rotated", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    REQUIRE(keys(world).size() == 1);
    Replica other(*world.database, world.clock, test_options());
    CHECK(keys(world).size() == 1);
    const auto old = world.account();
    CHECK(other.authenticate(old.token).has_value());

    world.clock.advance(24h * 90 - 5min);
    const auto last = World::account_of(world.sign_in("ada@example.org"));
    CHECK(keys(world).size() == 1);
    world.clock.advance(5min);
    const auto next = World::account_of(world.sign_in("ada@example.org"));
    REQUIRE(keys(world).size() == 2);
    CHECK(text_of(part(next.token, 0), "kid") == keys(world).at(1).kid);
    CHECK(text_of(part(next.token, 0), "kid") != text_of(part(last.token, 0), "kid"));
    // The other replica signs with the new key at once, knows it although it never made it, and still knows the old
    // one.
    CHECK(other.authenticate(next.token).has_value());
    CHECK(other.authenticate(last.token).has_value());
    CHECK(world.server.authenticate(last.token).has_value());
    const auto there =
        other.call(Method::post, "/api/auth/sign-in", R"({"email":"ada@example.org","password":"correct horse"})");
    CHECK(text_of(part(World::account_of(there).token, 0), "kid") == keys(world).at(1).kid);

    SECTION("what the old key signs later is refused, even by who knows it") {
        world.clock.advance(17min);
        auto claims = part(next.token, 1);
        claims["exp"] = to_unix_seconds(world.clock.now()) + 600;
        CHECK(world.server.authenticate(signed_token(claims, keys(world).at(1))).has_value());
        CHECK_FALSE(world.server.authenticate(signed_token(claims, keys(world).at(0))).has_value());
    }
    SECTION("the next rotation forgets it") {
        const auto first = keys(world).at(0).kid;
        world.clock.advance(24h * 90);
        world.sign_in("ada@example.org");
        REQUIRE(keys(world).size() == 2);
        CHECK(keys(world).at(0).kid != first);
    }
}

TEST_CASE("unknown key ids ask the database at most once a second", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    REQUIRE(world.server.authenticate(account.token).has_value());
    const auto claims = part(account.token, 1);
    const Key foreign{"k2", std::string(43, 'k')};
    CHECK_FALSE(world.server.authenticate(signed_token(claims, foreign)).has_value());
    world.exec("INSERT INTO signing_keys (kid, secret, created_at) VALUES ('k2', '" + foreign.secret + "', " +
               std::to_string(to_micros(start)) + ")");
    CHECK_FALSE(world.server.authenticate(signed_token(claims, foreign)).has_value());
    world.clock.advance(1s);
    CHECK(world.server.authenticate(signed_token(claims, foreign)).has_value());
}
