// Sends events and tells which of them the brokers have acknowledged.
#pragma once

#include "client.hpp"

#include "carillon/async.hpp"
#include "carillon/gate.hpp"

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

namespace carillon::kafka {

using Events = std::vector<std::shared_ptr<const Event>>;

/// One producer id. After a fatal error (is_over) nothing goes out any more: make another.
class Producer {
public:
    Producer(const Options& options, Health& health);
    ~Producer();
    Producer(const Producer&) = delete;
    Producer& operator=(const Producer&) = delete;

    /// A flag for each event, at the latest a moment after the limit. What is not acknowledged by then is taken back,
    /// all of it: none of a user's later events may go out without it.
    awaitable<std::vector<bool>> publish(Events events);
    bool is_over() const;
    /// Takes back what is under way and lets the client go; nothing else may be called afterwards.
    void stop();
    rd_kafka_t* handle() const { return handle_.get(); }

private:
    struct Call;
    struct Ticket;
    static void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*);
    bool send(const Event& event, const std::string& topic, std::unique_ptr<Ticket> ticket);
    void poll();
    void take_back_what_is_late();

    const Options options_;
    Health& health_;
    Handle handle_;
    std::mutex mutex_;
    std::list<std::shared_ptr<Call>> calls_;  ///< under way
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

}  // namespace carillon::kafka
