// What a write promises: all or nothing, durable before it is answered, and its neighbours are left alone.
#include "work.hpp"

using namespace carillon;
using test::Backend;
using test::Outcome;
using test::TestDatabase;
using Kind = db::DatabaseError::Kind;

namespace {

Result<void> insert(db::Transaction& tx, std::int64_t id) {
    tx.exec("INSERT INTO item (id) VALUES (:id)", id);
    return {};
}

test::Write inserting(std::int64_t id) {
    return [id](db::Transaction& tx) { return insert(tx, id); };
}

std::optional<Kind> kind_of(TestDatabase& database, std::string_view sql) {
    std::optional<Kind> kind;
    const auto work = [&](db::Transaction& tx) -> Result<void> {
        try {
            tx.exec(sql);
        } catch (const db::DatabaseError& e) {
            kind = e.kind();
            INFO(e.what());
            return Error{Errc::conflict, "as expected"};
        }
        return {};
    };
    (void)database->write_now(work);
    return kind;
}

}  // namespace

TEST_CASE("a refusal or a defect rolls back itself and nothing else", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto refusing = [](db::Transaction& tx) -> Result<void> {
        (void)insert(tx, 100);
        return Error{Errc::conflict, "no"};
    };
    const auto throwing = [](db::Transaction& tx) -> Result<void> {
        (void)insert(tx, 101);
        throw std::logic_error("a defect");
    };
    const auto twice = [](db::Transaction& tx) -> Result<void> {
        (void)insert(tx, 102);
        return insert(tx, 102);
    };
    const auto outcomes =
        test::write_together(*database, {inserting(1), refusing, inserting(2), throwing, twice, inserting(3)});
    CHECK(outcomes[0].ok);
    CHECK(outcomes[1].refused == Errc::conflict);
    CHECK(outcomes[2].ok);
    CHECK(outcomes[3].defect == "a defect");
    CHECK_FALSE(outcomes[4].defect.empty());
    CHECK(outcomes[5].ok);
    CHECK(test::number(*database, "SELECT sum(id) FROM item") == 6);
    database.reopen();
    CHECK(test::number(*database, "SELECT sum(id) FROM item") == 6);
}

TEST_CASE("when a commit fails its whole group is unavailable, refusals too", "[db]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)",
                         "CREATE TABLE part (item_id BIGINT REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)"});
    const auto orphan = [](db::Transaction& tx) -> Result<void> {
        tx.exec("INSERT INTO part (item_id) VALUES (77)");
        return {};
    };
    bool hook = false;
    const auto with_hook = [&](db::Transaction& tx) -> Result<void> {
        tx.on_commit([&] { hook = true; });
        return insert(tx, 1);
    };
    const auto refusing = [](db::Transaction&) -> Result<void> { return Error{Errc::not_found, "no"}; };
    const auto outcomes = test::write_together(*database, {with_hook, orphan, refusing, inserting(2)});
    for (const auto& outcome : outcomes) CHECK(outcome.refused == Errc::unavailable);
    CHECK_FALSE(hook);
    CHECK_FALSE(database->available());
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 0);
    REQUIRE(database->write_now(inserting(3)).has_value());
    CHECK(database->available());
    CHECK(test::number(*database, "SELECT sum(id) FROM item") == 3);
}

TEST_CASE("a full disk is unavailable, and the database goes on when there is room again", "[db]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, body TEXT)", "PRAGMA max_page_count = 32"});
    const auto large = [](db::Transaction& tx) -> Result<void> {
        tx.exec("INSERT INTO item (id, body) VALUES (9, :body)", std::string(1'000'000, 'x'));
        return {};
    };
    const auto outcomes = test::write_together(*database, {inserting(1), large, inserting(2)});
    CHECK(outcomes[1].refused == Errc::unavailable);
    // SQLite may end the whole transaction: then all are refused, otherwise the others are stored; never a mixture.
    CHECK(outcomes[0].ok == outcomes[2].ok);
    CHECK(test::number(*database, "SELECT count(*) FROM item") == (outcomes[0].ok ? 2 : 0));
    test::run(database, {"PRAGMA max_page_count = 100000"});
    REQUIRE(database->write_now(large).has_value());
    CHECK(test::number(*database, "SELECT length(body) FROM item WHERE id = 9") == 1'000'000);
}

TEST_CASE("work that goes on after the database has ended its transaction changes nothing", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto go_on = [](db::Transaction& tx) -> Result<void> {
        (void)insert(tx, 1);
        tx.exec("ROLLBACK");  // as SQLite itself does when the disk is full
        try {
            (void)insert(tx, 2);
        } catch (const db::DatabaseError&) {
        }
        return {};
    };
    const auto outcomes = test::write_together(*database, {inserting(4), go_on, inserting(8)});
    for (const auto& outcome : outcomes) CHECK(outcome.refused == Errc::unavailable);
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 0);
    REQUIRE(database->write_now(inserting(16)).has_value());
    CHECK(test::number(*database, "SELECT sum(id) FROM item") == 16);
}

TEST_CASE("on_commit hooks run once, after the commit and before the answer", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    std::vector<std::string> hooks;
    std::int64_t seen = 0;
    const auto work = [&](db::Transaction& tx) -> Result<void> {
        tx.on_commit([&] {
            hooks.push_back("kept");
            const auto count = [](db::Session& s) -> Result<std::int64_t> {
                return std::get<0>(s.query_one<std::int64_t>("SELECT count(*) FROM item").value());
            };
            seen = *database->read_now(count);
        });
        tx.savepoint([&] {
            tx.on_commit([&] { hooks.push_back("rolled back"); });
            return false;
        });
        tx.on_commit([] { throw std::runtime_error("a hook's failure is logged"); });
        return insert(tx, 1);
    };
    const auto refusing = [&](db::Transaction& tx) -> Result<void> {
        tx.on_commit([&] { hooks.push_back("refused"); });
        return Error{Errc::conflict, "no"};
    };
    REQUIRE(database->write_now(work).has_value());
    CHECK(hooks == std::vector<std::string>{"kept"});
    CHECK(seen == 1);
    CHECK_FALSE(database->write_now(refusing).has_value());
    CHECK(hooks.size() == 1);
}

TEST_CASE("a savepoint rolls back its own part, also after an error", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto work = [](db::Transaction& tx) -> Result<void> {
        (void)insert(tx, 1);
        CHECK(tx.savepoint([&] {
            (void)insert(tx, 2);
            CHECK_FALSE(tx.savepoint([&] {
                (void)insert(tx, 4);
                return false;
            }));
            return true;
        }));
        const auto doubled = [&] {
            tx.savepoint([&] {
                (void)insert(tx, 8);
                (void)insert(tx, 1);
                return true;
            });
        };
        try {
            doubled();
            FAIL("the doubled key was accepted");
        } catch (const db::DatabaseError& e) {
            CHECK(e.kind() == Kind::unique);
        }
        return insert(tx, 16);
    };
    REQUIRE(database->write_now(work).has_value());
    CHECK(test::number(*database, "SELECT sum(id) FROM item") == 1 + 2 + 16);
}

TEST_CASE("errors have the same kind on both backends", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, n BIGINT NOT NULL UNIQUE CHECK (n > 0))",
                         "CREATE TABLE part (item_id BIGINT REFERENCES item (id))", "INSERT INTO item VALUES (1, 1)"});
    if (backend == Backend::sqlite) {
        test::run(database,
                  {"CREATE TRIGGER keep BEFORE DELETE ON item BEGIN SELECT RAISE(ABORT, 'append only'); END"});
    } else {
        test::run(database, {"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION "
                             "''append only''; END'",
                             "CREATE TRIGGER keep BEFORE DELETE ON item FOR EACH ROW EXECUTE FUNCTION refuse()"});
    }
    CHECK(kind_of(database, "INSERT INTO item VALUES (1, 2)") == Kind::unique);
    CHECK(kind_of(database, "INSERT INTO item VALUES (2, 1)") == Kind::unique);
    CHECK(kind_of(database, "INSERT INTO item VALUES (2, NULL)") == Kind::constraint);
    CHECK(kind_of(database, "INSERT INTO item VALUES (2, -1)") == Kind::constraint);
    CHECK(kind_of(database, "INSERT INTO part VALUES (5)") == Kind::constraint);
    CHECK(kind_of(database, "DELETE FROM item") == Kind::refused);
    CHECK(kind_of(database, "SELEKT 1") == Kind::other);
    CHECK(kind_of(database, "SELECT * FROM missing") == Kind::other);
    CHECK(kind_of(database, "INSERT INTO item VALUES (2, 2)") == std::nullopt);
    // The same statement works again after it has failed.
    const auto again = [](db::Transaction& tx) -> Result<void> {
        constexpr std::string_view sql = "INSERT INTO item (id, n) VALUES (:id, :n)";
        const auto failing = [&] { tx.savepoint([&] { return tx.exec(sql, 1, 9) == 1; }); };
        CHECK_THROWS_AS(failing(), db::DatabaseError);
        CHECK_THROWS_AS(failing(), db::DatabaseError);
        CHECK(tx.exec(sql, 9, 9) == 1);
        return {};
    };
    REQUIRE(database->write_now(again).has_value());
}

TEST_CASE("messages of errors hold no values", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id TEXT PRIMARY KEY)", "INSERT INTO item VALUES ('sEcret')"});
    const auto work = [](db::Transaction& tx) -> Result<void> {
        tx.exec("INSERT INTO item (id) VALUES (:id)", "sEcret");
        return {};
    };
    try {
        (void)database->write_now(work);
        FAIL("the doubled key was accepted");
    } catch (const db::DatabaseError& e) {
        const std::string message = e.what();
        CAPTURE(message);
        CHECK(message.find("sEcret") == message.npos);
        CHECK(message.find("INSERT INTO item") != message.npos);
    }
}

TEST_CASE("a full queue answers unavailable at once", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.readers = 1, .max_queue = 3, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto outcomes =
        test::write_together(*database, {inserting(1), inserting(2), inserting(3), inserting(4), inserting(5)});
    for (int i = 0; i < 3; ++i) CHECK(outcomes[i].ok);
    CHECK(outcomes[3].refused == Errc::unavailable);
    CHECK(outcomes[4].refused == Errc::unavailable);
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 3);
    CHECK(database.metrics().text().find("carillon_database_queue_refused_total{queue=\"" +
                                         std::string{backend == Backend::sqlite ? "writer" : "pool"} + "\"} 2") !=
          std::string::npos);
}

TEST_CASE("after close everything is unavailable, and what waited was done", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    asio::io_context& io = test::test_io();
    std::vector<Outcome> outcomes(100);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        asio::co_spawn(io, test::write_one(*database, inserting(static_cast<std::int64_t>(i)), outcomes[i]),
                       asio::detached);
    }
    io.poll();
    database.close();
    io.run();
    for (const auto& outcome : outcomes) CHECK(outcome.ok);
    const auto after = database->write_now(inserting(1000));
    REQUIRE_FALSE(after.has_value());
    CHECK(after.error().code == Errc::unavailable);
    CHECK(after.error().retry_after == 1);
    database.reopen();
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 100);
}
