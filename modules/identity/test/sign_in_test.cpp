#include "world.hpp"

#include <ctime>
#include <limits>

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

TEST_CASE("sign-up makes an account and signs in", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto response = world.sign_up(" Ada@Example.org ");
    REQUIRE(response.status == 201);
    const auto body = body_of(response);
    REQUIRE(body.size() == 3);
    const auto& user = body.at("user").as_object();
    CHECK(user.size() == 4);
    CHECK(is_uuid(text_of(user, "id")));
    CHECK(text_of(user, "name") == "Ada");
    CHECK(text_of(user, "email") == "Ada@Example.org");
    CHECK(text_of(user, "timezone") == "Europe/Berlin");
    CHECK(text_of(body, "expires_at") == "2027-03-01T12:15:00Z");
    CHECK(header_of(response, "Cache-Control") == "no-store");
    const auto who = world.server.authenticate(text_of(body, "token"));
    REQUIRE(who.has_value());
    CHECK(who->user_id == text_of(user, "id"));
    CHECK(who->actor == "user");
    CHECK(is_uuid(who->session_id));

    const auto cookie = header_of(response, "Set-Cookie");
    for (const auto* part : {"; HttpOnly", "; SameSite=Strict", "; Path=/api/auth", "; Secure", "; Max-Age=2592000"}) {
        CHECK(cookie.find(part) != std::string::npos);
    }

    SECTION("the address is taken in any case") {
        CHECK(world.sign_up("ADA@EXAMPLE.ORG").status == 409);
        CHECK(world.count("SELECT count(*) FROM users") == 1);
    }
    SECTION("sign-in takes the address in any case and the password in no other") {
        CHECK(world.sign_in("aDA@example.ORG").status == 200);
        CHECK(world.sign_in("ada@example.org", "Correct horse").status == 401);
        CHECK(world.sign_in("nobody@example.org").status == 401);
        const auto metrics = world.server.metrics();
        CHECK(metrics.find(R"(carillon_sign_ins_total{result="ok"} 1)") != std::string::npos);
        CHECK(metrics.find(R"(carillon_sign_ins_total{result="failed"} 2)") != std::string::npos);
    }
    SECTION("neither the password nor a token is stored") {
        const auto everything = world.everything();
        CHECK(everything.find("correct horse") == std::string::npos);
        const auto refresh = cookie_of(response);
        CHECK(everything.find(refresh.substr(refresh.rfind('.') + 1)) == std::string::npos);
        CHECK(everything.find(text_of(body, "token")) == std::string::npos);
        CHECK(everything.find("$argon2id$") != std::string::npos);
    }
}

TEST_CASE("over plain http the cookie is not Secure, so that it comes back", "[identity]") {
    auto options = test_options();
    options.public_url = "http://127.0.0.1:8080";
    World world(Backend::sqlite, options);
    CHECK(header_of(world.sign_up("ada@example.org"), "Set-Cookie").find("Secure") == std::string::npos);
}

TEST_CASE("one password typed on two systems is one password", "[identity]") {
    World world(Backend::sqlite);
    const auto body = [](const char* password) {
        return std::string(R"({"name":"Ada","email":"ada@example.org","password":")") + password + R"("})";
    };
    REQUIRE(world.server.call(Method::post, "/api/auth/sign-up", body("pa\xCC\x88sswo\xCC\x88rter")).status ==
            201);  // decomposed
    CHECK(world.sign_in("ada@example.org", "pa\xCC\x88sswo\xCC\x88rter").status == 200);
    CHECK(world.sign_in("ada@example.org", "p\xC3\xA4ssw\xC3\xB6rter").status == 200);  // composed
}

TEST_CASE("a sign-up with Idempotency-Key can be repeated", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    Call with;
    with.headers = {{"Idempotency-Key", "first-try"}};
    const auto first = world.account("ada@example.org", with);
    const auto again = world.sign_up("ada@example.org", with);
    CHECK(again.status == 201);
    CHECK(header_of(again, "Idempotency-Replayed") == "true");
    const auto second = World::account_of(again);
    CHECK(second.id == first.id);
    CHECK(world.server.authenticate(second.token).has_value());
    CHECK(world.count("SELECT count(*) FROM users") == 1);
    CHECK(world.everything().find("first-try") == std::string::npos);

    SECTION("but not with another body") {
        CHECK(wrong_fields(world.sign_up("bob@example.org", with)) == std::vector<std::string>{"Idempotency-Key"});
        const auto other = world.server.call(
            Method::post, "/api/auth/sign-up",
            R"({"name":"Ada","email":"ada@example.org","password":"another horse","timezone":"Europe/Berlin"})", with);
        CHECK(other.status == 422);
        CHECK(wrong_fields(other) == std::vector<std::string>{"Idempotency-Key"});
        CHECK(world.count("SELECT count(*) FROM users") == 1);
    }
    SECTION("and another key is another sign-up") {
        with.headers = {{"Idempotency-Key", "second-try"}};
        CHECK(world.sign_up("ada@example.org", with).status == 409);
        CHECK(world.sign_up("bob@example.org", with).status == 201);
    }
}

TEST_CASE("two equal sign-ups at once make one account", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    Call with;
    with.headers = {{"Idempotency-Key", "twice"}};
    const std::string body = R"({"name":"Ada","email":"ada@example.org","password":"correct horse"})";
    const auto answers = world.server.call_all(
        {{Method::post, "/api/auth/sign-up", body, with}, {Method::post, "/api/auth/sign-up", body, with}});
    CHECK(std::min(answers[0].status, answers[1].status) == 201);
    CHECK((std::max(answers[0].status, answers[1].status) == 409 ||
           std::max(answers[0].status, answers[1].status) == 201));
    CHECK(world.count("SELECT count(*) FROM users") == 1);
}

TEST_CASE("refresh rotates", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto first = world.account();
    world.clock.advance(10min);
    Call with;
    with.cookie = first.cookie;
    const auto answer = world.server.call(Method::post, "/api/auth/refresh", "", with);
    REQUIRE(answer.status == 200);
    const auto second = World::account_of(answer);
    CHECK(second.id == first.id);
    CHECK(second.cookie != first.cookie);
    CHECK(text_of(body_of(answer), "expires_at") == "2027-03-01T12:25:00Z");
    CHECK(world.server.authenticate(second.token).has_value());
    Call next;
    next.cookie = second.cookie;

    SECTION("a second use within the grace is refused and harms nothing") {
        world.clock.advance(9s);
        const auto raced = world.server.call(Method::post, "/api/auth/refresh", "", with);
        CHECK(raced.status == 409);
        CHECK(header_of(raced, "Set-Cookie").empty());
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", next).status == 200);
    }
    SECTION("a later second use ends the session, whoever made it") {
        world.clock.advance(11s);
        const auto reused = world.server.call(Method::post, "/api/auth/refresh", "", with);
        CHECK(reused.status == 401);
        CHECK(header_of(reused, "Set-Cookie").find("Max-Age=0") != std::string::npos);
        CHECK_FALSE(world.server.authenticate(second.token).has_value());
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", next).status == 401);
        CHECK(world.count("SELECT count(*) FROM sessions") == 0);
    }
    SECTION("one that is two generations old ends the session even within the grace") {
        REQUIRE(world.server.call(Method::post, "/api/auth/refresh", "", next).status == 200);
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", with).status == 401);
        CHECK_FALSE(world.server.authenticate(second.token).has_value());
    }
    SECTION("a made-up token of the session ends nothing") {
        auto forged = second.cookie;
        const auto family = forged.find('.', forged.find('.') + 1) + 1;
        forged[family] = forged[family] == 'A' ? 'B' : 'A';
        Call bad;
        bad.cookie = forged;
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", bad).status == 401);
        CHECK(world.server.authenticate(second.token).has_value());
    }
    SECTION("thirty days without one end it") {
        world.clock.advance(24h * 30 + 1s);
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", next).status == 401);
    }
}

TEST_CASE("of two refreshes at once one wins and the other is told to look again", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    Call with;
    with.cookie = world.account().cookie;
    const auto answers = world.server.call_all(
        {{Method::post, "/api/auth/refresh", "", with}, {Method::post, "/api/auth/refresh", "", with}});
    CHECK(std::min(answers[0].status, answers[1].status) == 200);
    CHECK(std::max(answers[0].status, answers[1].status) == 409);
    CHECK(world.count("SELECT count(*) FROM sessions") == 1);
}

TEST_CASE("refresh needs a cookie that is ours", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    CHECK(world.server.call(Method::post, "/api/auth/refresh").status == 401);
    for (const auto* value : {"x", "a.b.c.d", "....", "0.0.0.0.0"}) {
        Call with;
        with.cookie = value;
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", with).status == 401);
    }
    Call extra;
    extra.cookie = account.cookie;
    CHECK(world.server.call(Method::post, "/api/auth/refresh", R"({"all":true})", extra).status == 422);
    CHECK(world.server.call(Method::post, "/api/auth/refresh", "[]", extra).status == 422);
    CHECK(world.server.call(Method::post, "/api/auth/refresh", "{}", extra).status == 200);
}

TEST_CASE("other sites' pages cannot use the cookie", "[identity]") {
    auto options = test_options();
    options.allowed_origins = {"http://localhost:5173"};
    World world(Backend::sqlite, options);
    const auto account = world.account();
    const auto* const path = GENERATE("/api/auth/refresh", "/api/auth/sign-out");
    const auto from = [&](std::vector<http::Header> headers) {
        Call with;
        with.cookie = account.cookie;
        with.headers = std::move(headers);
        return world.server.call(Method::post, path, "", with).status;
    };
    for (const auto* origin :
         {"https://evil.example", "null", "https://tasks.example.evil.example", "http://tasks.example:8080", "\xff"}) {
        CHECK(from({{"Origin", origin}}) == 403);
    }
    CHECK(from({{"Sec-Fetch-Site", "cross-site"}}) == 403);
    CHECK(world.count("SELECT count(*) FROM sessions") == 1);
    const auto* const fine = GENERATE("https://tasks.example", "https://tasks.example:443", "HTTPS://TASKS.example",
                                      "http://localhost:5173");
    CHECK(from({{"Origin", fine}, {"Sec-Fetch-Site", "same-origin"}}) < 300);
}

TEST_CASE("sign-out ends the session", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    std::vector<std::pair<std::string, std::string>> ended;
    world.server.identity().on_revoked(
        [&](const std::string& user, const std::string& credential) { ended.emplace_back(user, credential); });
    const auto account = world.account();
    const auto other = World::account_of(world.sign_in("ada@example.org"));
    const auto session = world.server.authenticate(account.token)->session_id;
    Call with;

    SECTION("by access token") { with.token = account.token; }
    SECTION("by cookie, when the access token has run out") {
        world.clock.advance(16min);
        with.token = account.token;
        with.cookie = account.cookie;
    }
    const auto answer = world.server.call(Method::post, "/api/auth/sign-out", "", with);
    CHECK(answer.status == 204);
    CHECK(header_of(answer, "Set-Cookie").find("carillon_refresh=; ") == 0);
    CHECK(header_of(answer, "Set-Cookie").find("Max-Age=0") != std::string::npos);
    CHECK(ended == std::vector<std::pair<std::string, std::string>>{{account.id, session}});
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
    CHECK(world.count("SELECT count(*) FROM sessions") == 1);
    Call cookie;
    cookie.cookie = account.cookie;
    CHECK(world.server.call(Method::post, "/api/auth/refresh", "", cookie).status == 401);
    cookie.cookie = other.cookie;
    CHECK(world.server.call(Method::post, "/api/auth/refresh", "", cookie).status == 200);
}

TEST_CASE("sign-out without credentials is refused, with an ended session's cookie it is done", "[identity]") {
    World world(Backend::sqlite);
    CHECK(world.server.call(Method::post, "/api/auth/sign-out").status == 401);
    Call with;
    with.cookie = world.account().cookie;
    CHECK(world.server.call(Method::post, "/api/auth/sign-out", "", with).status == 204);
    CHECK(world.server.call(Method::post, "/api/auth/sign-out", "", with).status == 204);
}

TEST_CASE("a user has at most a hundred sessions", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto first = world.account();
    for (int i = 0; i < 100; ++i) {
        world.clock.advance(1s);
        REQUIRE(world.sign_in("ada@example.org").status == 200);
    }
    CHECK(world.count("SELECT count(*) FROM sessions") == 100);
    CHECK_FALSE(world.server.authenticate(first.token).has_value());
}

TEST_CASE("too many passwords at once are refused, not queued without end", "[identity]") {
    auto options = test_options();
    options.max_hashing = 1;
    options.max_hash_queue = 3;
    options.hash_memory = 16 * 1024 * 1024;
    World world(Backend::sqlite, options);
    std::vector<Replica::Planned> calls;
    for (int i = 0; i < 12; ++i) {
        calls.push_back(
            {Method::post,
             "/api/auth/sign-up",
             R"({"name":"Ada","password":"correct horse","email":"a)" + std::to_string(i) + R"(@example.org"})",
             {}});
    }
    int made = 0, refused = 0;
    for (const auto& answer : world.server.call_all(std::move(calls))) {
        if (answer.status == 201) ++made;
        if (answer.status == 503 && !header_of(answer, "Retry-After").empty()) ++refused;
    }
    CHECK(made + refused == 12);
    CHECK(made >= 4);
    CHECK(refused >= 1);
    CHECK(world.count("SELECT count(*) FROM users") == made);
    CHECK(world.server.metrics().find("carillon_password_hashes_pending 0") != std::string::npos);
}

TEST_CASE("an unknown address costs as much as a wrong password", "[identity]") {
    auto options = test_options();
    options.hash_memory = 32 * 1024 * 1024;
    World world(Backend::sqlite, options);
    world.account();
    // Of the process, so that a busy machine does not matter; the least of three, as other tests' pools may still end.
    const auto cpu_time = [&](const std::string& email) {
        auto least = std::numeric_limits<std::clock_t>::max();
        for (int i = 0; i < 3; ++i) {
            const auto from = std::clock();
            REQUIRE(world.sign_in(email, "wrong horse").status == 401);
            least = std::min(least, std::clock() - from);
        }
        return static_cast<double>(least);
    };
    const double wrong = cpu_time("ada@example.org"), unknown = cpu_time("nobody@example.org");
    CHECK(unknown > 0.5 * wrong);
    CHECK(unknown < 2 * wrong);
    CHECK(world.sign_in("nobody@example.org", "wrong horse").body ==
          world.sign_in("ada@example.org", "wrong horse").body);
    CHECK(world.server.metrics().find("\ncarillon_password_hashes_total 9\n") != std::string::npos);
}

TEST_CASE("a stored hash of another cost is renewed by the next sign-in", "[identity]") {
    World world(Backend::sqlite);
    world.account();
    auto dearer = test_options();
    dearer.hash_passes = 2;
    Replica later(*world.database, world.clock, dearer);
    CHECK(later.call(Method::post, "/api/auth/sign-in", R"({"email":"ada@example.org","password":"correct horse"})")
              .status == 200);
    CHECK(world.everything().find("t=2") != std::string::npos);
    CHECK(later.call(Method::post, "/api/auth/sign-in", R"({"email":"ada@example.org","password":"correct horse"})")
              .status == 200);
}
