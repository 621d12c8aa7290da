// PostgreSQL: a pool of threads, each with its own connection, that work from one queue.
#pragma once

#include "carillon/db/database.hpp"
#include "postgresql_connection.hpp"
#include "work_queue.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace carillon::db {

class PostgresqlDatabase final : public Database {
public:
    /// Connects once, to find out at start what is wrong. Throws std::runtime_error.
    PostgresqlDatabase(const DatabaseOptions& options, Metrics& metrics);
    ~PostgresqlDatabase() override;

    Backend backend() const noexcept override { return Backend::postgresql; }
    int migrate() override;
    bool available() const noexcept override { return available_; }
    Result<void> backup(const std::string& file) override;
    void close() override;
    const std::string& dsn() const noexcept { return dsn_; }

private:
    using Slot = std::unique_ptr<PostgresqlConnection>;
    struct Outcome {
        bool again = false;  ///< met another transaction: a second run may succeed
        std::optional<Error> error{};
        std::exception_ptr defect{};
    };
    void submit_read(JobPtr job) override { queue_.push(std::move(job), false); }
    void submit_write(JobPtr job) override { queue_.push(std::move(job), true); }
    void loop(Slot connection);
    void read(Slot& connection, Job& job);
    void write(Slot& connection, Job& job);
    Outcome attempt(Slot& connection, Job& job);
    void begin(Slot& connection, const char* statement);
    void connect(Slot& connection);
    void end(Slot& connection) noexcept;

    const std::string dsn_;
    WorkQueue queue_;
    prometheus::Histogram& write_time_;
    prometheus::Counter& retries_;
    std::atomic<bool> available_{true};
    std::atomic<bool> closed_{false};
    std::mutex connecting_;  ///< one thread at a time finds out whether the server is back; the others answer at once
    std::atomic<std::int64_t> next_attempt_{0};  ///< steady clock, nanoseconds
    std::chrono::milliseconds back_off_{0};      ///< under connecting_
    std::vector<std::thread> threads_;
};

}  // namespace carillon::db
