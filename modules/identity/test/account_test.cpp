#include "world.hpp"

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

namespace {

Call with_token(const std::string& token) {
    Call with;
    with.token = token;
    return with;
}

Call with_key(const std::string& token, const std::string& key) {
    Call with = with_token(token);
    with.headers = {{"Idempotency-Key", key}};
    return with;
}

const std::string change = R"({"current_password":"correct horse","new_password":"a fine bell"})";

}  // namespace

TEST_CASE("the profile has every preference from the start", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    const auto answer = world.server.call(Method::get, "/api/auth/me", "", with_token(account.token));
    REQUIRE(answer.status == 200);
    CHECK(bj::parse(answer.body) == bj::value({{"id", account.id},
                                               {"name", "Ada"},
                                               {"email", "ada@example.org"},
                                               {"timezone", "Europe/Berlin"},
                                               {"preferences",
                                                {{"week_start", "monday"},
                                                 {"default_reminder_time", "09:00"},
                                                 {"theme", "system"},
                                                 {"locale", "en"},
                                                 {"notifications", true},
                                                 {"sounds", true},
                                                 {"shortcuts", true}}},
                                               {"created_at", "2027-03-01T12:00:00Z"}}));
}

TEST_CASE("PATCH changes what it names and nothing else", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    const auto patch = [&](const std::string& body) {
        return world.server.call(Method::patch, "/api/auth/me", body, with_token(account.token));
    };
    auto answer = patch(
        R"({"name":" Ada Lovelace ","preferences":{"theme":"dark","default_reminder_time":"07:30","sounds":false}})");
    REQUIRE(answer.status == 200);
    CHECK(world.server.call(Method::get, "/api/auth/me", "", with_token(account.token)).body == answer.body);
    auto profile = body_of(answer);
    CHECK(profile.at("name") == "Ada Lovelace");
    CHECK(profile.at("email") == "ada@example.org");
    CHECK(profile.at("preferences").at("theme") == "dark");
    CHECK(profile.at("preferences").at("sounds") == false);
    CHECK(profile.at("preferences").at("week_start") == "monday");

    const auto settings = [&] {
        auto work = [&](db::Session& session) -> Result<UserSettings> {
            return *world.server.identity().settings_in(session, account.id);
        };
        return *world.database->read_now(work);
    };
    CHECK(settings().default_reminder_time == 7h + 30min);
    CHECK(settings().timezone == "Europe/Berlin");

    profile = body_of(patch(R"({"timezone":"Asia/Tokyo","preferences":{"theme":null,"locale":"de"}})"));
    CHECK(profile.at("preferences").at("theme") == "system");
    CHECK(profile.at("preferences").at("locale") == "de");
    CHECK(profile.at("preferences").at("default_reminder_time") == "07:30");
    CHECK(settings().timezone == "Asia/Tokyo");
    CHECK(body_of(patch(R"({"preferences":null})")).at("preferences").at("default_reminder_time") == "09:00");
    CHECK(settings().default_reminder_time == 9h);
    CHECK(patch("{}").status == 200);
}

TEST_CASE("the e-mail address can be changed, but not to another's", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto ada = world.account();
    world.account("bob@example.org");
    const auto patch = [&](const std::string& body) {
        return world.server.call(Method::patch, "/api/auth/me", body, with_token(ada.token)).status;
    };
    CHECK(patch(R"({"name":"Bob","email":"BOB@example.org"})") == 409);
    CHECK(world.count("SELECT count(*) FROM users WHERE name = 'Bob'") == 0);
    CHECK(patch(R"({"email":"ADA@example.org"})") == 200);
    CHECK(patch(R"({"email":"lovelace@example.org"})") == 200);
    CHECK(world.sign_in("ada@example.org").status == 401);
    CHECK(world.sign_in("lovelace@example.org").status == 200);
    CHECK(world.sign_up("ada@example.org").status == 201);
}

TEST_CASE("changing the password ends the other sessions", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto here = world.account();
    const auto there = World::account_of(world.sign_in("ada@example.org"));
    REQUIRE(world.server.authenticate(there.token).has_value());
    std::vector<std::string> ended;
    world.server.identity().on_revoked([&](const std::string&, const std::string& id) { ended.push_back(id); });
    const auto there_session = world.server.authenticate(there.token)->session_id;
    CHECK(world.server.call(Method::post, "/api/auth/change-password", change, with_token(here.token)).status == 204);
    CHECK(ended == std::vector<std::string>{there_session});
    CHECK(world.server.authenticate(here.token).has_value());
    CHECK_FALSE(world.server.authenticate(there.token).has_value());
    CHECK(world.sign_in("ada@example.org").status == 401);
    CHECK(world.sign_in("ada@example.org", "a fine bell").status == 200);
    CHECK(world.everything().find("fine bell") == std::string::npos);
}

TEST_CASE("a change of password can be repeated with its Idempotency-Key", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    const auto call = [&](const std::string& body) {
        return world.server.call(Method::post, "/api/auth/change-password", body, with_key(account.token, "change-1"));
    };
    REQUIRE(call(change).status == 204);
    const auto replayed = call(change);
    CHECK(replayed.status == 204);
    CHECK(header_of(replayed, "Idempotency-Replayed") == "true");
    CHECK(wrong_fields(call(R"({"current_password":"correct horse","new_password":"another bell"})")) ==
          std::vector<std::string>{"Idempotency-Key"});
    CHECK(world.sign_in("ada@example.org", "a fine bell").status == 200);
    const auto first =
        world.server.call(Method::post, "/api/auth/change-password", change, with_key(account.token, "change-2"));
    CHECK(wrong_fields(first) == std::vector<std::string>{"current_password"});
}

TEST_CASE("no hash of a password is kept beside an Idempotency-Key", "[identity]") {
    World world(Backend::sqlite);
    const auto ada = world.account(), bob = world.account("bob@example.org");
    const std::string other = R"({"current_password":"correct horse","new_password":"another fine bell"})";
    REQUIRE(world.server.call(Method::post, "/api/auth/change-password", change, with_key(ada.token, "key")).status ==
            204);
    REQUIRE(world.server.call(Method::post, "/api/auth/change-password", other, with_key(bob.token, "key")).status ==
            204);
    CHECK(world.count("SELECT count(*) FROM idempotency") == 2);
    CHECK(world.count("SELECT count(DISTINCT request_hash) FROM idempotency") == 1);
}

TEST_CASE("whoever holds a session cannot guess the password without end", "[identity]") {
    World world(Backend::sqlite);
    const auto account = world.account();
    const std::string wrong = R"({"current_password":"wrong horse","new_password":"a fine bell"})";
    for (int i = 0; i < 10; ++i) {
        CHECK(world.server.call(Method::post, "/api/auth/change-password", wrong, with_token(account.token)).status ==
              422);
    }
    const auto answer = world.server.call(Method::post, "/api/auth/change-password", change, with_token(account.token));
    CHECK(answer.status == 429);
    CHECK_FALSE(header_of(answer, "Retry-After").empty());
    CHECK(world.server.call(Method::del, "/api/auth/me", R"({"password":"correct horse"})", with_token(account.token))
              .status == 429);
}

TEST_CASE("a deleted account leaves a pseudonym, and nothing that signs in", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    const auto other = world.account("bob@example.org");
    Call with = with_token(account.token);
    const auto token =
        text_of(body_of(world.server.call(Method::post, "/api/tokens", R"({"name":"x"})", with)), "token");
    REQUIRE(world.server.authenticate(token).has_value());
    world.exec("UPDATE users SET sequence = 41 WHERE id = '" + account.id + "'");
    std::vector<std::string> erased, ended;
    world.server.identity().on_account_deleted([&](db::Transaction& tx, const std::string& user) {
        CHECK(tx.query_one<std::string>("SELECT email FROM users WHERE id = :id", user).has_value());
        erased.push_back(user);
    });
    world.server.identity().on_revoked(
        [&](const std::string& user, const std::string& id) { ended.push_back(user + "/" + id); });

    CHECK(world.server.call(Method::del, "/api/auth/me", R"({"password":"wrong horse"})", with).status == 422);
    CHECK(world.server.authenticate(account.token).has_value());
    const auto answer = world.server.call(Method::del, "/api/auth/me", R"({"password":"correct horse"})", with);
    CHECK(answer.status == 204);
    CHECK(header_of(answer, "Set-Cookie").find("Max-Age=0") != std::string::npos);
    CHECK(erased == std::vector<std::string>{account.id});
    CHECK(ended == std::vector<std::string>{account.id + "/"});
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
    CHECK_FALSE(world.server.authenticate(token).has_value());
    Call cookie;
    cookie.cookie = account.cookie;
    CHECK(world.server.call(Method::post, "/api/auth/refresh", "", cookie).status == 401);
    CHECK(world.sign_in("ada@example.org").status == 401);
    CHECK(world.count("SELECT sequence FROM users WHERE id = '" + account.id + "'") == 41);
    CHECK(world.everything().find("ada@example.org") == std::string::npos);
    CHECK(world.everything().find("Ada") == world.everything().rfind("Ada"));  // the other one's name
    auto settings = [&](db::Session& session) -> Result<bool> {
        return world.server.identity().settings_in(session, account.id).has_value() ||
               world.server.identity().user_by_email_in(session, "deleted:" + account.id).has_value();
    };
    CHECK_FALSE(*world.database->read_now(settings));
    CHECK(world.sign_up("ada@example.org").status == 201);
    CHECK(world.server.authenticate(other.token).has_value());
}

TEST_CASE("an account is deleted with all that is other modules', or not at all", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto account = world.account();
    const auto before = world.everything();
    world.server.identity().on_account_deleted(
        [](db::Transaction& tx, const std::string&) { tx.exec("DELETE FROM sessions"); });
    world.server.identity().on_account_deleted(
        [](db::Transaction&, const std::string&) { throw std::runtime_error("erasing failed"); });
    CHECK_THROWS(
        world.server.call(Method::del, "/api/auth/me", R"({"password":"correct horse"})", with_token(account.token)));
    CHECK(world.everything() == before);
    CHECK(world.server.authenticate(account.token).has_value());
}

TEST_CASE("sessions are listed and ended by their own user only", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto first = world.account();
    world.clock.advance(1min);
    Call from;
    from.address = "198.51.100.7";
    const auto second = World::account_of(world.sign_in("ada@example.org", "correct horse", from));
    const auto bob = world.account("bob@example.org");
    const auto list = [&](const std::string& token) {
        const auto answer = world.server.call(Method::get, "/api/auth/sessions", "", with_token(token));
        REQUIRE(answer.status == 200);
        return body_of(answer).at("items").as_array();
    };
    const auto items = list(second.token);
    REQUIRE(items.size() == 2);
    const auto session = world.server.authenticate(second.token)->session_id;
    CHECK(items[0] == bj::value({{"id", session},
                                 {"created_at", "2027-03-01T12:01:00Z"},
                                 {"last_used_at", "2027-03-01T12:01:00Z"},
                                 {"expires_at", "2027-03-31T12:01:00Z"},
                                 {"user_agent", "test"},
                                 {"address", "198.51.100.7"},
                                 {"current", true}}));
    CHECK(items[1].at("current") == false);
    const auto first_id = text_of(items[1].as_object(), "id");

    const auto end = [&](const std::string& id, const std::string& token) {
        return world.server.call(Method::del, "/api/auth/sessions/" + id, "", with_token(token));
    };
    CHECK(end(first_id, bob.token).status == 404);
    CHECK(world.server.authenticate(first.token).has_value());
    for (const auto* id : {"1", "x", "0195f2a0-0000-7000-8000-000000000000", "0195F2A0-0000-7000-8000-000000000000"}) {
        CHECK(end(id, bob.token).status == 404);
    }
    SECTION("one of them") {
        CHECK(end(first_id, second.token).status == 204);
        CHECK(end(first_id, second.token).status == 404);
        CHECK_FALSE(world.server.authenticate(first.token).has_value());
        CHECK(list(second.token).size() == 1);
    }
    SECTION("the current one, with its cookie") {
        const auto answer = end(session, second.token);
        CHECK(answer.status == 204);
        CHECK(header_of(answer, "Set-Cookie").find("Max-Age=0") != std::string::npos);
        CHECK_FALSE(world.server.authenticate(second.token).has_value());
    }
    SECTION("all others") {
        CHECK(world.server.call(Method::del, "/api/auth/sessions", "", with_token(second.token)).status == 204);
        CHECK_FALSE(world.server.authenticate(first.token).has_value());
        CHECK(world.server.authenticate(second.token).has_value());
        CHECK(world.server.authenticate(bob.token).has_value());
    }
}

TEST_CASE("the command line adds users and sets passwords by the same rules", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    auto& identity = world.server.identity();
    const auto id = identity.add_user("Ada", "Ada@example.org", "correct horse", "Europe/Berlin");
    REQUIRE(id.has_value());
    CHECK(identity.add_user("Ada", "ada@EXAMPLE.org", "correct horse", "").error().code == Errc::conflict);
    CHECK(identity.add_user("", "x", "y", "z").error().fields.size() == 4);
    CHECK(identity.add_user("\xff", "a@b", "correct horse", "").error().code == Errc::invalid);
    auto find = [&](db::Session& session) -> Result<std::string> {
        return *identity.user_by_email_in(session, " ADA@example.org");
    };
    CHECK(*world.database->read_now(find) == *id);
    const auto account = World::account_of(world.sign_in("ada@example.org"));
    CHECK(account.id == *id);

    CHECK(identity.set_password("nobody@example.org", "a fine bell").error().code == Errc::not_found);
    CHECK(identity.set_password("ada@example.org", "short").error().code == Errc::invalid);
    REQUIRE(identity.set_password("ada@example.org", "a fine bell").has_value());
    CHECK_FALSE(world.server.authenticate(account.token).has_value());
    CHECK(world.sign_in("ada@example.org", "a fine bell").status == 200);
}
