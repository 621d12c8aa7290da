#include "postgresql_database.hpp"

#include "carillon/embedded.hpp"
#include "carillon/log.hpp"
#include "migrations.hpp"

#include <algorithm>
#include <random>

namespace carillon::db {
namespace {

using namespace std::chrono_literals;
constexpr auto first_back_off = 50ms;
constexpr std::chrono::milliseconds longest_back_off = 2s;

constexpr int max_tries = 4;  // of a change that met a deadlock or a serialization failure

// A read may run several statements: they must agree with each other, as they do on SQLite.
constexpr const char* begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED";

std::int64_t now_ticks() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

}  // namespace

PostgresqlDatabase::PostgresqlDatabase(const DatabaseOptions& options, Metrics& metrics)
    : dsn_(postgresql_dsn(options.url)),
      queue_(options.max_queue, "pool", metrics),
      write_time_(metrics.histogram("carillon_database_write_seconds", "Time to run and commit one group of changes")),
      retries_(metrics.counter("carillon_database_serialization_retries_total",
                               "Changes run again after a serialization failure")) {
    Slot first;
    try {
        first = std::make_unique<PostgresqlConnection>(dsn_);
    } catch (const DatabaseError& e) {
        throw std::runtime_error(std::string{"cannot open the PostgreSQL database: "} + e.what());
    }
    const int size = std::max(options.readers, 1);
    for (int i = 0; i < size; ++i) {
        threads_.emplace_back([this, connection = std::move(first)]() mutable { loop(std::move(connection)); });
    }
}

PostgresqlDatabase::~PostgresqlDatabase() { close(); }

void PostgresqlDatabase::close() {
    if (closed_.exchange(true)) return;
    queue_.close();
    for (auto& thread : threads_) thread.join();
    available_ = false;
}

int PostgresqlDatabase::migrate() {
    try {
        PostgresqlConnection connection{dsn_};
        return apply_migrations(connection, embedded::migrations_postgresql());
    } catch (const DatabaseError& e) {
        throw std::runtime_error(std::string{"cannot migrate the database: "} + e.what());
    }
}

Result<void> PostgresqlDatabase::backup(const std::string&) {
    return Error{Errc::invalid, "Only an SQLite database is copied by carillon; use pg_dump for PostgreSQL."};
}

void PostgresqlDatabase::loop(Slot connection) {
    for (;;) {
        auto taken = queue_.take(1);
        if (taken.empty()) return;
        if (taken.front().write)
            write(connection, *taken.front().job);
        else
            read(connection, *taken.front().job);
    }
}

void PostgresqlDatabase::connect(Slot& connection) {
    const DatabaseError away{DatabaseError::Kind::unavailable, "the PostgreSQL server is away"};
    const std::unique_lock lock{connecting_, std::try_to_lock};
    if ((!lock && !available_) || now_ticks() < next_attempt_) throw away;
    try {
        connection = std::make_unique<PostgresqlConnection>(dsn_);
        if (!available_.exchange(true)) log::info("the database is back");
        if (lock) back_off_ = 0ms;
    } catch (const DatabaseError& e) {
        if (available_.exchange(false)) log::warn("the database is away", {{"error", e.what()}});
        if (lock) {
            back_off_ = std::clamp(back_off_ * 2, std::chrono::milliseconds{first_back_off}, longest_back_off);
            next_attempt_ = now_ticks() + std::chrono::nanoseconds{back_off_}.count();
        }
        throw;
    }
}

void PostgresqlDatabase::begin(Slot& connection, const char* statement) {
    if (!connection) connect(connection);
    try {
        connection->run(statement);
    } catch (const DatabaseError&) {
        // The server closed an idle connection, for instance by a restart. Nothing was done yet: once more is safe.
        if (!connection->broken()) throw;
        connection.reset();
        connect(connection);
        connection->run(statement);
    }
}

void PostgresqlDatabase::end(Slot& connection) noexcept {
    try {
        if (connection && !connection->broken() && connection->in_transaction()) connection->run("ROLLBACK");
    } catch (const DatabaseError& e) {
        log::warn("roll-back failed", {{"error", e.what()}});
        connection.reset();
    }
    if (connection && connection->broken()) connection.reset();
}

void PostgresqlDatabase::read(Slot& connection, Job& job) {
    Outcome outcome;
    try {
        begin(connection, begin_read);
        ReadSession session{*connection};
        job.run(session);
    } catch (const DatabaseError& e) {
        outcome.error = error_for(e);
        if (!outcome.error) outcome.defect = std::current_exception();
    } catch (...) {
        outcome.defect = std::current_exception();
    }
    job.finish(std::move(outcome.error), outcome.defect);  // the end of a read changes nothing: nobody waits for it
    end(connection);
}

PostgresqlDatabase::Outcome PostgresqlDatabase::attempt(Slot& connection, Job& job) {
    Outcome outcome;
    try {
        begin(connection, begin_write);
        WriteTransaction transaction{*connection};
        if (job.run(transaction)) {
            if (connection->transaction_failed()) {  // COMMIT would roll back and call it a success
                throw std::logic_error("a failed statement was passed over without a savepoint");
            }
            connection->run("COMMIT");
            transaction.run_hooks();
        }
    } catch (const DatabaseError& e) {
        outcome.again = e.kind() == DatabaseError::Kind::serialization;
        outcome.error = error_for(e);
        if (!outcome.error) outcome.defect = std::current_exception();
    } catch (...) {
        outcome.defect = std::current_exception();
    }
    end(connection);
    return outcome;
}

void PostgresqlDatabase::write(Slot& connection, Job& job) {
    const auto start = std::chrono::steady_clock::now();
    Outcome outcome = attempt(connection, job);
    // A pause of its own length for each: run again at once, both of a deadlock would meet again.
    thread_local std::minstd_rand random{std::random_device{}()};
    for (int tries = 1; outcome.again && tries < max_tries; ++tries) {
        retries_.Increment();
        std::this_thread::sleep_for(std::chrono::milliseconds(1 + random() % 20) * tries);
        outcome = attempt(connection, job);
    }
    write_time_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    job.finish(std::move(outcome.error), outcome.defect);
}

}  // namespace carillon::db
