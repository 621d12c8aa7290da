// The abstract EventBus: in memory on a single host, Dapr pub/sub or Kafka in a cluster. All keep the same promises:
// at least once to every durable subscription with its effect exactly once, one user's events in order, nothing lost
// over a restart (DESIGN 2.2–2.4). One contract suite runs against each.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/session.hpp"
#include "carillon/error.hpp"
#include "carillon/events/event.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// A durable subscription: `handle` runs in a transaction together with its inbox row, in sequence order per user.
/// Ok completes the event; an Error or an exception rolls back and is tried again with back-off; after the last try the
/// event becomes a dead letter and the lane goes on. A replay may come out of order: compare sequences or current
/// state.
struct Subscription {
    std::string name;                ///< `audit`, `reminder`, `recurring`; the inbox rows' key: never rename
    std::vector<std::string> types;  ///< event types; empty: all
    std::function<Result<void>(db::Transaction&, const Event&)> handle;
    /// The same for a delivery's events in few statements, where each is a round trip (PostgreSQL). Optional. When it
    /// fails, all is rolled back and handled one by one.
    std::function<Result<void>(db::Transaction&, const std::vector<const Event*>&)> handle_all = {};
};

/// Every replica gets every event, newest only, not stored: for live sockets. Called on any thread; must not block.
struct Listener {
    std::function<void(std::shared_ptr<const Event>)> hear;
    /// Of whom it would hear; a bus may spare itself reading the events of others. Empty: of everybody.
    std::function<bool(std::string_view user_id)> wants = {};
};

class EventBus {
public:
    virtual ~EventBus() = default;
    /// Before start().
    virtual void subscribe(Subscription subscription) = 0;
    virtual void listen(Listener listener) = 0;
    virtual void start() = 0;
    /// Done when the bus has accepted the events, not when they have been handled. One flag for each event, in order:
    /// an event that was not accepted stops its user's later ones in the batch.
    virtual awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) = 0;
    /// Stops intake and waits for handlers in flight.
    virtual awaitable<void> drain() = 0;
};

}  // namespace carillon
