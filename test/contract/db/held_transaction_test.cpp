#include "carillon/db/held_transaction.hpp"

#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

/// Runs awaitables to their end.
class Runner {
public:
    template <class T>
    T operator()(awaitable<T> work) {
        auto result = asio::co_spawn(io_, std::move(work), asio::use_future);
        io_.restart();
        io_.run();
        return result.get();
    }

private:
    asio::io_context io_;
};

Result<bool> lock(db::Session& session) {
    return std::get<0>(*session.query_one<std::int64_t>(
               "SELECT CASE WHEN pg_try_advisory_xact_lock(4711) THEN 1 ELSE 0 END")) == 1;
}

Result<bool> insert(db::Transaction& tx) {
    tx.exec("INSERT INTO held (n) VALUES (1)");
    return true;
}

std::int64_t count(db::Database& database) {
    return *database.read_now([](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM held"));
    });
}

bool is_free(db::Database& database) {
    return *database.read_now([](db::Session& session) { return lock(session); });
}

/// Once true is enough: a read that took the lock may still be ending.
bool becomes_free(db::Database& database) {
    for (int i = 0; i < 500; ++i) {
        if (is_free(database)) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return false;
}

}  // namespace

TEST_CASE("a held transaction keeps its locks between its steps", "[db][postgresql]") {
    TestDatabase database{Backend::postgresql, {.migrated = false}};
    const auto made = database->write_now([](db::Transaction& tx) -> Result<bool> {
        tx.exec("CREATE TABLE held (n BIGINT NOT NULL)");
        return true;
    });
    REQUIRE(made.has_value());
    Runner run;
    const auto held = db::make_held_transaction(*database);
    REQUIRE(held);
    const auto begin = [&] { return run(held->begin([](db::Transaction& tx) { return lock(tx); })); };
    const auto finish = [&] { return run(held->finish(insert)); };

    CHECK(finish().error().code == Errc::unavailable);  // nothing has begun
    REQUIRE(begin().has_value());
    CHECK_FALSE(is_free(*database));
    SECTION("finish() commits and frees them") {
        CHECK(finish().has_value());
        CHECK(count(*database) == 1);
        CHECK(becomes_free(*database));
        CHECK(begin().has_value());  // and once more
    }
    SECTION("roll_back() frees them") {
        run(held->roll_back());
        CHECK(becomes_free(*database));
        CHECK(finish().error().code == Errc::unavailable);
    }
    SECTION("a refusal rolls back") {
        const auto refused =
            run(held->finish([](db::Transaction& tx) -> Result<bool> { return insert(tx), not_found("no"); }));
        CHECK(refused.error().code == Errc::not_found);
        CHECK(becomes_free(*database));
    }
    SECTION("a defect is thrown and rolls back") {
        const auto broken = [](db::Transaction& tx) -> Result<bool> { return tx.exec("SELECT nothing at all"), true; };
        CHECK_THROWS(run(held->finish(broken)));
        CHECK(becomes_free(*database));
    }
    SECTION("close() frees them and lets nothing more begin") {
        held->close();
        CHECK(becomes_free(*database));
        CHECK(begin().error().code == Errc::unavailable);
    }
    SECTION("when the server has ended it, nothing is written any more; then it goes on") {
        postgres_admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND "
            "datname = '" +
            database.name() + "'");
        CHECK(becomes_free(*database));
        CHECK(finish().error().code == Errc::unavailable);
        CHECK(begin().has_value());
        CHECK(finish().has_value());
    }
    CHECK(count(*database) <= 1);
}

TEST_CASE("SQLite's one writer is not held", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite};
    CHECK_FALSE(db::make_held_transaction(*database));
}
