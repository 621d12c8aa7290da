#include "postgresql_connection.hpp"

#include "carillon/log.hpp"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>

#include <charconv>
#include <map>
#include <memory>

namespace carillon::db {
namespace {

using Kind = DatabaseError::Kind;

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// A server that is away must be noticed, and nothing may hold a lock or a connection for ever: a process that freezes
/// inside a transaction keeps the other replicas waiting for ten seconds.
constexpr const char* session_settings =
    "SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '10s'; "
    "SET timezone = 'UTC'; SET client_min_messages = warning";

std::string quoted(std::string_view value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += '\\';
        text += c;
    }
    return text + "'";
}

std::string without_line_breaks(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text) {
        if (c == '\n' || c == '\t') c = ' ';
    }
    return text;
}

/// libpq does not put passwords into messages; should a server or a proxy do so, they end here.
std::string without_password(std::string text, const std::string& dsn) {
    char* error = nullptr;
    const Options options{PQconninfoParse(dsn.c_str(), &error)};
    PQfreemem(error);
    for (auto* option = options.get(); option && option->keyword; ++option) {
        const std::string secret = std::string_view{option->keyword} == "password" && option->val ? option->val : "";
        if (secret.empty()) continue;
        for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + 3))
            text.replace(at, secret.size(), "***");
    }
    return text;
}

}  // namespace

std::string postgresql_dsn(const std::string& url) {
    char* error = nullptr;
    const Options options{PQconninfoParse(url.c_str(), &error)};
    PQfreemem(error);  // it may repeat parts of the url
    if (!options) throw std::runtime_error("the database url is not a valid postgresql:// address");
    std::map<std::string, std::string> values{{"application_name", "carillon"}, {"connect_timeout", "5"},
                                              {"keepalives_idle", "30"},        {"keepalives_interval", "10"},
                                              {"keepalives_count", "3"},        {"tcp_user_timeout", "30000"},
                                              {"client_encoding", "UTF8"},      {"target_session_attrs", "read-write"}};
    for (auto* option = options.get(); option->keyword; ++option) {
        if (option->val) values[option->keyword] = option->val;
    }
    std::string dsn;
    for (const auto& [keyword, value] : values) dsn += keyword + "=" + quoted(value) + " ";
    return dsn;
}

PostgresqlConnection::PostgresqlConnection(const std::string& dsn) try : Connection(soci::postgresql, dsn) {
    handle_ = static_cast<soci::postgresql_session_backend*>(session_.get_backend())->conn_;
    PQsetErrorVerbosity(handle_, PQERRORS_TERSE);  // the details quote the values of the row
    PQsetNoticeProcessor(
        handle_,
        [](void*, const char* message) {
            log::debug("postgresql", {{"notice", message}});
        },
        nullptr);
    script(session_settings);
} catch (const soci::soci_error& e) {
    throw DatabaseError(Kind::unavailable, without_password(without_line_breaks(e.get_error_message()), dsn));
}

PostgresqlConnection::~PostgresqlConnection() { statements_.clear(); }

void PostgresqlConnection::script(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(handle_, sql.c_str()), &PQclear};
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) return;
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    throw DatabaseError(kind_of(state ? state : ""), without_line_breaks(PQerrorMessage(handle_)));
}

bool PostgresqlConnection::in_transaction() const noexcept { return PQtransactionStatus(handle_) != PQTRANS_IDLE; }

bool PostgresqlConnection::transaction_failed() const noexcept {
    return PQtransactionStatus(handle_) == PQTRANS_INERROR;
}

bool PostgresqlConnection::broken() const noexcept { return PQstatus(handle_) != CONNECTION_OK; }

Kind PostgresqlConnection::kind_of(std::string_view sqlstate) const noexcept {
    // PostgreSQL 15, appendix A.
    if (broken()) return Kind::unavailable;
    if (sqlstate == "23505") return Kind::unique;
    if (sqlstate.starts_with("23")) return Kind::constraint;
    if (sqlstate == "40001" || sqlstate == "40P01") return Kind::serialization;
    if (sqlstate == "P0001") return Kind::refused;
    for (const std::string_view away : {"08", "53", "57", "58"}) {
        if (sqlstate.starts_with(away)) return Kind::unavailable;
    }
    if (sqlstate == "55P03") return Kind::unavailable;  // lock_not_available: lock_timeout
    if (sqlstate == "25006") {  // read_only_sql_transaction: a defect, unless the server has become a stand-by
        const char* standby = PQparameterStatus(handle_, "in_hot_standby");
        if (standby && std::string_view{standby} == "on") return Kind::unavailable;
    }
    return Kind::other;
}

DatabaseError PostgresqlConnection::translate(const soci::soci_error& error, std::string_view sql) const {
    const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&error);
    return {kind_of(postgresql ? postgresql->sqlstate() : ""),
            describe(without_line_breaks(error.get_error_message()), sql)};
}

std::int64_t PostgresqlConnection::settle(soci::statement& statement) noexcept {
    auto* prepared = static_cast<soci::postgresql_statement_backend*>(statement.get_backend());
    std::int64_t count = 0;
    const std::string_view affected = PQcmdTuples(prepared->result_.get_result());
    std::from_chars(affected.data(), affected.data() + affected.size(), count);
    prepared->result_.reset();
    return count;
}

}  // namespace carillon::db
