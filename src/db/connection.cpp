#include "connection.hpp"

#include "carillon/log.hpp"

namespace carillon::db {
namespace {

class SlotRow final : public Row {
public:
    explicit SlotRow(const std::vector<Slot>& slots) : slots_(slots) {}
    bool is_null(std::size_t column) const override { return slots_[column].indicator == soci::i_null; }
    std::int64_t integer(std::size_t column) const override { return slots_[column].integer; }
    const std::string& text(std::size_t column) const override { return slots_[column].text; }

private:
    const std::vector<Slot>& slots_;
};

}  // namespace

std::int64_t Connection::run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                             RowSink sink) {
    Statement* statement = nullptr;
    try {
        statement = &statements_.find(sql, params, columns);
        statement->bind(params);
        statement->running = true;
        const SlotRow row{statement->columns()};
        for (bool got = statement->soci().execute(true); got; got = statement->soci().fetch()) {
            if (sink.row) sink.row(sink.context, row);
        }
        return end(*statement);
    } catch (const soci::soci_error& e) {
        if (statement) {
            end(*statement);
            if (survives_failure())
                statement->rebind();
            else
                statements_.drop(sql, *statement);
        }
        throw translate(e, sql);
    } catch (...) {  // the visitor's
        if (statement) end(*statement);
        throw;
    }
}

std::int64_t Connection::end(Statement& statement) noexcept {
    statement.running = false;
    return settle(statement.soci());
}

std::int64_t WriteTransaction::run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                                   RowSink sink) {
    // After a full disk or an I/O error SQLite may have rolled back everything by itself: a statement that work went on
    // with would commit alone.
    if (!connection_.in_transaction()) {
        throw DatabaseError(DatabaseError::Kind::unavailable, "the database has ended the transaction");
    }
    return connection_.run(sql, params, columns, sink);
}

bool WriteTransaction::savepoint(const std::function<bool()>& work) {
    const auto hooks = hooks_.size();
    connection_.run("SAVEPOINT part");
    const auto roll_back = [&] {
        hooks_.resize(hooks);
        connection_.run("ROLLBACK TO SAVEPOINT part");
        connection_.run("RELEASE SAVEPOINT part");
    };
    bool keep = false;
    try {
        keep = work();
    } catch (...) {
        // The first error is the one to report; a transaction that the database has already ended fails at its commit.
        try {
            roll_back();
        } catch (const DatabaseError&) {
        }
        throw;
    }
    if (keep)
        connection_.run("RELEASE SAVEPOINT part");
    else
        roll_back();
    return keep;
}

void WriteTransaction::run_hooks() noexcept {
    for (auto& hook : hooks_) {
        try {
            hook();
        } catch (const std::exception& e) {
            log::error("on_commit hook failed", {{"error", e.what()}});
        }
    }
}

std::string describe(const std::string& message, std::string_view sql) {
    constexpr std::size_t longest = 300;
    return message + " in: " + std::string{sql.substr(0, longest)} + (sql.size() > longest ? "…" : "");
}

}  // namespace carillon::db
