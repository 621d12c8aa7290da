#include "work_queue.hpp"

namespace carillon::db {

Error unavailable(std::string detail) {
    Error error{Errc::unavailable, std::move(detail)};
    error.retry_after = 1;
    return error;
}

WorkQueue::WorkQueue(std::size_t limit, const std::string& name, Metrics& metrics)
    : limit_(limit),
      depth_(metrics.gauge("carillon_database_queue_depth", "Jobs waiting for a database thread", {{"queue", name}})),
      waited_(metrics.histogram("carillon_database_queue_wait_seconds", "Time jobs waited for a database thread",
                                {{"queue", name}})),
      refused_(metrics.counter("carillon_database_queue_refused_total", "Jobs refused because the queue was full",
                               {{"queue", name}})) {}

void WorkQueue::push(JobPtr job, bool write) {
    const char* refusal = nullptr;
    {
        const std::lock_guard lock{mutex_};
        if (closed_) {
            refusal = "The database is closed.";
        } else if (waiting_.size() >= limit_) {
            refusal = "The database is overloaded.";
            refused_.Increment();
        }
        if (!refusal) {
            waiting_.push_back({std::move(job), write, std::chrono::steady_clock::now()});
            depth_.Increment();
            work_or_end_.notify_one();
            return;
        }
    }
    job->finish(unavailable(refusal), nullptr);
}

std::vector<QueuedJob> WorkQueue::take(std::size_t most) {
    std::vector<QueuedJob> taken;
    {
        std::unique_lock lock{mutex_};
        work_or_end_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
        while (!waiting_.empty() && taken.size() < most) {
            taken.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
    }
    depth_.Decrement(static_cast<double>(taken.size()));
    const auto now = std::chrono::steady_clock::now();
    for (const auto& queued : taken) waited_.Observe(std::chrono::duration<double>(now - queued.since).count());
    return taken;
}

bool WorkQueue::waiting() const {
    const std::lock_guard lock{mutex_};
    return !waiting_.empty();
}

void WorkQueue::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    work_or_end_.notify_all();
}

}  // namespace carillon::db
