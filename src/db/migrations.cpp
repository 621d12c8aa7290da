#include "migrations.hpp"

#include "carillon/ids.hpp"
#include "carillon/log.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

namespace carillon::db {
namespace {

struct Migration {
    std::int64_t number;
    std::string name;
    std::string checksum;
    std::string sql;
};

std::map<std::int64_t, Migration> numbered(const std::vector<embedded::File>& files) {
    std::map<std::int64_t, Migration> migrations;
    for (const auto& file : files) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(file.name.data(), file.name.data() + file.name.size(), number);
        if (error != std::errc{} || *end != '_')
            throw std::logic_error("migration without a number: " + std::string{file.name});
        const auto [existing, added] = migrations.try_emplace(
            number, Migration{number, std::string{file.name}, sha256_hex(file.bytes), std::string{file.bytes}});
        if (!added)
            throw std::logic_error("two migrations with one number: " + existing->second.name + ", " +
                                   std::string{file.name});
    }
    return migrations;
}

/// One migrator at a time. SQLite: the transaction's own lock; PostgreSQL: an advisory lock, since DDL does not wait
/// there.
class Lock {
public:
    explicit Lock(Connection& connection) : connection_(connection) {
        if (postgresql())
            connection_.script("SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(" + key + ")");
    }
    ~Lock() {
        try {
            if (postgresql()) connection_.script("SELECT pg_advisory_unlock(" + key + ")");
        } catch (const DatabaseError&) {
            // The connection is gone and the lock with it.
        }
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    bool postgresql() const { return connection_.backend() == Backend::postgresql; }
    inline static const std::string key = "7161727221";  // any number that nobody else uses
    Connection& connection_;
};

class InTransaction {
public:
    explicit InTransaction(Connection& connection) : connection_(connection) {
        connection_.script(connection_.backend() == Backend::sqlite ? "BEGIN IMMEDIATE" : "BEGIN");
    }
    ~InTransaction() {
        try {
            if (connection_.in_transaction()) connection_.script("ROLLBACK");
        } catch (const DatabaseError& e) {
            log::error("roll-back of a migration failed", {{"error", e.what()}});
        }
    }
    void commit() { connection_.script("COMMIT"); }

private:
    Connection& connection_;
};

/// Checks the history and returns the first migration that is to be applied, if any.
const Migration* next_to_apply(Session& session, const std::map<std::int64_t, Migration>& known) {
    session.exec(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, "
        "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
    std::map<std::int64_t, std::string> applied;
    for (auto& [number, name, checksum] : session.query<std::int64_t, std::string, std::string>(
             "SELECT number, name, checksum FROM schema_migrations ORDER BY number")) {
        const auto migration = known.find(number);
        if (migration == known.end() && !known.empty() && number < known.rbegin()->first) {
            throw std::runtime_error("this database has the migration " + name + ", which this release does not have");
        }
        if (migration != known.end() && migration->second.checksum != checksum) {
            throw std::runtime_error("migration " + migration->second.name +
                                     " is not the one that was applied to this database as " + name);
        }
        applied.emplace(number, std::move(name));
    }
    for (const auto& [number, migration] : known) {
        if (applied.contains(number)) continue;
        if (!applied.empty() && applied.rbegin()->first > number) {
            throw std::runtime_error("migration " + migration.name + " comes too late: this database has " +
                                     applied.rbegin()->second + " already");
        }
        return &migration;
    }
    if (!applied.empty() && (known.empty() || applied.rbegin()->first > known.rbegin()->first)) {
        log::warn("the database was migrated by a newer release", {{"migration", applied.rbegin()->second}});
    }
    return nullptr;
}

void apply(Connection& connection, Session& session, const Migration& migration) {
    try {
        connection.script(migration.sql);
    } catch (const DatabaseError& e) {
        throw std::runtime_error("migration " + migration.name + " failed: " + e.what());
    }
    if (!connection.in_transaction()) throw std::logic_error("migration " + migration.name + " ends its transaction");
    const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    session.exec(
        "INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES (:number, :name, :checksum, :now)",
        migration.number, migration.name, migration.checksum, to_micros(now));
}

}  // namespace

int apply_migrations(Connection& connection, const std::vector<embedded::File>& files) {
    const auto known = numbered(files);
    try {
        const Lock lock{connection};
        ReadSession session{connection};
        for (int count = 0;; ++count) {
            InTransaction transaction{connection};
            const Migration* next = next_to_apply(session, known);
            if (next) apply(connection, session, *next);
            transaction.commit();
            if (!next) return count;
            log::info("migration applied", {{"migration", next->name}});
        }
    } catch (const DatabaseError& e) {
        throw std::runtime_error(std::string{"cannot migrate the database: "} + e.what());
    }
}

}  // namespace carillon::db
