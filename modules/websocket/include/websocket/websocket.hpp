// websocket: every open client of a user gets each of the user's events, in order, or is told to reload.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/http/router.hpp"
#include "carillon/http/upgrade.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"
#include "identity/identity.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace carillon::websocket {

struct Options {
    std::vector<std::string> allowed_origins;  ///< besides the host the request came to
    std::chrono::milliseconds head_interval{25'000};
    std::size_t max_queue = 1024;  ///< messages waiting for one client; more closes it (1013)
    std::size_t max_connections = 20'000;
    int max_connections_per_user = 200;
    std::chrono::milliseconds write_timeout{10'000};  ///< a write without progress for longer closes the client (1013)
};

class LiveSync {
public:
    virtual ~LiveSync() = default;
    virtual std::vector<http::Route> routes() = 0;           ///< POST /api/ws-ticket
    virtual std::vector<http::UpgradeRoute> upgrades() = 0;  ///< WS /ws/tasks
    /// Closes every socket (1001).
    virtual awaitable<void> drain() = 0;
};

std::unique_ptr<LiveSync> make_live_sync(db::Database& database, EventBus& bus, identity::Identity& identity,
                                         const Clock& clock, Metrics& metrics, Options options);

}  // namespace carillon::websocket
