#include "carillon/db/database.hpp"
#include "carillon/log.hpp"
#include "postgresql_database.hpp"
#include "sqlite_database.hpp"
#include "work_queue.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>

namespace carillon::db {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

/// `sqlite:carillon.db`, `sqlite:/var/lib/carillon.db` or `sqlite:///var/lib/carillon.db`.
std::string sqlite_path(std::string_view url) {
    url.remove_prefix(sqlite_scheme.size());
    if (url.starts_with("//")) url.remove_prefix(2);
    if (url.empty() || url == ":memory:")
        throw std::runtime_error("the database url needs a file, as in sqlite:carillon.db");
    if (url.find('"') != url.npos) throw std::runtime_error("the database file's name must not hold a double quote");
    return std::string{url};
}

/// The cause is for the operator, who needs it once and not for every request.
void log_at_most_once_a_second(const DatabaseError& e) {
    using Seconds = std::chrono::seconds;
    static std::atomic<Seconds::rep> last{0};
    const auto now = std::chrono::duration_cast<Seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    if (last.exchange(now) != now) log::warn("the database is not available", {{"error", e.what()}});
}

}  // namespace

std::optional<Error> Database::error_for(const DatabaseError& e) {
    switch (e.kind()) {
        case DatabaseError::Kind::serialization:
            return unavailable("The change met another one. Try again.");
        case DatabaseError::Kind::unavailable:
            log_at_most_once_a_second(e);
            return unavailable("The database is not available.");
        case DatabaseError::Kind::unique:
        case DatabaseError::Kind::constraint:
        case DatabaseError::Kind::refused:
        case DatabaseError::Kind::other:
            return std::nullopt;
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
