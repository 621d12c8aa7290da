#include "host.hpp"
#include "support/database.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

BusFactory memory() {
    return [](Inbox& inbox, asio::any_io_executor) { return make_memory_bus(inbox); };
}

std::shared_ptr<const Event> event(const std::string& user, std::int64_t sequence) {
    Event made;
    made.id = "evt-" + user + "-" + std::to_string(sequence);
    made.type = "task.updated";
    made.topic = task_events_topic;
    made.user_id = user;
    made.task_id = 1;
    made.sequence = sequence;
    made.actor = "user";
    made.data = "{}";
    return std::make_shared<const Event>(made);
}

std::int64_t number(db::Database& database, const std::string& text) {
    return *database.read_now([&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>(text));
    });
}

Subscription failing(std::string name, std::shared_ptr<std::atomic<int>> attempts) {
    return {name, {}, [attempts](db::Transaction&, const Event&) -> Result<void> {
                ++*attempts;
                return Error{Errc::internal, "not today"};
            }};
}

/// `at_once` counts the calls with several events, of which one with an event of the user `poison` fails.
Subscription also_together(Subscription subscription, std::shared_ptr<std::atomic<int>> at_once) {
    subscription.handle_all = [at_once = std::move(at_once), one = subscription.handle](
                                  db::Transaction& tx, const std::vector<const Event*>& events) -> Result<void> {
        ++*at_once;
        for (const auto* event : events) {
            const auto done = one(tx, *event);
            if (!done.has_value()) return done.error();
            if (event->user_id == "poison") return Error{Errc::internal, "not all of them"};
        }
        return {};
    };
    return subscription;
}

}  // namespace

TEST_CASE("accepted events are worked in sequence order, however they came", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    Effects effects(*database);
    Host host(*database, memory());
    host.bus().subscribe(Effects::recorder("one"));
    host.bus().subscribe(Effects::recorder("two"));
    for (const std::int64_t sequence : {3, 1, 5, 2, 4, 2, 3})
        REQUIRE(host.accept({event("a", sequence)}, false).has_value());
    REQUIRE(host.accept({event("b", 2), event("b", 1), event("b", 2)}, false).has_value());
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NULL AND payload IS NOT NULL") == 14);
    CHECK(Effects::count(*database) == 0);
    host.start();
    REQUIRE(wait_until([&] { return Effects::count(*database) == 14; }));
    for (const char* name : {"one", "two"}) {
        CHECK(Effects::of(*database, name, "a") == up_to(5));
        CHECK(Effects::of(*database, name, "b") == up_to(2));
    }
    CHECK(wait_until([&] {
        return number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NOT NULL AND payload IS NULL") == 14;
    }));
}

TEST_CASE("many lanes are worked in short transactions until nothing waits", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    Effects effects(*database);
    Host host(*database, memory());
    host.bus().subscribe(Effects::recorder("one"));
    host.start();
    for (int user = 0; user < 30; ++user) {
        std::vector<std::shared_ptr<const Event>> events;
        for (int i = 40; i > 0; --i) events.push_back(event("user" + std::to_string(user), i));
        REQUIRE(host.accept(std::move(events), false).has_value());
    }
    REQUIRE(wait_until([&] { return Effects::count(*database) == 1200; }));
    for (int user = 0; user < 30; ++user)
        CHECK(Effects::of(*database, "one", "user" + std::to_string(user)) == up_to(40));
    CHECK(wait_until([&] {
        return host.metrics().text().find("carillon_inbox_pending{subscription=\"one\"} 0") != std::string::npos;
    }));
    CHECK_THAT(host.metrics().text(), Catch::Contains("carillon_inbox_handled_total{subscription=\"one\"} 1200"));
}

TEST_CASE("a replayed event keeps its place before what waits in its lane", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    Effects effects(*database);
    std::atomic<bool> ill{true};
    Host host(*database, memory(), quick_retries(1));
    host.bus().subscribe({"one", {}, [&](db::Transaction& tx, const Event& e) -> Result<void> {
                              if (ill && e.sequence == 1) return Error{Errc::internal, "ill"};
                              Effects::record(tx, "one", e);
                              return {};
                          }});
    REQUIRE(host.accept({event("a", 1), event("a", 2)}, true).has_value());  // a single attempt: dead at once
    CHECK(Effects::of(*database, "one", "a") == std::vector<std::int64_t>{2});
    REQUIRE(host.accept({event("a", 3)}, false).has_value());
    ill = false;
    const auto replayed = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        const auto letters = host.inbox().dead_letters(tx, 10, 0);
        REQUIRE(letters.size() == 1);
        CHECK(host.inbox().dead_letters(tx, 10, letters[0].id).empty());
        return host.inbox().replay_in(tx, letters[0].id).has_value();
    });
    REQUIRE(*replayed);
    host.start();
    REQUIRE(wait_until([&] { return Effects::count(*database) == 3; }));
    CHECK(Effects::of(*database, "one", "a") == std::vector<std::int64_t>{2, 1, 3});
}

TEST_CASE("a delivery that cannot be handled at once is handled one by one", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    Effects effects(*database);
    Host host(*database, memory());
    const auto at_once = std::make_shared<std::atomic<int>>(0);
    host.bus().subscribe(also_together(Effects::recorder("one"), at_once));
    REQUIRE(host.accept({event("a", 1), event("a", 2), event("b", 1)}, true).has_value());
    CHECK(*at_once ==
          (backend == db::Backend::postgresql ? 1 : 0));  // where a statement is no round trip there is no need
    CHECK(Effects::count(*database) == 3);
    REQUIRE(host.accept({event("a", 3), event("b", 2), event("poison", 1)}, true).has_value());
    CHECK(*at_once == (backend == db::Backend::postgresql ? 2 : 0));
    CHECK(Effects::of(*database, "one", "a") == up_to(3));
    CHECK(Effects::of(*database, "one", "b") == up_to(2));
    CHECK(Effects::of(*database, "one", "poison") == up_to(1));
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NOT NULL AND attempts = 1") == 6);
}

TEST_CASE("a backlog is handled together, and where that fails one by one", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    Effects effects(*database);
    Host host(*database, memory());
    const auto at_once = std::make_shared<std::atomic<int>>(0);
    host.bus().subscribe(also_together(Effects::recorder("one"), at_once));
    for (const char* user : {"a", "poison"})
        REQUIRE(host.accept({event(user, 3), event(user, 1), event(user, 2)}, false).has_value());
    host.start();
    REQUIRE(wait_until([&] { return Effects::count(*database) == 6; }));
    CHECK(*at_once == (backend == db::Backend::postgresql ? 2 : 0));  // of each lane
    CHECK(Effects::of(*database, "one", "a") == up_to(3));
    CHECK(Effects::of(*database, "one", "poison") == up_to(3));
    const auto handled = "SELECT count(*) FROM inbox WHERE handled_at IS NOT NULL AND attempts = 1 AND payload IS NULL";
    CHECK(wait_until([&] { return number(*database, handled) == 6; }));
}

TEST_CASE("back-off is kept over a restart and not cut short by new events", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    auto attempts = std::make_shared<std::atomic<int>>(0);
    InboxOptions slow;
    slow.first_delay = slow.max_delay = 600s;
    for (int run = 0; run < 2; ++run) {
        Host host(*database, memory(), slow);
        host.bus().subscribe(failing("one", attempts));
        host.start();
        for (int i = 1; i <= 5; ++i) REQUIRE(host.accept({event("a", run * 5 + i)}, i % 2 == 0).has_value());
        REQUIRE(wait_until([&] { return *attempts >= 1; }));
        std::this_thread::sleep_for(100ms);
        CHECK(*attempts <= 2);  // once in the batch, once for itself
    }
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 10);
    CHECK(number(*database, "SELECT sum(attempts) FROM inbox") == 1);
}

TEST_CASE("retries and dead letters are counted", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    auto attempts = std::make_shared<std::atomic<int>>(0);
    Host host(*database, memory(), quick_retries(3));
    host.bus().subscribe(failing("one", attempts));
    host.start();
    REQUIRE(host.accept({event("a", 1), event("b", 1)}, true).has_value());
    REQUIRE(wait_until([&] { return number(*database, "SELECT count(*) FROM dead_letters") == 2; }));
    CHECK(wait_until([&] {
        return host.metrics().text().find("carillon_inbox_dead_letters_total{subscription=\"one\"} 2") !=
               std::string::npos;
    }));
    CHECK_THAT(host.metrics().text(), Catch::Contains("carillon_inbox_retries_total{subscription=\"one\"} 4"));
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0);
}

TEST_CASE("handled ids are kept for thirty days", "[events][inbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    Effects effects(*database);
    Host host(*database, memory());
    host.bus().subscribe(Effects::recorder("one"));
    host.start();
    const auto accept_many = [&](const std::string& user) {
        for (int first = 1; first <= 512; first += 32) {
            std::vector<std::shared_ptr<const Event>> events;
            for (int i = first; i < first + 32; ++i) events.push_back(event(user, i));
            REQUIRE(host.accept(std::move(events), true).has_value());
        }
    };
    accept_many("a");
    const auto days_ago = [](int days) { return to_micros(SystemClock().now() - std::chrono::hours(24 * days)); };
    const auto aged = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        tx.exec("UPDATE inbox SET handled_at = :t WHERE sequence <= 300", days_ago(31));
        tx.exec("UPDATE inbox SET handled_at = :t WHERE sequence > 300", days_ago(29));
        tx.exec("UPDATE inbox SET handled_at = NULL, accepted_at = :t, next_attempt_at = :never WHERE sequence = 7",
                days_ago(99), days_ago(-1));
        return true;
    });
    REQUIRE(aged.has_value());
    for (const char* user : {"b", "c", "d", "e"}) accept_many(user);  // the walk goes on as events come in
    CHECK(wait_until([&] { return number(*database, "SELECT count(*) FROM inbox WHERE user_id = 'a'") == 213; }));
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE user_id = 'a' AND handled_at IS NULL") == 1);
    CHECK(number(*database, "SELECT count(*) FROM inbox WHERE user_id <> 'a'") == 2048);
}

TEST_CASE("two replicas do not work the same lane at once", "[events][inbox]") {
    TestDatabase database(Backend::postgresql);
    Effects effects(*database);
    InboxOptions shared = quick_retries();
    shared.poll = 5ms;
    Host first(*database, memory(), shared);
    Host second(*database, memory(), shared);
    for (Host* host : {&first, &second}) {
        host->bus().subscribe({"one", {}, [](db::Transaction& tx, const Event& e) -> Result<void> {
                                   Effects::record(tx, "one", e);
                                   std::this_thread::sleep_for(1ms);
                                   return {};
                               }});
        host->start();
    }
    for (int i = 0; i < 100; ++i) {
        Host& host = i % 2 ? first : second;
        REQUIRE(host.accept({event("a", i + 1), event("b", i + 1)}, false).has_value());
    }
    REQUIRE(wait_until([&] { return number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0; }));
    CHECK(Effects::of(*database, "one", "a") == up_to(100));
    CHECK(Effects::of(*database, "one", "b") == up_to(100));
}

TEST_CASE("what one replica is handling, the user's next event at another waits for", "[events][inbox]") {
    TestDatabase database(Backend::postgresql);
    Effects effects(*database);
    InboxOptions shared = quick_retries();
    shared.poll = 5ms;
    std::atomic<bool> held{true}, reached{false};
    Host first(*database, memory(), shared);
    Host second(*database, memory(), shared);
    first.bus().subscribe({"one", {}, [&](db::Transaction& tx, const Event& e) -> Result<void> {
                               reached = true;
                               while (held) std::this_thread::sleep_for(1ms);
                               Effects::record(tx, "one", e);
                               return {};
                           }});
    second.bus().subscribe(Effects::recorder("one"));
    first.start();
    second.start();
    Result<void> accepted;
    std::thread slow([&] { accepted = first.accept({event("a", 1), event("a", 2)}, true); });
    REQUIRE(wait_until([&] { return reached.load(); }));
    REQUIRE(second.accept({event("a", 3), event("b", 1)}, true).has_value());
    CHECK(Effects::of(*database, "one", "b") == up_to(1));
    CHECK(Effects::of(*database, "one", "a").empty());
    held = false;
    slow.join();
    REQUIRE(accepted.has_value());
    REQUIRE(wait_until([&] { return Effects::count(*database) == 4; }));
    CHECK(Effects::of(*database, "one", "a") == up_to(3));
}

TEST_CASE("two replicas that are given the same events handle each once and in order", "[events][inbox]") {
    TestDatabase database(Backend::postgresql, {.readers = 4});
    Effects effects(*database);
    InboxOptions shared = quick_retries(1000);
    shared.poll = 5ms;
    std::atomic<int> calls{0};
    const bool handle_now = GENERATE(true, false);
    Host first(*database, memory(), shared);
    Host second(*database, memory(), shared);
    for (Host* host : {&first, &second}) {
        host->bus().subscribe({"one", {}, [&](db::Transaction& tx, const Event& e) -> Result<void> {
                                   Effects::record(tx, "one", e);
                                   if (++calls % 7 == 0) return Error{Errc::internal, "now and then"};
                                   return {};
                               }});
        host->start();
    }
    const auto deliver = [&](Host& host) {
        for (int i = 1; i <= 60; i += 3) {
            std::vector<std::shared_ptr<const Event>> batch;
            for (int n = std::max(1, i - 5); n < i + 3; ++n) {
                for (const char* user : {"b", "a"}) batch.push_back(event(user, n));
            }
            while (!host.accept(batch, handle_now).has_value()) {
            }
        }
    };
    std::thread other([&] { deliver(second); });
    deliver(first);
    other.join();
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 120; }));
    CHECK(wait_until([&] { return number(*database, "SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0; }));
    for (const char* user : {"a", "b"}) CHECK(Effects::of(*database, "one", user) == up_to(60));
}
