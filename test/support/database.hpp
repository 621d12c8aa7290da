// Fresh migrated databases for tests, on both backends.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/metrics.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::test {

using db::Backend;

/// For `const auto backend = GENERATE(from_range(carillon::test::backends()));`, the same as naming both.
inline std::vector<Backend> backends() { return {Backend::sqlite, Backend::postgresql}; }

/// The private server that test/support/postgres started; a test without it fails, it is never skipped.
std::string postgres_url();
/// `postgres_url()` with another database's name.
std::string postgres_url(std::string_view database);
/// Runs one statement as the server's superuser, outside any test database. Throws std::runtime_error.
void postgres_admin(const std::string& sql);

/// A folder of its own, removed with all it holds.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const noexcept { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string{name}; }

private:
    std::string path_;
};

struct TestDatabaseOptions {
    int readers = 2;
    std::size_t max_queue = 4096;
    bool migrated = true;  ///< false: an empty database
};

/// A database of its own for one test case: a temporary file, or a new PostgreSQL database, dropped afterwards.
class TestDatabase {
public:
    explicit TestDatabase(Backend backend, TestDatabaseOptions options = {});
    ~TestDatabase();
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    db::Database& db() noexcept { return *database_; }
    db::Database& operator*() noexcept { return *database_; }
    db::Database* operator->() noexcept { return database_.get(); }
    Metrics& metrics() noexcept { return metrics_; }
    /// For opening it once more; SQLite: `exclusive = false` while this one is open.
    const std::string& url() const noexcept { return url_; }
    /// SQLite: the file. PostgreSQL: the database's name.
    const std::string& name() const noexcept { return name_; }
    /// Closes and opens again, as a restart of the server does.
    void reopen();
    void close() { database_->close(); }

private:
    const TestDatabaseOptions options_;
    const Backend backend_;
    Metrics metrics_;
    std::unique_ptr<TemporaryFolder> folder_;
    std::string url_, name_;
    std::unique_ptr<db::Database> database_;
};

/// Adds a row to users; its id (a UUID). Every call makes another user.
std::string add_user(db::Database& database, std::string_view timezone = "UTC");

/// A new one that is kept until the process ends: a database's threads may hold an executor for a moment after the
/// answer they posted to it was received.
boost::asio::io_context& lasting_io_context();

/// Text of a Backend for INFO and CAPTURE.
std::string_view name_of(Backend backend) noexcept;

}  // namespace carillon::test
