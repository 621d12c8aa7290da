// What only PostgreSQL has: a server that goes away and comes back, retries, a pool.
#include "work.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace carillon;
using test::Backend;
using test::TestDatabase;

namespace {

/// A server of this test's own, for being stopped.
class PrivateServer {
public:
    PrivateServer() {
        const std::filesystem::path shared = std::getenv("CARILLON_TEST_POSTGRES_FILE");
        std::ifstream in{std::filesystem::path{shared}.replace_extension(".command")};
        REQUIRE(std::getline(in, command_));
        control("start");
    }
    ~PrivateServer() { (void)std::system((command_ + " stop " + folder_.path()).c_str()); }
    void control(const std::string& action) {
        REQUIRE(std::system((command_ + " " + action + " " + folder_.path()).c_str()) == 0);
    }
    std::string url() const {
        std::ifstream in{folder_ / "postgres.url"};
        std::string url;
        std::getline(in, url);
        return url;
    }

private:
    test::TemporaryFolder folder_;
    std::string command_;
};

template <class F>
bool eventually(F condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (std::chrono::steady_clock::now() < deadline) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return false;
}

Result<std::int64_t> insert_item(db::Transaction& tx) {
    return std::get<0>(tx.query_one<std::int64_t>("INSERT INTO item DEFAULT VALUES RETURNING id").value());
}

}  // namespace

TEST_CASE("while the server is away work is unavailable, and it goes on without a restart", "[db][postgresql]") {
    PrivateServer server;
    Metrics metrics;
    db::DatabaseOptions options;
    options.url = server.url();
    const auto database = db::open_database(options, metrics);
    const auto create = [](db::Transaction& tx) -> Result<std::int64_t> {
        return tx.exec("CREATE TABLE item (id BIGSERIAL PRIMARY KEY)");
    };
    REQUIRE(database->write_now(create).has_value());
    REQUIRE(database->write_now(insert_item).has_value());

    server.control("halt");
    for (int i = 0; i < 10; ++i) {
        const auto result = database->write_now(insert_item);
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().code == Errc::unavailable);
        CHECK(result.error().retry_after == 1);
    }
    CHECK_FALSE(database->available());

    server.control("restart");
    CHECK(eventually([&] { return database->write_now(insert_item).has_value(); }));
    CHECK(database->available());
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 2);
}

TEST_CASE("connections that the server closed are replaced without a failure", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.readers = 3, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGSERIAL PRIMARY KEY)"});
    std::atomic<int> together{0};
    const auto all_three = [&](db::Session& session) -> Result<void> {
        ++together;
        eventually([&] { return together >= 3; });
        session.exec("SELECT 1");
        return {};
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { (void)database->read_now(all_three); });
    for (auto& thread : threads) thread.join();
    REQUIRE(together == 3);  // each connection of the pool was in use at once
    test::postgres_admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database.name() +
                         "'");
    for (int i = 0; i < 12; ++i) CHECK(database->write_now(insert_item).has_value());
}

TEST_CASE("a connection that breaks inside a transaction is unavailable, once", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.readers = 1, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGSERIAL PRIMARY KEY)"});
    bool hook = false;
    const auto cut = [&](db::Transaction& tx) -> Result<std::int64_t> {
        tx.on_commit([&] { hook = true; });
        const auto id = insert_item(tx);
        test::postgres_admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" +
                             database.name() + "'");
        return id;
    };
    const auto result = database->write_now(cut);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::unavailable);
    CHECK_FALSE(hook);
    CHECK(database->write_now(insert_item).has_value());
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 1);
}

TEST_CASE("a deadlock is tried again", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.readers = 2, .migrated = false}};
    test::run(database,
              {"CREATE TABLE item (id BIGINT PRIMARY KEY, n BIGINT)", "INSERT INTO item VALUES (1, 0), (2, 0)"});
    std::atomic<int> runs{0}, locked{0};
    const auto add_to_both = [&](std::int64_t first, std::int64_t second) {
        return [&, first, second](db::Transaction& tx) -> Result<void> {
            ++runs;
            tx.exec("UPDATE item SET n = n + 1 WHERE id = :id", first);
            ++locked;
            eventually([&] { return locked >= 2; });
            tx.exec("UPDATE item SET n = n + 1 WHERE id = :id", second);
            return {};
        };
    };
    bool other = false;
    std::thread thread{[&] { other = database->write_now(add_to_both(2, 1)).has_value(); }};
    CHECK(database->write_now(add_to_both(1, 2)).has_value());
    thread.join();
    CHECK(other);
    CHECK(runs >= 3);
    CHECK(test::number(*database, "SELECT sum(n) FROM item") == 4);
}

TEST_CASE("an error that was passed over without a savepoint never looks like a commit", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto careless = [](db::Transaction& tx) -> Result<void> {
        tx.exec("INSERT INTO item VALUES (1)");
        try {
            tx.exec("INSERT INTO item VALUES (1)");
        } catch (const db::DatabaseError&) {
        }
        return {};
    };
    CHECK_THROWS_AS(database->write_now(careless), std::logic_error);
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 0);
}

TEST_CASE("sessions have time limits", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.migrated = false}};
    const auto settings = [](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(
            session
                .query_one<std::int64_t>("SELECT count(*) FROM pg_settings WHERE setting <> '0' AND name IN "
                                         "('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')")
                .value());
    };
    CHECK(*database->read_now(settings) == 3);
    const auto idle = [](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>(
            "SELECT CAST(setting AS BIGINT) FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'"));
    };
    CHECK(*database->read_now(idle) == 10'000);  // how long a frozen replica keeps the others waiting
    const auto slow = [](db::Session& session) -> Result<void> {
        session.exec("SET LOCAL statement_timeout = '20ms'");
        session.exec("SELECT pg_sleep(5)");
        return {};
    };
    const auto result = database->read_now(slow);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::unavailable);
    CHECK(database->read_now(settings).has_value());
}

TEST_CASE("no message repeats the password", "[db][postgresql]") {
    Metrics metrics;
    const auto message = [&](const std::string& url) {
        db::DatabaseOptions options;
        options.url = url;
        try {
            db::open_database(options, metrics);
        } catch (const std::runtime_error& e) {
            return std::string{e.what()};
        }
        return std::string{};
    };
    for (const std::string url :
         {"postgresql://carillon:sEcret@127.0.0.1:1/x", "postgresql://carillon:sEcret@127.0.0.1:port/x",
          "postgresql://carillon:sEcret@[::1/x", "postgresql://c:sEcret@127.0.0.1:1/x?sEcret=1"}) {
        CAPTURE(url, message(url));
        CHECK_FALSE(message(url).empty());
        CHECK(message(url).find("sEcret") == std::string::npos);
        CHECK(message(url).find('\n') == std::string::npos);
    }
    CHECK_THAT(message("postgresql://carillon:sEcret@127.0.0.1:1/x"), Catch::Contains("127.0.0.1"));
}

TEST_CASE("a PostgreSQL database is not copied by carillon", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.migrated = false}};
    test::TemporaryFolder folder;
    const auto result = database->backup(folder / "backup.db");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::invalid);
}
