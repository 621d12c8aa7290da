// What only SQLite has: one writer, inline reads, the log, the lock file, backups.
#include "work.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

using namespace carillon;
using test::Backend;
using test::TestDatabase;

namespace {

int mode_of(const std::string& file) {
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

Result<std::int64_t> count_items(db::Session& session) {
    return std::get<0>(session.query_one<std::int64_t>("SELECT count(*) FROM item").value());
}

/// Opens `url` once more, not exclusively.
std::unique_ptr<db::Database> open_beside(const std::string& url, Metrics& metrics) {
    db::DatabaseOptions options;
    options.url = url;
    options.exclusive = false;
    return db::open_database(options, metrics);
}

awaitable<void> read_threads(db::Database& database, std::thread::id& point, std::thread::id& scan) {
    const auto point_read = [&](db::Session&) -> Result<void> {
        point = std::this_thread::get_id();
        return {};
    };
    const auto scan_read = [&](db::Session&) -> Result<void> {
        scan = std::this_thread::get_id();
        return {};
    };
    (void)co_await database.read(point_read);
    (void)co_await database.read(db::ReadKind::scan, scan_read);
}

awaitable<void> write_and_read_back(db::Database& database, int writes, std::atomic<int>& wrong) {
    for (int i = 0; i < writes; ++i) {
        const auto insert = [](db::Transaction& tx) -> Result<std::int64_t> {
            return std::get<0>(tx.query_one<std::int64_t>("INSERT INTO item (n) VALUES (0) RETURNING id").value());
        };
        const auto id = co_await database.write(insert);
        const auto find = [&](db::Session& session) -> Result<bool> {
            return session.query_one<std::int64_t>("SELECT n FROM item WHERE id = :id", *id).has_value();
        };
        const auto found = co_await database.read(find);
        if (!found || !*found) ++wrong;
    }
}

}  // namespace

TEST_CASE("point reads run inline on threads that asked for it, scans elsewhere", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    std::thread::id point, scan;
    const auto run = [&] {
        asio::io_context& io = test::test_io();
        bool over = false;
        asio::co_spawn(io, read_threads(*database, point, scan), [&](std::exception_ptr) { over = true; });
        const auto work = asio::make_work_guard(io);
        while (!over) io.run_one();
    };
    run();
    CHECK(point != std::this_thread::get_id());
    database->use_inline_reads_on_this_thread();
    point = scan = {};
    run();
    CHECK(point == std::this_thread::get_id());
    CHECK(scan != std::this_thread::get_id());
}

TEST_CASE("an inline read sees what its own thread has written, under load on all threads", "[db][sqlite]") {
    std::array<asio::io_context, 3> ios;  // before the database, whose threads post to them
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id INTEGER PRIMARY KEY, n BIGINT)"});
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (auto& io : ios) {
        threads.emplace_back([&] {
            database->use_inline_reads_on_this_thread();
            for (int c = 0; c < 8; ++c) asio::co_spawn(io, write_and_read_back(*database, 50, wrong), asio::detached);
            io.run();
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(*database->read_now(count_items) == 3 * 8 * 50);
    CHECK(wrong == 0);
}

TEST_CASE("closing while I/O threads read and write is safe", "[db][sqlite]") {
    asio::io_context io;  // before the database, whose threads post to it
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id INTEGER PRIMARY KEY)"});
    std::atomic<int> reads{0};
    std::atomic<bool> unavailable{false};
    const auto read_on = [&]() -> awaitable<void> {
        while (!unavailable) {
            const auto result = co_await database->read(count_items);
            if (result)
                ++reads;
            else
                unavailable = result.error().code == Errc::unavailable;
        }
    };
    const auto insert = [](db::Transaction& tx) -> Result<std::int64_t> {
        return tx.exec("INSERT INTO item DEFAULT VALUES");
    };
    const auto write_on = [&]() -> awaitable<void> {
        auto result = co_await database->write(insert);
        while (result) result = co_await database->write(insert);
    };
    std::thread io_thread{[&] {
        database->use_inline_reads_on_this_thread();
        asio::co_spawn(io, read_on(), asio::detached);
        for (int i = 0; i < 4; ++i) asio::co_spawn(io, write_on(), asio::detached);
        io.run();
    }};
    while (reads < 100) std::this_thread::yield();
    database.close();
    io_thread.join();
    CHECK(unavailable);
}

TEST_CASE("reads that were not drained, and idle threads, do not keep the log from starting again", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.readers = 1, .migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, body TEXT)",
                         "INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c')"});
    const auto undrained = [](db::Session& session) -> Result<void> {
        try {
            session.each<std::int64_t>("SELECT id FROM item ORDER BY id", {},
                                       [](std::int64_t) { throw std::domain_error("stop"); });
        } catch (const std::domain_error&) {
        }
        (void)session.query_one<std::int64_t>("SELECT id FROM item ORDER BY id");
        session.exec("SELECT id FROM item");
        return {};
    };
    REQUIRE(database->read_now(undrained).has_value());
    database->use_inline_reads_on_this_thread();
    asio::io_context& io = test::test_io();
    const auto inline_read = [&]() -> awaitable<void> { (void)co_await database->read(undrained); };
    asio::co_spawn(io, inline_read(), asio::detached);
    io.run();

    for (int i = 0; i < 200; ++i) {
        // Another text each time: SQLite writes only the pages that differ.
        const std::string body(256 * 1024, static_cast<char>('a' + i % 26));
        const auto update = [&](db::Transaction& tx) -> Result<std::int64_t> {
            return tx.exec("UPDATE item SET body = :body WHERE id = :id", body, i % 3 + 1);
        };
        REQUIRE(database->write_now(update).has_value());
    }
    CHECK(std::filesystem::file_size(database.name() + "-wal") < 32 * 1024 * 1024);  // of 50 MiB written
}

TEST_CASE("reads without a pause on all threads do not keep the log from starting again", "[db][sqlite]") {
    std::array<asio::io_context, 2> ios;  // before the database, whose threads post to them
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id INTEGER PRIMARY KEY, body TEXT)"});
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    const auto read_on = [&]() -> awaitable<void> {
        while (!over) (void)co_await database->read(count_items);
    };
    for (auto& io : ios) {
        threads.emplace_back([&] {
            database->use_inline_reads_on_this_thread();
            asio::co_spawn(io, read_on(), asio::detached);
            io.run();
        });
    }
    constexpr std::uintmax_t mib = 1 << 20;
    std::uintmax_t longest = 0;
    for (int i = 0; i < 100; ++i) {
        test::run(database, {"INSERT INTO item (body) VALUES (zeroblob(1048576))"});
        longest = std::max(longest, std::filesystem::file_size(database.name() + "-wal"));
    }
    over = true;
    for (auto& thread : threads) thread.join();
    CHECK(longest < 40 * mib);
}

TEST_CASE("files belong to their owner only, and closing leaves one file", "[db][sqlite]") {
    test::TemporaryFolder folder;
    const std::string file = folder / "with space & =.db";
    Metrics metrics;
    db::DatabaseOptions options;
    options.url = "sqlite:" + file;
    auto database = db::open_database(options, metrics);
    database->migrate();
    CHECK(mode_of(file) == 0600);
    CHECK(mode_of(file + "-wal") == 0600);
    CHECK(mode_of(file + ".lock") == 0600);
    database->close();
    CHECK_FALSE(std::filesystem::exists(file + "-wal"));
    database = db::open_database(options, metrics);
    CHECK(database->migrate() == 0);
}

TEST_CASE("the writer syncs at every commit and checks foreign keys", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    const auto work = [](db::Transaction& tx) -> Result<void> {
        CHECK(tx.query_one<std::int64_t>("PRAGMA synchronous") == std::tuple<std::int64_t>{2});
        CHECK(tx.query_one<std::int64_t>("PRAGMA foreign_keys") == std::tuple<std::int64_t>{1});
        CHECK(tx.query_one<std::string>("PRAGMA journal_mode") == std::tuple<std::string>{"wal"});
        CHECK(tx.query_one<std::int64_t>("PRAGMA wal_autocheckpoint") == std::tuple<std::int64_t>{0});
        return {};
    };
    REQUIRE(database->write_now(work).has_value());
}

TEST_CASE("only one process writes: the lock file names it", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY)", "INSERT INTO item VALUES (1)"});
    Metrics metrics;
    db::DatabaseOptions options;
    options.url = database.url();
    CHECK_THROWS_WITH(db::open_database(options, metrics),
                      Catch::Contains("is in use by process " + std::to_string(::getpid())) &&
                          Catch::Contains(database.name() + ".lock"));
    // Reading beside it is possible, writing is not.
    const auto beside = open_beside(database.url(), metrics);
    CHECK(*beside->read_now(count_items) == 1);
    test::run(database, {"INSERT INTO item VALUES (2)"});
    CHECK(*beside->read_now(count_items) == 2);
    const auto write = [](db::Transaction& tx) -> Result<std::int64_t> { return tx.exec("DELETE FROM item"); };
    CHECK_FALSE(beside->write_now(write).has_value());
    CHECK_THROWS_WITH(beside->migrate(), Catch::Contains("reading only"));
    beside->close();
    database.close();
    CHECK_NOTHROW(db::open_database(options, metrics));
}

TEST_CASE("what cannot be opened is named in one line", "[db][sqlite]") {
    Metrics metrics;
    const auto open = [&](const std::string& url) {
        db::DatabaseOptions options;
        options.url = url;
        return db::open_database(options, metrics);
    };
    test::TemporaryFolder folder;
    std::ofstream{folder / "text.db"} << std::string(5000, 'x');
    CHECK_THROWS_WITH(open("sqlite:" + folder / "missing/a.db"),
                      Catch::Contains("missing/a.db") && Catch::Contains("No such file"));
    CHECK_THROWS_WITH(open("sqlite:" + (folder / "text.db")),
                      Catch::Contains("text.db") && Catch::Contains("not a database"));
    CHECK_THROWS_WITH(open("sqlite:"), Catch::Contains("needs a file"));
    CHECK_THROWS_WITH(open("sqlite::memory:"), Catch::Contains("needs a file"));
    CHECK_THROWS_WITH(open("mysql://root:sEcret@host/x"),
                      Catch::Contains("must begin with") && !Catch::Contains("sEcret"));
}

TEST_CASE("a backup of a busy database is one consistent moment", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::run(database, {"CREATE TABLE item (id BIGINT PRIMARY KEY, n BIGINT, filler TEXT)"});
    const auto fill = [](db::Transaction& tx) -> Result<void> {
        for (int i = 0; i < 2000; ++i)
            tx.exec("INSERT INTO item VALUES (:id, 100, :filler)", i, std::string(1000, 'f'));
        return {};
    };
    REQUIRE(database->write_now(fill).has_value());
    std::atomic<bool> stop{false};
    std::atomic<int> moves{0};
    std::thread writer{[&] {
        for (int i = 0; !stop; ++i) {
            const auto move = [&](db::Transaction& tx) -> Result<void> {
                tx.exec("UPDATE item SET n = n - 1 WHERE id = :id", i % 2000);
                tx.exec("UPDATE item SET n = n + 1 WHERE id = :id", (i * 7 + 1000) % 2000);
                return {};
            };
            if (database->write_now(move)) ++moves;
        }
    }};
    test::TemporaryFolder folder;
    const std::string file = folder / "backup.db";
    for (int round = 0; round < 3; ++round) {
        while (moves < 50 * (round + 1)) std::this_thread::yield();
        std::filesystem::remove(file);
        REQUIRE(database->backup(file).has_value());
    }
    stop = true;
    writer.join();
    CHECK(mode_of(file) == 0600);
    CHECK_FALSE(std::filesystem::exists(file + ".part"));

    const auto again = database->backup(file);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == Errc::conflict);
    Metrics metrics;
    db::DatabaseOptions options;
    options.url = "sqlite:" + file;
    const auto copy = db::open_database(options, metrics);
    CHECK(test::number(*copy, "SELECT sum(n) FROM item") == 200'000);
    CHECK(test::number(*copy, "SELECT count(*) FROM item WHERE n <> 100") > 0);
    CHECK(test::number(*copy, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0);
}

TEST_CASE("a backup that cannot be written says so and leaves nothing", "[db][sqlite]") {
    TestDatabase database{Backend::sqlite, {.migrated = false}};
    test::TemporaryFolder folder;
    const auto missing = database->backup(folder / "missing/backup.db");
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == Errc::invalid);
    CHECK(std::filesystem::is_empty(folder.path()));
}
