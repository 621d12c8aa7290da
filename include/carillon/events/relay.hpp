// Relay: moves unpublished outbox rows to the bus, ordered per user, at least once. Rows are selected by "unpublished",
// never by "id greater than the last one": with several writers ids do not commit in order.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/events/outbox.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace carillon {

struct RelayOptions {
    int batch = 256;  ///< rows of a turn
    /// How often to look without being woken: for other replicas' rows (PostgreSQL). Nothing: never while idle.
    std::optional<std::chrono::milliseconds> poll;
};

class Relay {
public:
    virtual ~Relay() = default;
    virtual Outbox& outbox() = 0;  ///< wakes this relay
    virtual void start(EventBus& bus) = 0;
    virtual awaitable<void> drain() = 0;  ///< publishes what is waiting, bounded, then stops
};

std::unique_ptr<Relay> make_relay(db::Database& database, const Clock& clock, Metrics& metrics,
                                  boost::asio::any_io_executor executor, RelayOptions options = {});

/// A user's stored events with sequence in (after, up_to], in order, for resume; nothing when rows of the range are
/// gone.
std::optional<std::vector<std::shared_ptr<const Event>>> events_after(db::Session& session, std::string_view user_id,
                                                                      std::int64_t after,
                                                                      std::optional<std::int64_t> up_to, int limit);
/// The user's latest sequence; 0 for none.
std::int64_t head_sequence(db::Session& session, std::string_view user_id);

}  // namespace carillon
