// Follows the log: at most an interval after an entry it has a leaf and a signed checkpoint covers it, in the database
// and in the witness.
#pragma once

#include "audit/audit.hpp"
#include "audit/keys.hpp"
#include "carillon/async.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon::audit {

class Checkpointer : public std::enable_shared_from_this<Checkpointer> {
public:
    Checkpointer(db::Database& database, const Clock& clock, Metrics& metrics, asio::any_io_executor executor,
                 Options options);
    void start();
    /// There is a new entry. Any thread.
    void wake();
    /// Covers what there is, then ends.
    awaitable<void> drain();
    /// The public keys as the key file has them; none before it was read.
    std::vector<VerifierKey> verifiers() const;

private:
    using SteadyTime = std::chrono::steady_clock::time_point;

    static awaitable<void> run(std::shared_ptr<Checkpointer> self);
    awaitable<void> sleep();
    awaitable<void> pass();
    awaitable<Result<std::int64_t>> extend(const Keys& keys);
    awaitable<void> witness();
    Keys keys();

    db::Database& database_;
    const Clock& clock_;
    const Options options_;
    asio::steady_timer timer_, ended_;
    prometheus::Counter& made_;
    prometheus::Gauge& size_;
    std::optional<SteadyTime> due_;
    std::atomic<bool> awake_{false};
    bool started_ = false, stopping_ = false, running_ = false, failing_ = false;
    mutable std::mutex mutex_;
    std::vector<VerifierKey> verifiers_;
};

}  // namespace carillon::audit
