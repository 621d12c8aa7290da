#include "sqlite_connection.hpp"

#include "carillon/log.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

#include <mutex>

namespace carillon::db {
namespace {

using namespace sqlite_api;

DatabaseError::Kind kind_of(int extended_code) {
    using Kind = DatabaseError::Kind;
    switch (extended_code) {
        case SQLITE_CONSTRAINT_UNIQUE:
        case SQLITE_CONSTRAINT_PRIMARYKEY:
        case SQLITE_CONSTRAINT_ROWID:
            return Kind::unique;
        case SQLITE_CONSTRAINT_TRIGGER:
            return Kind::refused;
        case SQLITE_READONLY_DBMOVED:
            return Kind::unavailable;
        default:
            break;
    }
    switch (extended_code & 0xff) {
        case SQLITE_CONSTRAINT:
            return Kind::constraint;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
        case SQLITE_IOERR:
        case SQLITE_FULL:
        case SQLITE_CANTOPEN:
            return Kind::unavailable;
        default:
            return Kind::other;
    }
}

/// Before the first connection of the process: each is used by one thread at a time, so none needs its own mutex, and
/// allocation statistics would be one lock shared by all threads.
void configure_once() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    });
}

constexpr int busy_timeout_seconds = 5;

std::string dsn_for(const std::string& path, SqliteConnection::Mode mode) {
    configure_once();
    return "dbname=\"" + path + "\" timeout=" + std::to_string(busy_timeout_seconds) +
           (mode == SqliteConnection::Mode::read ? " readonly=true" : "");
}

constexpr const char* writer_settings = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -8192;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 67108864;
)";
// No mmap: SQLite unmaps the file at each read after a commit, which with a write per ten reads cost more than reading.
constexpr const char* reader_settings = R"(
PRAGMA query_only = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -4096;
)";

}  // namespace

SqliteConnection::SqliteConnection(const std::string& path, Mode mode) try
    : Connection(soci::sqlite3, dsn_for(path, mode)) {
    handle_ = static_cast<soci::sqlite3_session_backend*>(session_.get_backend())->conn_;
    sqlite3_extended_result_codes(handle_, 1);
    script(mode == Mode::write ? writer_settings : reader_settings);
    if (mode == Mode::write) {
        // The writer's thread checkpoints when it has answered: a commit should not wait for one.
        const auto on_commit = [](void* self, sqlite3*, const char*, int pages) {
            static_cast<SqliteConnection*>(self)->wal_pages_ = pages;
            return SQLITE_OK;
        };
        sqlite3_wal_hook(handle_, on_commit, this);
    }
} catch (const soci::sqlite3_soci_error& e) {
    throw DatabaseError(kind_of(e.result()), e.get_error_message());
}

SqliteConnection::~SqliteConnection() { statements_.clear(); }

void SqliteConnection::script(const std::string& sql) {
    char* message = nullptr;
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message);
    if (code == SQLITE_OK) return;
    const std::string text = message ? message : sqlite3_errstr(code);
    sqlite3_free(message);
    fail(code, text);
}

bool SqliteConnection::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

void SqliteConnection::checkpoint(bool restart) {
    const int mode = restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3_busy_timeout(handle_, 100);  // changes wait meanwhile: a long read is not worth more
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr);
    sqlite3_busy_timeout(handle_, busy_timeout_seconds * 1000);
    // Busy: readers still use the log. It is tried again after the next commit.
    if (code != SQLITE_OK && code != SQLITE_BUSY) {
        log::warn("checkpoint failed", {{"error", sqlite3_errmsg(handle_)}});
    }
}

void SqliteConnection::copy_to(const std::string& file) {
    struct Close {
        void operator()(sqlite3* target) const { sqlite3_close(target); }
    };
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, Close> target{opened};
    if (code != SQLITE_OK) fail(code, sqlite3_errstr(code));
    sqlite3_backup* copy = sqlite3_backup_init(opened, "main", handle_, "main");
    if (!copy) fail(sqlite3_errcode(opened), sqlite3_errmsg(opened));
    // All pages in one step, so that they are of one snapshot; writers go on meanwhile.
    const int stepped = sqlite3_backup_step(copy, -1);
    const int finished = sqlite3_backup_finish(copy);
    if (stepped != SQLITE_DONE) fail(stepped, sqlite3_errstr(stepped));
    if (finished != SQLITE_OK) fail(finished, sqlite3_errstr(finished));
}

DatabaseError SqliteConnection::translate(const soci::soci_error& error, std::string_view sql) const {
    const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
    return {sqlite ? kind_of(sqlite->result()) : DatabaseError::Kind::other, describe(error.get_error_message(), sql)};
}

std::int64_t SqliteConnection::settle(soci::statement& statement) noexcept {
    auto* prepared = static_cast<soci::sqlite3_statement_backend*>(statement.get_backend())->stmt_;
    if (!prepared) return 0;
    sqlite3_reset(prepared);
    return sqlite3_stmt_readonly(prepared) ? 0 : sqlite3_changes(handle_);
}

void SqliteConnection::fail(int code, const std::string& message) const { throw DatabaseError(kind_of(code), message); }

}  // namespace carillon::db
