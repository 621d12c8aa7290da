// A connection to an SQLite file.
#pragma once

#include "connection.hpp"

#include <string>

namespace sqlite_api {
struct sqlite3;
}

namespace carillon::db {

class SqliteConnection final : public Connection {
public:
    enum class Mode { write, read };
    SqliteConnection(const std::string& path, Mode mode);
    ~SqliteConnection() override;

    Backend backend() const noexcept override { return Backend::sqlite; }
    void script(const std::string& sql) override;
    bool in_transaction() const noexcept override;

    /// Pages in the write-ahead log after the last commit.
    int wal_pages() const noexcept { return wal_pages_; }
    /// Moves the log's pages into the file. `restart` also waits, bounded, until no reader needs the log, so that it is
    /// written from its start again.
    void checkpoint(bool restart);
    /// A page for page copy of one snapshot to `file`, an empty file that exists. Throws DatabaseError.
    void copy_to(const std::string& file);

private:
    DatabaseError translate(const soci::soci_error& error, std::string_view sql) const override;
    std::int64_t settle(soci::statement& statement) noexcept override;
    bool survives_failure() const noexcept override { return false; }
    [[noreturn]] void fail(int code, const std::string& message) const;

    sqlite_api::sqlite3* handle_;
    int wal_pages_ = 0;
};

}  // namespace carillon::db
