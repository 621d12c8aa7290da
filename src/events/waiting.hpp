// How the relay and the inbox worker sleep and end: private to src/events.
#pragma once

#include "carillon/async.hpp"
#include "carillon/gate.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace carillon::events {

using SteadyTime = std::chrono::steady_clock::time_point;

/// One coroutine on a strand sleeps until it is woken or a time comes. While nothing is due there is no timer running.
class Sleeper {
public:
    explicit Sleeper(asio::any_io_executor strand) : timer_(std::make_shared<asio::steady_timer>(std::move(strand))) {}

    /// Any thread. Wakes that come while nobody sleeps are remembered as one.
    void wake() {
        if (woken_.exchange(true)) return;
        asio::post(timer_->get_executor(), [timer = timer_] { timer->cancel(); });
    }
    /// Takes back the wakes so far: what they announced is about to be looked at.
    bool take_wake() { return woken_.exchange(false); }
    bool woken() const { return woken_.load(); }
    /// On the strand only.
    awaitable<void> sleep(std::optional<SteadyTime> until) {
        if (woken_.load()) co_return;
        timer_->expires_at(until.value_or(SteadyTime::max()));
        co_await timer_->async_wait(asio::as_tuple(asio::use_awaitable));
    }

private:
    std::shared_ptr<asio::steady_timer> timer_;
    std::atomic<bool> woken_{false};
};

/// Exponential back-off with jitter: between half of `first` * 2^(attempt-1), at most `max`, and all of it.
inline std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds first, std::chrono::milliseconds max) {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto full = std::max(first, std::chrono::milliseconds{1});
    for (int i = 1; i < attempt && full < max; ++i) full *= 2;
    full = std::min(full, max);
    return std::chrono::milliseconds{
        std::uniform_int_distribution<std::int64_t>{full.count() / 2, full.count()}(random)};
}

}  // namespace carillon::events
