// SQLite's one writer: a thread that owns the only writing connection and commits all waiting changes as one group.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/metrics.hpp"
#include "sqlite_connection.hpp"
#include "work_queue.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace carillon::db {

class GroupWriter {
public:
    using Classify = std::function<std::optional<Error>(const DatabaseError&)>;

    /// Opens the connection and starts the thread. `end_snapshots` ends those that are kept between reads, after a read
    /// that is running. Throws DatabaseError.
    GroupWriter(std::string path, std::size_t max_queue, Metrics& metrics, Classify classify,
                std::function<void()> end_snapshots);
    ~GroupWriter() { stop(); }

    /// Finishes what waits and closes the connection; later jobs are answered Errc::unavailable.
    void stop();
    void push(JobPtr job) { queue_.push(std::move(job), true); }
    /// The writing connection for the length of `work`, between two groups; waits for the one being committed.
    template <class F>
    auto alone(F work) {
        const std::lock_guard lock{connection_mutex_};
        const Raise raise{commits_};
        return work(open_connection());
    }
    bool available() const noexcept { return available_; }
    /// Counts groups committed; raised before any of the group is answered.
    std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_acquire); }

    static constexpr std::size_t max_group = 64;

private:
    struct Work {
        JobPtr job;
        std::optional<WriteTransaction> transaction{};
        bool keep = false;
        std::optional<Error> error{};
        std::exception_ptr defect{};
    };
    struct Raise {
        std::atomic<std::uint64_t>& commits;
        ~Raise() { ++commits; }
    };
    SqliteConnection& open_connection();
    void loop();
    void commit(std::vector<QueuedJob> group);
    void run_all(std::vector<Work>& group);
    void run_one(Work& work, bool own_savepoint);
    void recover() noexcept;
    void checkpoint_if_due();

    const std::string path_;
    const Classify classify_;
    const std::function<void()> end_snapshots_;
    WorkQueue queue_;
    prometheus::Histogram& group_size_;
    prometheus::Histogram& write_time_;
    std::optional<SqliteConnection> connection_;
    std::mutex connection_mutex_;
    int checkpoint_at_;
    std::atomic<bool> available_{true};
    std::atomic<std::uint64_t> commits_{0};
    std::thread thread_;
};

}  // namespace carillon::db
