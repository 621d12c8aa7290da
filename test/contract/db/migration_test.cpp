// Migrations: in order, once, each whole or not at all.
#include "../../../src/db/migrations.hpp"
#include "../../../src/db/postgresql_connection.hpp"
#include "../../../src/db/sqlite_connection.hpp"
#include "work.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>

using namespace carillon;
using test::Backend;
using test::TestDatabase;
using Files = std::vector<embedded::File>;

namespace {

std::unique_ptr<db::Connection> connect(TestDatabase& database, Backend backend) {
    if (backend == Backend::postgresql) {
        return std::make_unique<db::PostgresqlConnection>(db::postgresql_dsn(database.url()));
    }
    return std::make_unique<db::SqliteConnection>(database.name(), db::SqliteConnection::Mode::write);
}

std::int64_t count(db::Connection& connection, std::string_view sql) {
    db::ReadSession session{connection};
    return std::get<0>(session.query_one<std::int64_t>(sql).value());
}

const Files first_two{
    {"0001_a_one.sql", "CREATE TABLE one (id BIGINT); -- it's; a comment: with :names\nINSERT INTO one VALUES (1);\n"},
    {"0002_a_two.sql", "CREATE TABLE two (id BIGINT);\n"}};

Files with(Files files, embedded::File file) {
    files.push_back(file);
    return files;
}

}  // namespace

TEST_CASE("migrations are applied once, in the order of their numbers", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    const auto connection = connect(database, backend);
    const Files backwards{first_two[1], first_two[0]};
    CHECK(db::apply_migrations(*connection, backwards) == 2);
    CHECK(db::apply_migrations(*connection, backwards) == 0);
    CHECK(db::apply_migrations(*connection, with(first_two, {"0007_a_more.sql", "INSERT INTO two VALUES (7)"})) == 1);
    CHECK(count(*connection, "SELECT sum(number) FROM schema_migrations") == 10);
    CHECK(count(*connection, "SELECT (SELECT sum(id) FROM one) + (SELECT sum(id) FROM two)") == 8);
}

TEST_CASE("a migration that fails leaves nothing behind and is tried again", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    const auto connection = connect(database, backend);
    const auto broken =
        with(first_two, {"0003_a_three.sql", "CREATE TABLE three (id BIGINT); INSERT INTO missing VALUES (1);"});
    CHECK_THROWS_WITH(db::apply_migrations(*connection, broken),
                      Catch::Contains("0003_a_three.sql") && Catch::Contains("missing") && !Catch::Contains("\n"));
    CHECK(count(*connection, "SELECT count(*) FROM schema_migrations") == 2);
    CHECK_FALSE(connection->in_transaction());
    CHECK(db::apply_migrations(*connection, with(first_two, {"0003_a_three.sql", "CREATE TABLE three (id BIGINT);"})) ==
          1);
}

TEST_CASE("a changed, a late and a foreign migration are refused", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    const auto connection = connect(database, backend);
    REQUIRE(db::apply_migrations(*connection, with(first_two, {"0005_a_five.sql", "SELECT 1;"})) == 3);
    const Files changed{
        first_two[0], {"0002_a_two.sql", "CREATE TABLE two (id TEXT);\n"}, {"0005_a_five.sql", "SELECT 1;"}};
    CHECK_THROWS_WITH(db::apply_migrations(*connection, changed),
                      Catch::Contains("0002_a_two.sql") && Catch::Contains("not the one"));
    const auto late = with(first_two, {"0004_a_four.sql", "SELECT 1;"});
    CHECK_THROWS_WITH(db::apply_migrations(*connection, with(late, {"0005_a_five.sql", "SELECT 1;"})),
                      Catch::Contains("0004_a_four.sql") && Catch::Contains("too late"));
    const Files lacking{first_two[0], {"0005_a_five.sql", "SELECT 1;"}};
    CHECK_THROWS_WITH(db::apply_migrations(*connection, lacking), Catch::Contains("0002_a_two.sql"));
    // The previous release runs on a schema that was expanded after it (DESIGN 3).
    CHECK(db::apply_migrations(*connection, first_two) == 0);
    CHECK(count(*connection, "SELECT count(*) FROM schema_migrations") == 3);
}

TEST_CASE("servers that start at the same time migrate once", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    std::atomic<int> applied{0};
    std::vector<std::string> errors(4);
    std::vector<std::thread> servers;
    for (auto& error : errors) {
        servers.emplace_back([&] {
            try {
                applied += db::apply_migrations(*connect(database, backend), first_two);
            } catch (const std::exception& e) {
                error = e.what();
            }
        });
    }
    for (auto& server : servers) server.join();
    for (const auto& error : errors) CHECK(error == "");
    CHECK(applied == 2);
    CHECK(test::number(*database, "SELECT count(*) FROM one") == 1);
}

TEST_CASE("triggers and functions with statements inside are applied as they are", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    const auto connection = connect(database, backend);
    const std::string_view trigger =
        backend == Backend::sqlite
            ? "CREATE TRIGGER t AFTER INSERT ON two BEGIN INSERT INTO one VALUES (NEW.id); INSERT INTO one VALUES "
              "(';'); END;\n"
            : "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$\n"
              "DECLARE x BIGINT; BEGIN x := NEW.id; INSERT INTO one VALUES (x); RETURN NEW; END $f$;\n"
              "CREATE TRIGGER t AFTER INSERT ON two FOR EACH ROW EXECUTE FUNCTION f();\n";
    CHECK(db::apply_migrations(*connection, with(first_two, {"0003_a_trigger.sql", trigger})) == 3);
    connection->script("INSERT INTO two VALUES (5)");
    CHECK(count(*connection, "SELECT count(*) FROM one WHERE CAST(id AS TEXT) = '5'") == 1);
}

TEST_CASE("the embedded migrations of both backends have the same names and are complete", "[db]") {
    const auto& sqlite = embedded::migrations_sqlite();
    const auto& postgresql = embedded::migrations_postgresql();
    REQUIRE(sqlite.size() == postgresql.size());
    for (std::size_t i = 0; i < sqlite.size(); ++i) {
        CHECK(sqlite[i].name == postgresql[i].name);
        CHECK(std::all_of(sqlite[i].name.begin(), sqlite[i].name.begin() + 4,
                          [](char c) { return c >= '0' && c <= '9'; }));
        if (i > 0) CHECK(sqlite[i - 1].name.substr(0, 4) < sqlite[i].name.substr(0, 4));
    }
}

TEST_CASE("the embedded migrations apply, and a second start has nothing to do", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend};
    CHECK(database->migrate() == 0);
    CHECK(test::number(*database, "SELECT count(*) FROM idempotency") == 0);
    CHECK_FALSE(test::add_user(*database).empty());
}
