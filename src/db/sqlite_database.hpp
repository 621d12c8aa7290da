// SQLite: one writer thread, reader threads for scans, and a read-only session for each I/O thread.
#pragma once

#include "carillon/db/database.hpp"
#include "group_writer.hpp"
#include "lock_file.hpp"
#include "sqlite_connection.hpp"
#include "work_queue.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace carillon::db {

class SqliteDatabase final : public Database {
public:
    SqliteDatabase(std::string path, const DatabaseOptions& options, Metrics& metrics);
    ~SqliteDatabase() override;

    Backend backend() const noexcept override { return Backend::sqlite; }
    void use_inline_reads_on_this_thread() override;
    int migrate() override;
    bool available() const noexcept override;
    Result<void> backup(const std::string& file) override;
    void close() override;

private:
    /// An I/O thread's own read-only session. Its snapshot stays open between reads until something was committed:
    /// taking one costs two system calls, as much as the read itself. The writer ends it around a checkpoint.
    struct InlineReader {
        explicit InlineReader(const std::string& path)
            : connection(std::in_place, path, SqliteConnection::Mode::read), session(*connection) {}
        bool try_lock() noexcept { return !locked.test_and_set(std::memory_order_acquire); }
        void lock() noexcept;
        void unlock() noexcept { locked.clear(std::memory_order_release); }

        std::atomic_flag locked;
        std::optional<SqliteConnection> connection;  ///< none after close()
        ReadSession session;
        std::uint64_t commits = 0;  ///< what the snapshot holds at least
    };

    void submit_read(JobPtr job) override { reads_.push(std::move(job), false); }
    void submit_write(JobPtr job) override;
    Session* begin_inline() override;
    void end_inline() noexcept override;
    InlineReader* inline_reader() const noexcept;
    bool refresh_snapshot(InlineReader& reader) noexcept;
    void end_snapshots() noexcept;
    void read_loop();
    void run_read(std::optional<SqliteConnection>& connection, Job& job);

    const std::string path_;
    const std::uint64_t id_;  ///< tells this database from an earlier one at the same address
    std::optional<LockFile> lock_;
    std::unique_ptr<GroupWriter> writer_;  ///< none when opened for reading only
    WorkQueue reads_;
    std::vector<std::thread> readers_;
    std::mutex inline_mutex_;
    std::vector<std::unique_ptr<InlineReader>> inline_readers_;
    std::atomic<bool> closed_{false};
};

}  // namespace carillon::db
