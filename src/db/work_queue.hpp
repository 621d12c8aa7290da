// Jobs waiting for database threads: bounded, so that a slow database answers "unavailable" instead of growing.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/metrics.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace carillon::db {

using JobPtr = std::unique_ptr<Database::Job>;

struct QueuedJob {
    JobPtr job;
    bool write = false;
    std::chrono::steady_clock::time_point since{};
};

class WorkQueue {
public:
    /// `name` labels the metrics: reader, writer, pool.
    WorkQueue(std::size_t limit, const std::string& name, Metrics& metrics);
    /// Any thread. A full or closed queue answers the job Errc::unavailable at once.
    void push(JobPtr job, bool write);
    /// Waits for work and takes at most `most` jobs, in order. Empty: the queue is closed and nothing is left.
    std::vector<QueuedJob> take(std::size_t most);
    bool waiting() const;
    /// Lets nothing more in; what waits is still taken.
    void close();

private:
    const std::size_t limit_;
    prometheus::Gauge& depth_;
    prometheus::Histogram& waited_;
    prometheus::Counter& refused_;
    mutable std::mutex mutex_;
    std::condition_variable work_or_end_;
    std::deque<QueuedJob> waiting_;
    bool closed_ = false;
};

/// The answer while the database is away, overloaded or closed.
Error unavailable(std::string detail);

}  // namespace carillon::db
