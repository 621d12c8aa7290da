#include "host.hpp"
#include "support/database.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace carillon;
using namespace carillon::test;

namespace {

BusFactory memory() {
    return [](Inbox& inbox, asio::any_io_executor) { return make_memory_bus(inbox); };
}

std::optional<std::vector<std::int64_t>> after(db::Database& database, const std::string& user, std::int64_t sequence,
                                               std::optional<std::int64_t> up_to = {}, int limit = 100) {
    using Found = std::optional<std::vector<std::int64_t>>;
    return *database.read_now([&](db::Session& session) -> Result<Found> {
        const auto events = events_after(session, user, sequence, up_to, limit);
        if (!events) return Found{};
        std::vector<std::int64_t> sequences;
        for (const auto& event : *events) sequences.push_back(event->sequence);
        return Found{sequences};
    });
}

void sql(db::Database& database, const std::string& text) {
    const auto done = database.write_now([&](db::Transaction& tx) -> Result<bool> {
        tx.exec(text);
        return true;
    });
    REQUIRE(done.has_value());
}

std::int64_t number(db::Database& database, const std::string& text) {
    return *database.read_now([&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>(text));
    });
}

}  // namespace

TEST_CASE("an event is stored with the change or not at all", "[events][outbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    Host host(*database, memory());
    const Principal who{user, "token:7", {}, "7", "00-trace-01", {}};
    const auto refused = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        REQUIRE(host.outbox().lock_user(tx, user));
        host.outbox().add(tx, who, "task.created", 5, "{}");
        return Error{Errc::conflict, "no"};
    });
    CHECK(refused.has_error());
    CHECK(number(*database, "SELECT count(*) FROM outbox") == 0);
    const auto stored = database->write_now([&](db::Transaction& tx) -> Result<Event> {
        REQUIRE(host.outbox().lock_user(tx, user));
        host.outbox().add(tx, who, "task.created", 5, "{\"a\" : 1}");
        return host.outbox().add(tx, who, "reminder.triggered", 5, "{\"a\" : 2}");
    });
    REQUIRE(stored.has_value());
    CHECK(stored->sequence == 2);
    CHECK_THAT(stored->id, Catch::StartsWith("evt-"));
    CHECK(stored->topic == "reminder-events");
    const auto rows =
        database->read_now([&](db::Session& session) -> Result<std::vector<std::shared_ptr<const Event>>> {
            CHECK(head_sequence(session, user) == 2);
            CHECK(head_sequence(session, "nobody") == 0);
            return *events_after(session, user, 0, std::nullopt, 10);
        });
    REQUIRE(rows->size() == 2);
    const Event& first = *rows->at(0);
    CHECK(first.sequence == 1);
    CHECK(first.topic == "task-events");
    CHECK(first.task_id == 5);
    CHECK(first.actor == "token:7");
    CHECK(first.traceparent == "00-trace-01");
    CHECK(first.data == "{\"a\" : 1}");
    CHECK(to_cloudevent(*rows->at(1)) == to_cloudevent(*stored));
    CHECK(number(*database, "SELECT count(*) FROM outbox WHERE aggregatetype = 'task' AND aggregateid = '5'") == 2);
}

TEST_CASE("only living users are locked", "[events][outbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    Host host(*database, memory());
    const auto lock = [&](const std::string& id) {
        return *database->write_now(
            [&](db::Transaction& tx) -> Result<bool> { return host.outbox().lock_user(tx, id); });
    };
    CHECK(lock(user));
    CHECK_FALSE(lock("nobody"));
    sql(*database, "UPDATE users SET deleted_at = 1");
    CHECK_FALSE(lock(user));
}

TEST_CASE("who changes a user's tasks keeps other writers of that user out until the commit", "[events][outbox]") {
    TestDatabase database(Backend::postgresql);  // SQLite has one writer
    const auto user = add_user(*database), other = add_user(*database);
    Host host(*database, memory());
    const auto may_lock = [&](const std::string& id) {
        const auto done = database->write_now([&](db::Transaction& tx) -> Result<bool> {
            return tx.query_one<std::int64_t>("SELECT 1 FROM users WHERE id = :id FOR NO KEY UPDATE NOWAIT", id)
                .has_value();
        });
        return done.has_value() && *done;
    };
    const auto kept = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        REQUIRE(host.outbox().lock_user(tx, user));
        CHECK_FALSE(std::async(std::launch::async, may_lock, user).get());
        CHECK(std::async(std::launch::async, may_lock, other).get());
        return true;
    });
    CHECK(kept.has_value());
    CHECK(may_lock(user));
}

TEST_CASE("concurrent writers of one user get sequences without gaps, in commit order", "[events][outbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    Host host(*database, memory());
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i) writers.emplace_back([&] { add_events(*database, host.outbox(), {user}, 25, 2); });
    for (auto& writer : writers) writer.join();
    CHECK(after(*database, user, 0) == up_to(100));
    const auto disordered =
        "SELECT count(*) FROM outbox a JOIN outbox b ON b.user_id = a.user_id AND b.sequence = a.sequence + 1 AND "
        "b.position < a.position";
    CHECK(number(*database, disordered) == 0);
}

TEST_CASE("a user's events are in one order of time, though a replica's clock is behind, one by one or together",
          "[events][outbox]") {
    TestDatabase database(Backend::postgresql);
    const auto user = add_user(*database);
    Host host(*database, memory());
    const Principal who{user, "user", {}, {}, {}, {}};
    const auto add = [&] {
        return database->write_now([&](db::Transaction& tx) -> Result<Event> {
            REQUIRE(host.outbox().lock_user(tx, user));
            return host.outbox().add(tx, who, "task.updated", 5, "{}");
        });
    };
    REQUIRE(add().has_value());
    sql(*database, "UPDATE outbox SET time = time + 5000000");  // as if another, five seconds ahead, had written it
    const auto second = add();
    REQUIRE(second.has_value());
    const auto first = number(*database, "SELECT time FROM outbox WHERE sequence = 1");
    CHECK(to_micros(second->time) == first + 1);
    const auto together = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        REQUIRE(host.outbox().lock_user(tx, user));
        const Draft draft{who, "reminder.triggered", 5, "{}"};
        host.outbox().add_all(tx, {draft, draft});
        return true;
    });
    REQUIRE(together.has_value());
    CHECK(number(*database, "SELECT time FROM outbox WHERE sequence = 3") == first + 2);
    CHECK(number(*database, "SELECT time FROM outbox WHERE sequence = 4") == first + 3);
}

TEST_CASE("missed events are given whole or not at all", "[events][outbox]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    Host host(*database, memory());
    CHECK(after(*database, user, 0) == std::vector<std::int64_t>{});
    add_events(*database, host.outbox(), {user, add_user(*database)}, 10);
    CHECK(after(*database, user, 0) == up_to(10));
    CHECK(after(*database, user, 7) == std::vector<std::int64_t>{8, 9, 10});
    CHECK(after(*database, user, 7, 9) == std::vector<std::int64_t>{8, 9});
    CHECK(after(*database, user, 7, 99) == std::vector<std::int64_t>{8, 9, 10});
    CHECK(after(*database, user, 2, std::nullopt, 3) == std::vector<std::int64_t>{3, 4, 5});
    CHECK(after(*database, user, 10) == std::vector<std::int64_t>{});
    CHECK_FALSE(after(*database, user, 11));
    CHECK_FALSE(after(*database, user, -1));
    sql(*database, "DELETE FROM outbox WHERE sequence = 4");
    CHECK_FALSE(after(*database, user, 3));
    CHECK_FALSE(after(*database, user, 1));
    CHECK_FALSE(after(*database, user, 1, std::nullopt, 3));
    CHECK_FALSE(after(*database, user, 1, 5));
    CHECK(after(*database, user, 4) == std::vector<std::int64_t>{5, 6, 7, 8, 9, 10});
    sql(*database, "DELETE FROM outbox");
    CHECK_FALSE(after(*database, user, 4));
    CHECK(after(*database, user, 10) == std::vector<std::int64_t>{});
}

TEST_CASE("a deleted account leaves no events behind, and others keep theirs", "[events][outbox]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    Effects effects(*database);
    Host host(*database, memory());
    host.bus().subscribe(Effects::recorder("first"));
    host.bus().subscribe({"second", {}, [](db::Transaction&, const Event&) -> Result<void> {
                              return Error{Errc::internal, "no"};
                          }});
    host.start();
    add_events(*database, host.outbox(), {user, other}, 3);
    REQUIRE(wait_until([&] { return number(*database, "SELECT count(*) FROM dead_letters") == 6; }));
    REQUIRE(wait_until([&] { return all_published(*database); }));
    const auto erased = database->write_now([&](db::Transaction& tx) -> Result<bool> {
        erase_events_in(tx, user);
        return true;
    });
    REQUIRE(erased.has_value());
    CHECK(number(*database, "SELECT count(*) FROM outbox") == 3);
    CHECK(number(*database, "SELECT count(*) FROM inbox") == 6);
    CHECK(number(*database, "SELECT count(*) FROM dead_letters") == 3);
}
