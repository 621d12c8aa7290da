// Inbox: what makes "at least once" an effect exactly once. Each durable subscription has a row per event; its lane is
// (subscription, user), worked in sequence order, effect and completion in one transaction (DESIGN 2.2).
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon {

struct InboxOptions {
    int max_attempts = 8;                        ///< then the event is a dead letter
    std::chrono::milliseconds first_delay{100};  ///< doubled for each attempt, with jitter
    std::chrono::milliseconds max_delay{60'000};
    /// How often to look in the table for lanes that this process did not fill: another replica's, or a replay by the
    /// CLI (PostgreSQL). Nothing: only at start.
    std::optional<std::chrono::milliseconds> poll;
};

struct DeadLetter {
    std::int64_t id = 0;
    std::string subscription;
    Event event;
    std::string error;
    int attempts = 0;
    Time failed_at{};
    std::optional<Time> replayed_at;
};

/// A record of the bus that is no event of Carillon's.
struct Unreadable {
    std::string place;    ///< `topic/partition/offset`: delivered again, it is known; empty: taken each time
    std::string payload;  ///< its bytes, text or not
    std::string error;
};

class Inbox {
public:
    virtual ~Inbox() = default;
    virtual void subscribe(Subscription subscription) = 0;
    /// Starts the worker for what waits (retries, a previous run's rest). A second call does nothing.
    virtual void start() = 0;
    /// Accepts events in order, one transaction: a row for each subscription; an event already known to one is left
    /// out. With `handle_now` a lane with nothing waiting handles its event in the same transaction. What is
    /// `unreadable` becomes a dead letter of the subscription `unreadable`, which nobody can replay.
    virtual awaitable<Result<void>> accept(std::vector<std::shared_ptr<const Event>> events, bool handle_now,
                                           std::vector<Unreadable> unreadable = {}) = 0;
    virtual awaitable<void> drain() = 0;

    virtual std::vector<DeadLetter> dead_letters(db::Session& session, int limit, std::int64_t after_id) = 0;
    /// Puts a dead letter back into its lane for one more round of attempts. Fails with: not_found, conflict (already
    /// replayed, or there is no such subscription).
    virtual Result<void> replay_in(db::Transaction& tx, std::int64_t dead_letter_id) = 0;
};

std::unique_ptr<Inbox> make_inbox(db::Database& database, const Clock& clock, Metrics& metrics,
                                  boost::asio::any_io_executor executor, InboxOptions options = {});

/// The single-host bus: publish() tells the listeners, then accepts into the inbox.
std::unique_ptr<EventBus> make_memory_bus(Inbox& inbox);

}  // namespace carillon
