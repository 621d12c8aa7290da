// What a session promises: the same on both backends.
#include "../../../src/db/sql_text.hpp"
#include "work.hpp"

using namespace carillon;
using test::Backend;
using test::TestDatabase;

TEST_CASE("values come back as they were stored", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, done BIGINT NOT NULL, title TEXT, due BIGINT)"});

    const std::string title = "π, 'quotes' \"double\" :name -- and 日本語 %_\\";
    const auto insert = [&](db::Transaction& tx) -> Result<std::int64_t> {
        constexpr auto sql = "INSERT INTO item (id, done, title, due) VALUES (:id, :done, :title, :due)";
        return tx.exec(sql, std::int64_t{1} << 62, true, title, std::optional<std::int64_t>{}) +
               tx.exec(sql, -5, false, std::optional<std::string>{}, std::optional<std::int64_t>{7});
    };
    const auto inserted = database->write_now(insert);
    REQUIRE(inserted.has_value());
    CHECK(*inserted == 2);

    using Row = std::tuple<std::int64_t, bool, std::optional<std::string>, std::optional<std::int64_t>>;
    const auto read = [&](db::Session& session) -> Result<std::vector<Row>> {
        return session.query<std::int64_t, bool, std::optional<std::string>, std::optional<std::int64_t>>(
            "SELECT id, done, title, due FROM item ORDER BY id");
    };
    const auto rows = database->read_now(read);
    REQUIRE(rows.has_value());
    REQUIRE(rows->size() == 2);
    CHECK((*rows)[0] == Row{-5, false, std::nullopt, 7});
    CHECK((*rows)[1] == Row{std::int64_t{1} << 62, true, title, std::nullopt});
}

TEST_CASE("NULL and NUL are never passed over in silence", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, title TEXT)", "INSERT INTO item (id) VALUES (1)"});

    const auto read_null = [](db::Session& session) -> Result<std::string> {
        return std::get<0>(session.query_one<std::string>("SELECT title FROM item").value());
    };
    CHECK_THROWS_AS(database->read_now(read_null), std::logic_error);
    const auto write_nul = [](db::Transaction& tx) -> Result<void> {
        tx.exec("UPDATE item SET title = :title", std::string{"a\0b", 3});
        return {};
    };
    CHECK_THROWS_AS(database->write_now(write_nul), std::logic_error);
    const auto too_few = [](db::Session& session) -> Result<void> {
        session.exec("SELECT id FROM item WHERE id = :id");
        return {};
    };
    CHECK_THROWS_AS(database->read_now(too_few), std::logic_error);
    CHECK(test::number(*database, "SELECT count(*) FROM item WHERE title IS NULL") == 1);
}

TEST_CASE("a kept statement takes new values, other types and other columns", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.readers = 1, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, title TEXT)"});
    constexpr std::string_view by_id = "SELECT title FROM item WHERE id = CAST(:id AS BIGINT)";
    for (int i = 0; i < 3; ++i) {
        const auto insert = [&](db::Transaction& tx) -> Result<std::int64_t> {
            return tx.exec("INSERT INTO item (id, title) VALUES (:id, :title)", i, std::string(i * 50, 'x'));
        };
        REQUIRE(database->write_now(insert).has_value());
        // One reader thread: the same session, the same statements each time.
        const auto read = [&](db::Session& session) -> Result<void> {
            CHECK(session.query<std::string>(by_id, i) == std::vector{std::tuple{std::string(i * 50, 'x')}});
            CHECK(session.query<std::string>(by_id, std::to_string(i)).size() == 1);
            CHECK(session.query<std::string>(by_id, std::optional<std::int64_t>{}).empty());
            CHECK(session.query<std::int64_t>("SELECT count(*) FROM item") ==
                  std::vector{std::tuple<std::int64_t>{i + 1}});
            return {};
        };
        REQUIRE(database->read_now(read).has_value());
    }
}

TEST_CASE("more statements than are kept, and the same one inside itself", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.readers = 1, .migrated = false}};
    const auto many = [](db::Session& session) -> Result<std::int64_t> {
        std::int64_t sum = 0;
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 400; ++i) {
                sum += std::get<0>(session.query_one<std::int64_t>("SELECT " + std::to_string(i)).value());
            }
        }
        return sum;
    };
    const auto sum = database->read_now(many);
    REQUIRE(sum.has_value());
    CHECK(*sum == 2 * 399 * 400 / 2);

    const auto nested = [](db::Session& session) -> Result<std::vector<std::int64_t>> {
        constexpr std::string_view sql = "SELECT CAST(:a AS BIGINT) + 1 UNION ALL SELECT CAST(:a AS BIGINT) + 2";
        std::vector<std::int64_t> seen;
        session.each<std::int64_t>(sql, {1}, [&](std::int64_t outer) {
            session.each<std::int64_t>(sql, {outer * 10}, [&](std::int64_t inner) { seen.push_back(inner); });
        });
        return seen;
    };
    const auto seen = database->read_now(nested);
    REQUIRE(seen.has_value());
    CHECK(*seen == std::vector<std::int64_t>{21, 22, 31, 32});
}

TEST_CASE("a visitor that throws leaves the session usable", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.readers = 1, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)", "INSERT INTO item VALUES (1), (2), (3)"});
    constexpr std::string_view sql = "SELECT id FROM item ORDER BY id";
    const auto stop = [&](db::Session& session) -> Result<void> {
        session.each<std::int64_t>(sql, {}, [](std::int64_t) { throw std::domain_error("enough"); });
        return {};
    };
    CHECK_THROWS_AS(database->read_now(stop), std::domain_error);
    test::run(database, {"DELETE FROM item WHERE id = 1"});
    const auto first = [&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(session.query_one<std::int64_t>(sql).value());
    };
    const auto result = database->read_now(first);
    REQUIRE(result.has_value());
    CHECK(*result == 2);
}

TEST_CASE("the statements of one read see one snapshot", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)", "INSERT INTO item VALUES (1)"});
    const auto twice = [&](db::Session& session) -> Result<bool> {
        const auto before = session.query<std::int64_t>("SELECT id FROM item");
        test::run(database, {"INSERT INTO item VALUES (2)"});
        return before == session.query<std::int64_t>("SELECT id FROM item");
    };
    const auto same = database->read_now(twice);
    REQUIRE(same.has_value());
    CHECK(*same);
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 2);
}

TEST_CASE("a read cannot write", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)"});
    const auto write = [](db::Session& session) -> Result<std::int64_t> {
        return session.exec("INSERT INTO item VALUES (1)");
    };
    CHECK_THROWS_AS(database->read_now(write), db::DatabaseError);  // a defect, not an answer
    CHECK(test::number(*database, "SELECT count(*) FROM item") == 0);
}

TEST_CASE("rows affected are counted, with RETURNING too", "[db]") {
    const auto backend = GENERATE(from_range(test::backends()));
    CAPTURE(test::name_of(backend));
    TestDatabase database{backend, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, n BIGINT)",
                         "INSERT INTO item VALUES (1, 0), (2, 0), (3, 0)"});
    const auto work = [](db::Transaction& tx) -> Result<void> {
        CHECK(tx.exec("UPDATE item SET n = n + 1 WHERE id > :id", 1) == 2);
        CHECK(tx.exec("UPDATE item SET n = n + 1 WHERE id > :id", 9) == 0);
        CHECK(tx.exec("UPDATE item SET n = 5 WHERE id > 0 RETURNING id") == 3);
        CHECK(tx.query<std::int64_t>("DELETE FROM item WHERE id = :id RETURNING n", 1) ==
              std::vector{std::tuple<std::int64_t>{5}});
        return {};
    };
    REQUIRE(database->write_now(work).has_value());
    CHECK(test::number(*database, "SELECT sum(n) FROM item") == 10);
}

TEST_CASE("parameters are found where SQL has them", "[db]") {
    using Names = std::vector<std::string>;
    CHECK(db::parse_sql("SELECT :b, :a, :b").names == Names{"b", "a"});
    CHECK(db::parse_sql("SELECT ':no', \":no\", 'it''s :no', :yes::text, x::bigint").names == Names{"yes"});
    CHECK(db::parse_sql("SELECT 1 -- it's :no\n + :yes /* :no ' */").names == Names{"yes"});
    CHECK(db::parse_sql("SELECT 1 -- it's :no\n + :yes /* :no ' */").text == "SELECT 1  \n + :yes  ");
    CHECK(db::parse_sql("SELECT :_a1, ': 1', a[1:2]").names == Names{"_a1"});
    CHECK(db::parse_sql("SELECT 'open :no").names == Names{});
}
