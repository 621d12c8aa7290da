#include "world.hpp"

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

namespace {

class Tokens {
public:
    explicit Tokens(Backend backend) : world(backend), account(world.account()) {}

    Response call(Method method, const std::string& path, const std::string& body = {}, const std::string& token = {},
                  const std::string& key = {}) {
        Call with;
        with.token = token.empty() ? account.token : token;
        if (!key.empty()) with.headers = {{"Idempotency-Key", key}};
        return world.server.call(method, path, body, with);
    }
    bj::object create(const std::string& body = R"({"name":"backup"})") {
        const auto answer = call(Method::post, "/api/tokens", body);
        REQUIRE(answer.status == 201);
        CHECK(header_of(answer, "Cache-Control") == "no-store");
        return body_of(answer);
    }
    bj::array list(const std::string& token = {}) {
        return body_of(call(Method::get, "/api/tokens", "", token)).at("items").as_array();
    }

    World world;
    Account account;
};

}  // namespace

TEST_CASE("an API token is shown once and acts for its user", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto made = tokens.create(R"({"name":" backup ","expires_at":"2028-01-01T01:00:00+01:00"})");
    const auto secret = text_of(made, "token");
    CHECK(secret.size() == 47);
    CHECK(secret.starts_with("car_"));
    CHECK(made.at("name") == "backup");
    CHECK(made.at("expires_at") == "2028-01-01T00:00:00Z");
    CHECK(made.at("last_used_at").is_null());

    auto shown = made;
    shown.erase("token");
    const auto items = tokens.list();
    REQUIRE(items.size() == 1);
    CHECK(items[0] == bj::value(shown));

    const auto everything = tokens.world.everything();
    CHECK(everything.find(secret) == std::string::npos);
    CHECK(everything.find(secret.substr(4)) == std::string::npos);
    CHECK(everything.find(sha256_hex(secret)) != std::string::npos);

    const auto who = tokens.world.server.authenticate(secret);
    REQUIRE(who.has_value());
    CHECK(who->user_id == tokens.account.id);
    CHECK(who->actor == "token:" + text_of(made, "id"));
    CHECK(who->token_id == text_of(made, "id"));
    CHECK(who->session_id.empty());
    CHECK(tokens.call(Method::get, "/api/auth/me", "", secret).status == 200);
    auto changed = secret;
    changed[20] = changed[20] == 'x' ? 'y' : 'x';
    CHECK_FALSE(tokens.world.server.authenticate(changed).has_value());
}

TEST_CASE("an API token runs out by the clock, cached or not", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto secret = text_of(tokens.create(R"({"name":"x","expires_at":"2027-03-01T12:00:03Z"})"), "token");
    CHECK(tokens.world.server.authenticate(secret).has_value());
    tokens.world.clock.advance(3s);
    CHECK_FALSE(tokens.world.server.authenticate(secret).has_value());
    Replica fresh(*tokens.world.database, tokens.world.clock, test_options());
    CHECK_FALSE(fresh.authenticate(secret).has_value());
}

TEST_CASE("a revoked API token is refused at once here and within seconds elsewhere", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    auto& world = tokens.world;
    const auto made = tokens.create();
    const auto secret = text_of(made, "token"), id = text_of(made, "id");
    Replica other(*world.database, world.clock, test_options());
    REQUIRE(world.server.authenticate(secret).has_value());
    REQUIRE(other.authenticate(secret).has_value());
    std::vector<std::string> ended;
    world.server.identity().on_revoked(
        [&](const std::string&, const std::string& credential) { ended.push_back(credential); });
    const bool all = GENERATE(false, true);
    CHECK(tokens.call(Method::del, all ? "/api/tokens" : "/api/tokens/" + id).status == 204);
    CHECK(ended == std::vector<std::string>{id});
    CHECK_FALSE(world.server.authenticate(secret).has_value());
    CHECK(world.server.authenticate(tokens.account.token).has_value());
    world.clock.advance(5s);
    CHECK_FALSE(other.authenticate(secret).has_value());
    CHECK(tokens.list().empty());
    CHECK(tokens.call(Method::del, "/api/tokens/" + id).status == 404);
    CHECK(tokens.call(Method::del, "/api/tokens").status == 204);
}

TEST_CASE("another user's API token is not there", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto made = tokens.create();
    const auto bob = tokens.world.account("bob@example.org");
    CHECK(tokens.list(bob.token).empty());
    CHECK(tokens.call(Method::del, "/api/tokens/" + text_of(made, "id"), "", bob.token).status == 404);
    CHECK(tokens.call(Method::del, "/api/tokens", "", bob.token).status == 204);
    for (const auto* id : {"1", "x", "0195f2a0-0000-7000-8000-000000000000"}) {
        CHECK(tokens.call(Method::del, std::string("/api/tokens/") + id, "", bob.token).status == 404);
    }
    CHECK(tokens.world.server.authenticate(text_of(made, "token")).has_value());
}

TEST_CASE("an API token may not do what would outlive it", "[identity]") {
    Tokens tokens(Backend::sqlite);
    const auto made = tokens.create();
    const auto secret = text_of(made, "token");
    const auto before = tokens.world.everything();
    CHECK(tokens.call(Method::post, "/api/tokens", R"({"name":"y"})", secret).status == 403);
    CHECK(tokens.call(Method::del, "/api/tokens", "", secret).status == 403);
    CHECK(tokens.call(Method::del, "/api/tokens/" + text_of(made, "id"), "", secret).status == 403);
    CHECK(tokens.call(Method::del, "/api/auth/sessions", "", secret).status == 403);
    CHECK(tokens.call(Method::del, "/api/auth/sessions/" + text_of(made, "id"), "", secret).status == 403);
    CHECK(tokens.call(Method::patch, "/api/auth/me", R"({"email":"x@example.org"})", secret).status == 403);
    CHECK(tokens.call(Method::del, "/api/auth/me", R"({"password":"correct horse"})", secret).status == 403);
    CHECK(tokens
              .call(Method::post, "/api/auth/change-password",
                    R"({"current_password":"correct horse","new_password":"a fine bell"})", secret)
              .status == 403);
    CHECK(tokens.call(Method::post, "/api/auth/sign-out", "", secret).status == 403);
    CHECK(tokens.world.everything() == before);
    CHECK(tokens.call(Method::patch, "/api/auth/me", R"({"preferences":{"theme":"dark"}})", secret).status == 200);
    CHECK(tokens.call(Method::get, "/api/tokens", "", secret).status == 200);
    CHECK(tokens.call(Method::get, "/api/auth/sessions", "", secret).status == 200);
}

TEST_CASE("last use is noted at most once a minute", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto secret = text_of(tokens.create(), "token");
    const auto last_use = [&] { return tokens.list()[0].at("last_used_at"); };
    tokens.world.clock.advance(1s);
    REQUIRE(tokens.world.server.authenticate(secret).has_value());
    CHECK(last_use() == "2027-03-01T12:00:01Z");
    tokens.world.clock.advance(59s);
    REQUIRE(tokens.world.server.authenticate(secret).has_value());
    CHECK(last_use() == "2027-03-01T12:00:01Z");
    tokens.world.clock.advance(1s);
    CHECK(tokens.world.server.authenticate(secret).has_value());  // from the cache
    tokens.world.clock.advance(4s);
    CHECK(tokens.world.server.authenticate(secret).has_value());
    CHECK(last_use() == "2027-03-01T12:01:05Z");
}

TEST_CASE("a repeated creation is told of the same token without its secret", "[identity]") {
    Tokens tokens(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto first = tokens.call(Method::post, "/api/tokens", R"({"name":"x"})", "", "key-1");
    const auto again = tokens.call(Method::post, "/api/tokens", R"({"name":"x"})", "", "key-1");
    CHECK(again.status == 201);
    CHECK(header_of(again, "Idempotency-Replayed") == "true");
    auto expected = body_of(first);
    const auto secret = text_of(expected, "token");
    expected["token"] = nullptr;
    CHECK(bj::parse(again.body) == bj::value(expected));
    CHECK(tokens.list().size() == 1);
    CHECK(tokens.world.everything().find(secret) == std::string::npos);
    CHECK(tokens.call(Method::post, "/api/tokens", R"({"name":"y"})", "", "key-1").status == 422);
}

TEST_CASE("a user has at most a hundred API tokens", "[identity]") {
    Tokens tokens(Backend::sqlite);
    for (int i = 0; i < 100; ++i) tokens.create();
    CHECK(tokens.call(Method::post, "/api/tokens", R"({"name":"x"})").status == 409);
    CHECK(tokens.list().size() == 100);
}
