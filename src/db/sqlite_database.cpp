#include "sqlite_database.hpp"

#include "carillon/embedded.hpp"
#include "carillon/log.hpp"
#include "migrations.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace carillon::db {
namespace {

std::string system_message(int error) { return std::generic_category().message(error); }

/// Creates the file readable by its owner only; SQLite gives the log beside it the same mode.
void create_private(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor >= 0)
        ::close(descriptor);
    else if (errno != EEXIST)
        throw std::runtime_error("cannot create database " + path + ": " + system_message(errno));
}

void sync_to_disk(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (!synced) throw std::runtime_error("cannot sync " + path + ": " + system_message(error));
}

std::string folder_of(const std::string& file) {
    const auto slash = file.rfind('/');
    return slash == file.npos ? "." : file.substr(0, slash + 1);
}

std::uint64_t next_id() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

struct ThreadsReader {
    std::uint64_t database = 0;
    void* reader = nullptr;
};
thread_local ThreadsReader threads_reader;

}  // namespace

SqliteDatabase::SqliteDatabase(std::string path, const DatabaseOptions& options, Metrics& metrics)
    : path_(std::move(path)), id_(next_id()), reads_(options.max_queue, "reader", metrics) {
    try {
        if (options.exclusive) {
            lock_.emplace(path_);
            create_private(path_);
            writer_ = std::make_unique<GroupWriter>(path_, options.max_queue, metrics, &error_for,
                                                    [this] { end_snapshots(); });
        } else {
            SqliteConnection{path_, SqliteConnection::Mode::read}.script("SELECT 1 FROM sqlite_master");
        }
    } catch (const DatabaseError& e) {
        throw std::runtime_error("cannot open database " + path_ + ": " + e.what());
    }
    for (int i = 0; i < options.readers; ++i) readers_.emplace_back([this] { read_loop(); });
}

SqliteDatabase::~SqliteDatabase() { close(); }

void SqliteDatabase::close() {
    if (closed_.exchange(true)) return;
    reads_.close();
    for (auto& reader : readers_) reader.join();
    {
        const std::lock_guard lock{inline_mutex_};
        for (const auto& reader : inline_readers_) {
            const std::lock_guard in_use{*reader};
            reader->connection.reset();
        }
    }
    if (writer_) writer_->stop();  // last, so that it moves the whole log into the file
    lock_.reset();
}

bool SqliteDatabase::available() const noexcept { return !closed_ && (!writer_ || writer_->available()); }

int SqliteDatabase::migrate() {
    if (!writer_) throw std::runtime_error("cannot migrate " + path_ + ": it was opened for reading only");
    return writer_->alone(
        [](SqliteConnection& connection) { return apply_migrations(connection, embedded::migrations_sqlite()); });
}

Result<void> SqliteDatabase::backup(const std::string& file) {
    const std::string part = file + ".part";
    const int claimed = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (claimed < 0 && errno == EEXIST) return Error{Errc::conflict, file + " exists already."};
    if (claimed < 0) return Error{Errc::invalid, "Cannot create " + file + ": " + system_message(errno) + "."};
    ::close(claimed);
    try {
        ::unlink(part.c_str());
        create_private(part);
        SqliteConnection{path_, SqliteConnection::Mode::read}.copy_to(part);
        sync_to_disk(part);
        if (::rename(part.c_str(), file.c_str()) != 0)
            throw std::runtime_error("cannot rename " + part + ": " + system_message(errno));
        sync_to_disk(folder_of(file));
    } catch (const std::runtime_error& e) {
        ::unlink(part.c_str());
        ::unlink(file.c_str());
        return Error{Errc::unavailable, std::string{"The backup failed: "} + e.what() + "."};
    }
    return {};
}

void SqliteDatabase::submit_write(JobPtr job) {
    if (writer_)
        writer_->push(std::move(job));
    else
        job->finish(unavailable("The database was opened for reading only."), nullptr);
}

void SqliteDatabase::use_inline_reads_on_this_thread() {
    try {
        auto reader = std::make_unique<InlineReader>(path_);
        const std::lock_guard lock{inline_mutex_};
        threads_reader = {id_, reader.get()};
        inline_readers_.push_back(std::move(reader));
    } catch (const DatabaseError& e) {
        log::warn("this thread's reads go to the reader threads", {{"error", e.what()}});
    }
}

SqliteDatabase::InlineReader* SqliteDatabase::inline_reader() const noexcept {
    return threads_reader.database == id_ ? static_cast<InlineReader*>(threads_reader.reader) : nullptr;
}

void SqliteDatabase::InlineReader::lock() noexcept {
    while (!try_lock()) std::this_thread::yield();  // the writer holds it for microseconds, around a checkpoint
}

Session* SqliteDatabase::begin_inline() {
    InlineReader* reader = inline_reader();
    if (!reader) return nullptr;
    reader->lock();
    if (reader->connection && refresh_snapshot(*reader)) return &reader->session;
    reader->unlock();
    return nullptr;
}

bool SqliteDatabase::refresh_snapshot(InlineReader& reader) noexcept {
    // Read before the snapshot is taken, so that it is never older than this says. Another process may commit as well
    // when this one only reads.
    const auto commits = writer_ ? writer_->commits() : 0;
    try {
        if (reader.connection->in_transaction()) {
            if (writer_ && reader.commits == commits) return true;
            reader.connection->run("COMMIT");
        }
        reader.connection->run("BEGIN");
        reader.commits = commits;
        return true;
    } catch (const DatabaseError& e) {
        log::error("a read could not begin", {{"error", e.what()}});
        return false;
    }
}

void SqliteDatabase::end_inline() noexcept { inline_reader()->unlock(); }

void SqliteDatabase::end_snapshots() noexcept {
    const std::lock_guard lock{inline_mutex_};
    for (const auto& reader : inline_readers_) {
        const std::lock_guard idle{*reader};
        try {
            if (reader->connection && reader->connection->in_transaction()) reader->connection->run("COMMIT");
        } catch (const DatabaseError& e) {
            log::error("a read could not be ended", {{"error", e.what()}});
        }
    }
}

void SqliteDatabase::read_loop() {
    std::optional<SqliteConnection> connection;  // opened by the first read
    for (;;) {
        auto taken = reads_.take(1);
        if (taken.empty()) return;
        run_read(connection, *taken.front().job);
    }
}

void SqliteDatabase::run_read(std::optional<SqliteConnection>& connection, Job& job) {
    std::optional<Error> error;
    std::exception_ptr defect;
    try {
        if (!connection) connection.emplace(path_, SqliteConnection::Mode::read);
        ReadSession session{*connection};
        connection->run("BEGIN");
        job.run(session);
    } catch (const DatabaseError& e) {
        error = error_for(e);
        if (!error) defect = std::current_exception();
    } catch (...) {
        defect = std::current_exception();
    }
    try {
        if (connection && connection->in_transaction()) connection->run("COMMIT");
    } catch (const DatabaseError&) {
        connection.reset();
    }
    job.finish(std::move(error), defect);
}

}  // namespace carillon::db
