#include "carillon/db/database.hpp"
#include "postgresql_database.hpp"
#include "sqlite_database.hpp"

namespace carillon::db {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

/// `sqlite:carillon.db`, `sqlite:/var/lib/carillon.db` or `sqlite:///var/lib/carillon.db`.
std::string sqlite_path(std::string_view url) {
    url.remove_prefix(sqlite_scheme.size());
    if (url.starts_with("//")) url.remove_prefix(2);
    if (url.empty() || url == ":memory:") throw std::runtime_error("the database url needs a file, as in sqlite:carillon.db");
    if (url.find('"') != url.npos) throw std::runtime_error("the database file's name must not hold a double quote");
    return std::string{url};
}

}  // namespace

std::optional<Error> Database::error_for(const DatabaseError& e) {
    switch (e.kind()) {
        case DatabaseError::Kind::unavailable:
        case DatabaseError::Kind::serialization: {
            Error error{Errc::unavailable, "The database is not available."};
            error.retry_after = 1;
            return error;
        }
        case DatabaseError::Kind::unique:
        case DatabaseError::Kind::constraint:
        case DatabaseError::Kind::refused:
        case DatabaseError::Kind::other: return std::nullopt;
    }
    std::abort();
}

std::unique_ptr<Database> open_database(const DatabaseOptions& options, Metrics& metrics) {
    const std::string_view url = options.url;
    if (url.starts_with(sqlite_scheme)) return std::make_unique<SqliteDatabase>(sqlite_path(url), options, metrics);
    if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
        return std::make_unique<PostgresqlDatabase>(options, metrics);
    }
    throw std::runtime_error("the database url must begin with sqlite: or postgresql://");
}

}  // namespace carillon::db
