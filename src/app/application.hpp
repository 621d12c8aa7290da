// Every part of the program, wired. The constructor, in main.cpp, is the architecture's diagram; `serve` puts listeners
// in front of it, the CLI runs commands on it.
#pragma once

#include "app/backends.hpp"
#include "app/config.hpp"

#include "audit/audit.hpp"
#include "carillon/events/inbox.hpp"
#include "carillon/events/relay.hpp"
#include "carillon/scheduler.hpp"
#include "identity/identity.hpp"
#include "reminder/reminder.hpp"
#include "task/task.hpp"
#include "websocket/websocket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <memory>
#include <vector>

namespace carillon {

/// What the parts run on: one thread for timers, relay and subscribers, and a pool for argon2id. Destroyed after them.
class Runtime {
public:
    Runtime();
    ~Runtime();
    boost::asio::any_io_executor background() { return background_.get_executor(); }
    boost::asio::thread_pool& hashing() { return hashing_; }
    /// Runs `work` on the background thread and waits for it. Not from that thread.
    void wait(awaitable<void> work);

private:
    boost::asio::io_context background_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    boost::asio::thread_pool hashing_;
    std::thread thread_;
};

struct Application {
    Application(const Config& config, Runtime& runtime, db::Database& database, const Clock& clock, Metrics& metrics);

    /// The public route table but for the operations routes.
    std::vector<http::Route> routes();
    /// Starts what moves by itself: relay, subscribers, reminders.
    void start();
    /// Hands on what is committed, then stops.
    void drain(Runtime& runtime);

    db::Database& database;
    const Clock& clock;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<Inbox> inbox;
    Backends backends;
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<task::TaskService> tasks;
    std::unique_ptr<audit::Audit> audit;
    std::unique_ptr<reminder::Reminders> reminders;
    std::unique_ptr<websocket::LiveSync> live;
};

}  // namespace carillon
