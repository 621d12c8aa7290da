// A connection to a PostgreSQL server.
#pragma once

#include "connection.hpp"

#include <string>

struct pg_conn;

namespace carillon::db {

/// `url` as a libpq connection string with the defaults a server needs (time-outs, keep-alives, a primary).
/// Throws std::runtime_error that repeats nothing of the url.
std::string postgresql_dsn(const std::string& url);

class PostgresqlConnection final : public Connection {
public:
    /// Connects. Throws DatabaseError, whose message holds no password.
    explicit PostgresqlConnection(const std::string& dsn);
    ~PostgresqlConnection() override;

    Backend backend() const noexcept override { return Backend::postgresql; }
    void script(const std::string& sql) override;
    bool in_transaction() const noexcept override;
    /// A statement failed and nobody rolled back to a savepoint: COMMIT would roll back without an error.
    bool transaction_failed() const noexcept;
    bool broken() const noexcept;

private:
    DatabaseError translate(const soci::soci_error& error, std::string_view sql) const override;
    std::int64_t settle(soci::statement& statement) noexcept override;
    bool survives_failure() const noexcept override { return !broken(); }
    DatabaseError::Kind kind_of(std::string_view sqlstate) const noexcept;

    pg_conn* handle_;
};

}  // namespace carillon::db
