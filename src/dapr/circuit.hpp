// Circuit breaker for calls to the sidecar: private to src/dapr.
#pragma once

#include "carillon/backoff.hpp"
#include "carillon/metrics.hpp"
#include "sidecar.hpp"

#include <chrono>
#include <mutex>
#include <string>

namespace carillon::dapr {

/// Closed while calls succeed. After `tolerated` failures in a row it is open: nobody calls for a while that grows with
/// jitter, then one call tries. Any thread.
///
/// Whether it is open says something of now only while calls are wanted: a replica whose last call failed may have none
/// to make for hours, since another one is at the outbox. `quiet` after the time to try again it counts as closed for
/// those who ask.
class Circuit {
public:
    using Steady = std::chrono::steady_clock;

    Circuit(Metrics& metrics, const std::string& part, int tolerated, std::chrono::milliseconds first,
            std::chrono::milliseconds longest, std::chrono::milliseconds quiet = std::chrono::seconds{10})
        : tolerated_(tolerated),
          first_(first),
          longest_(longest),
          quiet_(quiet),
          state_(metrics.gauge("carillon_dapr_circuit_open", "1 while calls of the sidecar are given up at once.",
                               {{"part", part}})),
          metrics_(metrics),
          part_(part) {}

    /// False: do not call now. Each true is to be followed by succeeded() or failed().
    bool allows() {
        const std::lock_guard lock(mutex_);
        if (in_a_row_ < tolerated_) return true;
        if (trying_ || Steady::now() < until_) return false;
        trying_ = true;
        return true;
    }
    void succeeded() {
        const std::lock_guard lock(mutex_);
        in_a_row_ = 0;
        trying_ = false;
        state_.Set(0);
    }
    void failed(const Result<http::Answer>& answer) {
        const std::lock_guard lock(mutex_);
        trying_ = false;
        metrics_
            .counter("carillon_dapr_failures_total", "Calls of the sidecar that failed, by HTTP status.",
                     {{"part", part_}, {"status", status_of(answer)}})
            .Increment();
        why_ = short_failure_of(answer);
        if (++in_a_row_ < tolerated_) return;
        until_ = Steady::now() + backoff(in_a_row_ - tolerated_ + 1, first_, longest_);
        state_.Set(1);
    }
    /// What failed last; empty while closed. The gauge follows, and so is right wherever readiness is asked.
    std::string why() const {
        const std::lock_guard lock(mutex_);
        const bool open = is_open();
        state_.Set(open);
        return open ? why_ : std::string{};
    }
    /// When a call may try again; past while closed.
    Steady::time_point retry_at() const {
        const std::lock_guard lock(mutex_);
        return in_a_row_ < tolerated_ ? Steady::time_point{} : until_;
    }

private:
    bool is_open() const { return in_a_row_ >= tolerated_ && (trying_ || Steady::now() < until_ + quiet_); }

    const int tolerated_;
    const std::chrono::milliseconds first_;
    const std::chrono::milliseconds longest_;
    const std::chrono::milliseconds quiet_;
    mutable std::mutex mutex_;
    int in_a_row_ = 0;
    bool trying_ = false;
    Steady::time_point until_{};
    std::string why_;
    prometheus::Gauge& state_;
    Metrics& metrics_;
    const std::string part_;
};

}  // namespace carillon::dapr
