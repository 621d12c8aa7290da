#include "support/database.hpp"

#include "carillon/ids.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace carillon::test {
namespace {

std::string unique_name(const char* kind) {
    static std::atomic<int> count{0};
    return std::string{"carillon_"} + kind + "_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
}

std::unique_ptr<db::Database> open(const std::string& url, const TestDatabaseOptions& options, Metrics& metrics) {
    db::DatabaseOptions open_options;
    open_options.url = url;
    open_options.readers = options.readers;
    open_options.max_queue = options.max_queue;
    return db::open_database(open_options, metrics);
}

void migrate(const std::string& url) {
    Metrics metrics;
    open(url, {}, metrics)->migrate();
}

/// Migrated once for the process; each test's file is a copy.
const std::string& sqlite_template() {
    static const TemporaryFolder folder;
    static const std::string path = [] {
        const std::string file = folder / "template.db";
        migrate("sqlite:" + file);
        return file;
    }();
    return path;
}

class PostgresTemplate {
public:
    PostgresTemplate() : name_(unique_name("template")) {
        postgres_admin("CREATE DATABASE " + name_);
        migrate(postgres_url(name_));
    }
    ~PostgresTemplate() {
        try {
            postgres_admin("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
        } catch (const std::exception&) {
            // The server goes away with the run.
        }
    }
    const std::string& name() const { return name_; }

private:
    std::string name_;
};

const std::string& postgres_template() {
    static const PostgresTemplate made;
    return made.name();
}

}  // namespace

std::string postgres_url() {
    const char* file = std::getenv("CARILLON_TEST_POSTGRES_FILE");
    if (!file)
        throw std::runtime_error(
            "CARILLON_TEST_POSTGRES_FILE is not set: run `test/support/postgres start DIR` and name DIR/postgres.url");
    std::ifstream in{file};
    std::string url;
    if (!std::getline(in, url))
        throw std::runtime_error(std::string{"no PostgreSQL for the tests: cannot read "} + file);
    return url;
}

std::string postgres_url(std::string_view database) {
    const std::string url = postgres_url();
    return url.substr(0, url.rfind('/') + 1) + std::string{database};
}

void postgres_admin(const std::string& sql) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectdb(postgres_url().c_str()), &PQfinish};
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(connection.get(), sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        throw std::runtime_error(PQerrorMessage(connection.get()));
}

TemporaryFolder::TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "carillon-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

TestDatabase::TestDatabase(Backend backend, TestDatabaseOptions options) : options_(options), backend_(backend) {
    if (backend == Backend::sqlite) {
        folder_ = std::make_unique<TemporaryFolder>();
        name_ = *folder_ / "carillon.db";
        url_ = "sqlite:" + name_;
        if (options.migrated) std::filesystem::copy_file(sqlite_template(), name_);
    } else {
        name_ = unique_name("test");
        url_ = postgres_url(name_);
        postgres_admin("CREATE DATABASE " + name_ + (options.migrated ? " TEMPLATE " + postgres_template() : "") +
                       " STRATEGY file_copy");
    }
    database_ = open(url_, options_, metrics_);
}

TestDatabase::~TestDatabase() {
    database_.reset();
    if (backend_ != Backend::postgresql) return;
    try {
        postgres_admin("DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {
        // The server goes away with the run.
    }
}

void TestDatabase::reopen() {
    database_.reset();
    database_ = open(url_, options_, metrics_);
}

std::string add_user(db::Database& database, std::string_view timezone) {
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    const std::string id = uuid_v7(now);
    const auto insert = [&](db::Transaction& tx) -> Result<void> {
        tx.exec(
            "INSERT INTO users (id, email, name, timezone, created_at) VALUES (:id, :email, :name, :timezone, :now)",
            id, id + "@example.com", "Test User", timezone, to_micros(now));
        return {};
    };
    if (!database.write_now(insert)) throw std::runtime_error("no user could be added");
    return id;
}

boost::asio::io_context& lasting_io_context() {
    static std::mutex mutex;
    static auto& all = *new std::vector<std::unique_ptr<boost::asio::io_context>>;  // never destroyed
    const std::lock_guard lock{mutex};
    return *all.emplace_back(std::make_unique<boost::asio::io_context>());
}

std::string_view name_of(Backend backend) noexcept { return backend == Backend::sqlite ? "SQLite" : "PostgreSQL"; }

}  // namespace carillon::test
