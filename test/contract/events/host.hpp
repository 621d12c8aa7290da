// One run of the server's event side over a database: relay, inbox, and the bus under test. What restarts, kills and
// outages look like to them.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/inbox.hpp"
#include "carillon/events/relay.hpp"
#include "carillon/metrics.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace carillon::test {

/// Makes the bus under test over the inbox it has to fill.
using BusFactory = std::function<std::unique_ptr<EventBus>(Inbox&, asio::any_io_executor)>;

/// True as soon as `condition` is; false after `limit`.
bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds{60});

/// Retries after milliseconds.
InboxOptions quick_retries(int max_attempts = 3);

class Host {
public:
    Host(db::Database& database, const BusFactory& factory, InboxOptions inbox = quick_retries(),
         RelayOptions relay = {});
    ~Host();  ///< drains, unless killed

    EventBus& bus() { return *bus_; }
    Inbox& inbox() { return *inbox_; }
    Outbox& outbox() { return relay_->outbox(); }
    asio::io_context& io() { return io_; }
    const Metrics& metrics() const { return metrics_; }
    void start();
    void drain();
    /// Stops at once, as SIGKILL does; nothing is drained. Keep the host until the database is closed.
    void kill();
    /// Publishes without the relay, as a redelivery does.
    std::vector<bool> publish(std::vector<std::shared_ptr<const Event>> events);
    Result<void> accept(std::vector<std::shared_ptr<const Event>> events, bool handle_now);

private:
    SystemClock clock_;
    Metrics metrics_;
    asio::io_context& io_;  ///< outlives the database, whose threads may still be letting go of an executor
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::unique_ptr<Inbox> inbox_;
    std::unique_ptr<EventBus> bus_;
    std::unique_ptr<Relay> relay_;
    std::vector<std::thread> threads_;
    bool started_ = false;
    bool over_ = false;
};

/// Adds `count` events for each user in transactions of `group`, users taking turns; the events as they were stored.
std::vector<Event> add_events(db::Database& database, Outbox& outbox, const std::vector<std::string>& users, int count,
                              int group = 50);
bool all_published(db::Database& database);

/// Subscribers' effects: rows of a table, written in the handler's transaction, so that a roll-back takes them along.
class Effects {
public:
    explicit Effects(db::Database& database);
    /// Records the event. To be called in the handler.
    static void record(db::Transaction& tx, const std::string& subscription, const Event& event);
    /// A subscription that records every event.
    static Subscription recorder(std::string name, std::vector<std::string> types = {});
    /// Sequences of a user's events in the order in which they took effect.
    static std::vector<std::int64_t> of(db::Database& database, const std::string& subscription,
                                        const std::string& user_id);
    static std::int64_t count(db::Database& database);
};

/// What a listener heard, in order.
class Ear {
public:
    Listener listener();
    std::vector<std::int64_t> of(const std::string& user_id) const;
    std::size_t count() const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<std::int64_t>> heard_;
};

/// 1, 2, …, n
std::vector<std::int64_t> up_to(std::int64_t n);

}  // namespace carillon::test
