// Two ways of reading the topics: with the consumer group that all replicas share, into the inbox; and everything from
// now on, for this replica's live sockets.
#pragma once

#include "client.hpp"

#include "carillon/async.hpp"
#include "carillon/gate.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace carillon::kafka {

/// A thread that polls until it is told to stop.
class Loop {
public:
    virtual ~Loop() = default;
    void start();
    /// Returns at once; ended() when the thread has finished what it had in hand.
    void stop() { stopping_ = true; }
    awaitable<void> ended();

protected:
    virtual void run() = 0;
    bool stopping() const { return stopping_; }
    /// False when it was told to stop meanwhile.
    bool sleep(std::chrono::milliseconds time) const;
    /// To be called by destructors: the thread uses what they destroy.
    void join();

private:
    std::atomic<bool> stopping_{false};
    std::thread thread_;
    Gate ended_;
};

/// Accepts into the inbox, then stores the offsets: what was not accepted comes again, here or at another replica.
class GroupReader final : public Loop {
public:
    GroupReader(const Options& options, Health& health, Metrics& metrics, Inbox& inbox,
                boost::asio::any_io_executor executor);
    ~GroupReader() override;

private:
    void run() override;
    std::vector<Message> poll_batch();
    bool accept(const std::vector<Message>& batch);
    void store_offsets(const std::vector<Message>& batch);
    void measure_lag();

    Health& health_;
    Inbox& inbox_;
    boost::asio::any_io_executor executor_;
    const std::vector<std::string> topics_;
    prometheus::Gauge& lag_;
    prometheus::Counter& refused_;
    std::chrono::steady_clock::time_point measured_{};
    Handle handle_;
};

/// Hears every record from start() on; stores nothing.
class LiveReader final : public Loop {
public:
    LiveReader(const Options& options, Health& health, std::vector<Listener>& listeners);
    ~LiveReader() override;
    /// Finds the ends of the topics: what is published after it returns true is heard.
    bool find_ends();

private:
    void run() override;
    bool add_partitions(bool at_end);
    void tell(const Message& message);

    std::vector<Listener>& listeners_;
    const std::vector<std::string> topics_;
    Handle handle_;
    bool found_ = false;
};

}  // namespace carillon::kafka
