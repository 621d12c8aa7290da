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

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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

}  // namespace carillon::events
