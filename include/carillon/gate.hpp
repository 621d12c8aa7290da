// What coroutines wait for until some thread opens it.
#pragma once

#include "carillon/async.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace carillon {

/// Opened once; wait() returns when it is open.
class Gate {
public:
    void open() {
        std::vector<std::function<void()>> waiting;
        {
            std::lock_guard lock(mutex_);
            open_ = true;
            waiting.swap(waiting_);
        }
        for (auto& resume : waiting) resume();
    }
    awaitable<void> wait() {
        auto start = [this](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            auto resume = [shared] {
                auto home = asio::get_associated_executor(*shared);
                asio::post(home, [shared] { (*shared)(); });
            };
            std::unique_lock lock(mutex_);
            if (!open_) {
                waiting_.push_back(std::move(resume));
                return;
            }
            lock.unlock();
            resume();
        };
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(start, asio::use_awaitable);
    }

private:
    std::mutex mutex_;
    bool open_ = false;
    std::vector<std::function<void()>> waiting_;
};

}  // namespace carillon
