#include "world.hpp"

using namespace carillon;
using namespace carillon::identity;
using namespace carillon::identity::test;
using namespace std::chrono_literals;

namespace {

Call from(std::string address) {
    Call with;
    with.address = std::move(address);
    return with;
}

/// `count` sign-ins with a wrong password.
void guess(World& world, int count, const std::string& email, const std::string& address) {
    for (int i = 0; i < count; ++i) REQUIRE(world.sign_in(email, "wrong horse", from(address)).status == 401);
}

}  // namespace

TEST_CASE("an account takes ten wrong passwords in a quarter of an hour", "[identity]") {
    World world(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto owner = world.account("ada@example.org", from("192.0.2.1"));
    guess(world, 5, "ada@example.org", "198.51.100.1");
    guess(world, 5, "ADA@example.org", "198.51.100.2");
    const auto answer = world.sign_in("ada@example.org", "wrong horse", from("198.51.100.3"));
    CHECK(answer.status == 429);
    CHECK(world.sign_in("ada@example.org", "correct horse", from("198.51.100.3")).status ==
          429);  // else guessing would go on
    CHECK(world.server.metrics().find(R"(carillon_sign_ins_total{result="throttled"} 2)") != std::string::npos);

    SECTION("which costs no other account and not the owner") {
        world.account("bob@example.org");
        CHECK(world.sign_in("bob@example.org", "correct horse", from("198.51.100.3")).status == 200);
        CHECK(world.server.authenticate(owner.token).has_value());
        Call cookie;
        cookie.cookie = owner.cookie;
        CHECK(world.server.call(Method::post, "/api/auth/refresh", "", cookie).status == 200);
        // From where a session is used, guesses are counted apart.
        CHECK(world.sign_in("ada@example.org", "correct horse", from("192.0.2.1")).status == 200);
        guess(world, 10, "ada@example.org", "192.0.2.1");
        CHECK(world.sign_in("ada@example.org", "correct horse", from("192.0.2.1")).status == 429);
    }
    SECTION("and Retry-After is the truth") {
        const auto seconds = std::chrono::seconds(std::stoi(header_of(answer, "Retry-After")));
        CHECK(seconds > 0s);
        CHECK(seconds <= 30min);
        world.clock.advance(seconds - 1s);
        CHECK(world.sign_in("ada@example.org", "correct horse", from("198.51.100.3")).status == 429);
        world.clock.advance(1s);
        CHECK(world.sign_in("ada@example.org", "correct horse", from("198.51.100.3")).status == 200);
    }
}

TEST_CASE("an unknown account is throttled like a known one", "[identity]") {
    World world(Backend::sqlite);
    guess(world, 10, "nobody@example.org", "198.51.100.1");
    CHECK(world.sign_in("nobody@example.org", "wrong horse", from("198.51.100.2")).status == 429);
}

TEST_CASE("an address has fifty wrong passwords, over all accounts", "[identity]") {
    World world(Backend::sqlite);
    world.account("ada@example.org", from("192.0.2.1"));
    for (int i = 0; i < 10; ++i)
        guess(world, 5, "user" + std::to_string(i) + "@example.org", "2001:db8:1:2::" + std::to_string(i));
    CHECK(world.sign_in("ada@example.org", "correct horse", from("2001:db8:1:2:ffff::1")).status ==
          429);  // the same /64
    CHECK(world.sign_in("ada@example.org", "correct horse", from("2001:db8:1:3::1")).status == 200);
    CHECK(world.sign_in("ada@example.org", "correct horse", from("::ffff:192.0.2.9")).status == 200);
}

TEST_CASE("right passwords are not counted", "[identity]") {
    World world(Backend::sqlite);
    world.account();
    for (int i = 0; i < 60; ++i) REQUIRE(world.sign_in("ada@example.org").status == 200);
}

TEST_CASE("guesses made at once are counted one by one", "[identity]") {
    World world(Backend::sqlite);
    world.account("ada@example.org", from("192.0.2.1"));
    std::vector<Replica::Planned> guesses;
    for (int i = 0; i < 30; ++i) {
        guesses.push_back({Method::post, "/api/auth/sign-in", R"({"email":"ada@example.org","password":"wrong horse"})",
                           from("198.51.100.1")});
    }
    int tried = 0;
    for (const auto& answer : world.server.call_all(std::move(guesses))) tried += answer.status == 401;
    CHECK(tried == 10);
}

TEST_CASE("an address makes twenty accounts an hour", "[identity]") {
    auto options = test_options();
    options.sign_ups_per_address = Options().sign_ups_per_address;
    World world(Backend::sqlite, options);
    for (int i = 0; i < 20; ++i) REQUIRE(world.sign_up("user" + std::to_string(i) + "@example.org").status == 201);
    const auto answer = world.sign_up("one-more@example.org");
    CHECK(answer.status == 429);
    CHECK_FALSE(header_of(answer, "Retry-After").empty());
    CHECK(world.sign_up("one-more@example.org", from("192.0.2.2")).status == 201);
    CHECK(world.sign_up("x").status == 422);  // what is refused anyhow is not counted
    world.clock.advance(std::chrono::seconds(std::stoi(header_of(answer, "Retry-After"))));
    CHECK(world.sign_up("another@example.org").status == 201);
}

TEST_CASE("replicas that share a store share the throttle", "[identity]") {
    const ManualClock store_clock(start);
    auto options = test_options();
    options.throttle_store = make_local_state_store(store_clock);
    World world(Backend::sqlite, options);
    Replica other(*world.database, world.clock, options);
    guess(world, 10, "ada@example.org", "198.51.100.1");
    CHECK(other.call(Method::post, "/api/auth/sign-in", R"({"email":"ada@example.org","password":"wrong horse"})")
              .status == 429);
}

TEST_CASE("the local state store counts, forgets in time, and stays bounded", "[identity]") {
    ManualClock clock(start);
    const auto store = make_local_state_store(clock, 10);
    asio::io_context io;
    const auto run = [&io](awaitable<std::int64_t> task) {
        auto result = asio::co_spawn(io, std::move(task), asio::use_future);
        io.restart();
        io.run();
        return result.get();
    };
    CHECK(run(store->get("a")) == 0);
    CHECK(run(store->add("a", 1, 10s)) == 1);
    CHECK(run(store->add("a", 2, 10s)) == 3);
    CHECK(run(store->add("a", -5, 10s)) == 0);
    CHECK(run(store->add("a", 4, 10s)) == 4);
    clock.advance(9s);
    CHECK(run(store->get("a")) == 4);
    clock.advance(1s);
    CHECK(run(store->get("a")) == 0);
    CHECK(run(store->add("a", 1, 10s)) == 1);
    for (int i = 0; i < 100; ++i) {
        run(store->add("b" + std::to_string(i), 1, 10s));
        run(store->add("kept", 1, 10s));
    }
    CHECK(run(store->get("a")) == 0);
    CHECK(run(store->get("b0")) == 0);
    CHECK(run(store->get("b99")) == 1);
    CHECK(run(store->get("kept")) == 100);  // what is in use stays
}
