// One connection to a database: kept statements, scripts and transactions over a SOCI session. Used by one thread at a
// time.
#pragma once

#include "carillon/db/session.hpp"
#include "statements.hpp"

#include <soci/soci.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::db {

class Connection {
public:
    virtual ~Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    virtual Backend backend() const noexcept = 0;
    /// Any number of statements without parameters, sent as they are. Throws DatabaseError.
    virtual void script(const std::string& sql) = 0;
    /// True between BEGIN and its end; the database may have ended it by itself after an error.
    virtual bool in_transaction() const noexcept = 0;

    /// Finds or prepares the kept statement, binds, executes, reads all rows; rows affected. Throws DatabaseError.
    std::int64_t run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                     RowSink sink);
    std::int64_t run(std::string_view sql) { return run(sql, {}, {}, {}); }

protected:
    Connection(const soci::backend_factory& factory, const std::string& dsn)
        : session_(factory, dsn), statements_(session_) {}

    /// What SOCI's exception means.
    virtual DatabaseError translate(const soci::soci_error& error, std::string_view sql) const = 0;
    /// Ends an execution, whether all rows were read or not, and frees what it holds; rows affected.
    virtual std::int64_t settle(soci::statement& statement) noexcept = 0;
    /// False when a failed execution leaves the statement unusable.
    virtual bool survives_failure() const noexcept = 0;

    soci::session session_;
    Statements statements_;

private:
    std::int64_t end(Statement& statement) noexcept;
};

/// A session that reads.
class ReadSession final : public Session {
public:
    explicit ReadSession(Connection& connection) : connection_(connection) {}
    Backend backend() const noexcept override { return connection_.backend(); }

private:
    std::int64_t run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                     RowSink sink) override {
        return connection_.run(sql, params, columns, sink);
    }
    Connection& connection_;
};

/// One unit of work inside a transaction that the connection has begun.
class WriteTransaction final : public Transaction {
public:
    explicit WriteTransaction(Connection& connection) : connection_(connection) {}
    Backend backend() const noexcept override { return connection_.backend(); }
    void on_commit(std::function<void()> hook) override { hooks_.push_back(std::move(hook)); }
    bool savepoint(const std::function<bool()>& work) override;
    /// After the commit. What a hook throws is logged: the change is durable already.
    void run_hooks() noexcept;

private:
    std::int64_t run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                     RowSink sink) override;
    Connection& connection_;
    std::vector<std::function<void()>> hooks_;
};

/// `message` and the start of the statement, which holds no values.
std::string describe(const std::string& message, std::string_view sql);

}  // namespace carillon::db
