// Behind a Dapr sidecar: pub/sub as the EventBus, the Jobs API as the JobScheduler, a state store. What the sidecar
// calls back is served on a loopback listener of its own, where it shows its token (docs/architecture.md).
#pragma once

#include "carillon/events/inbox.hpp"
#include "carillon/http/client.hpp"
#include "carillon/http/router.hpp"
#include "carillon/metrics.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/state_store.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::dapr {

/// Whoever calls back must show `app_token` in the header `dapr-api-token`: an Authenticator for the listener. Compared
/// in constant time. Fails with: unauthenticated.
http::Authenticator sidecar_only(std::string app_token);

/// The sidecar's HTTP API on 127.0.0.1. `api_token` may be empty.
std::shared_ptr<http::Client> make_sidecar(asio::any_io_executor executor, std::uint16_t port,
                                           const std::string& api_token);

struct BusOptions {
    std::string pubsub = "pubsub-kafka";               ///< component whose consumer group all replicas share
    std::string broadcast = "pubsub-kafka-broadcast";  ///< component with a consumer group for each replica
    std::string topic_prefix;                          ///< before `task-events` and `reminder-events`
    std::chrono::milliseconds publish_limit{5000};     ///< a frozen broker answers nothing for more than a minute
};

class Bus : public EventBus {
public:
    /// What the sidecar calls: `GET /dapr/config`, `GET /dapr/subscribe`, `POST /events/shared`, `POST
    /// /events/broadcast`. For a listener with sidecar_only(); to be opened after start().
    virtual std::vector<http::Route> routes() = 0;
    /// What keeps events from being published, in few words; empty while nothing does.
    virtual std::string why_away() const = 0;
    /// `ok`, or `away` while publishing fails.
    std::string_view state() const { return why_away().empty() ? "ok" : "away"; }
};

/// Publishes through the sidecar, fills `inbox` from what it delivers.
std::unique_ptr<Bus> make_bus(std::shared_ptr<http::Client> sidecar, Inbox& inbox, Metrics& metrics,
                              BusOptions options = {});

struct SchedulerOptions {
    std::size_t max_waiting = 10'000;        ///< jobs not yet posted; what is beyond that is left to the sweep
    int at_once = 8;                         ///< requests
    std::chrono::milliseconds limit{5'000};  ///< of a request: without a scheduler the sidecar takes half a minute
};

/// Posts jobs from a queue of its own, one entry for each name, so that no request ever waits for the sidecar. A job's
/// failure policy has no limit: while nobody answers it is tried again.
class Scheduler : public JobScheduler {
public:
    /// `POST /job/{name}`, for the same listener. Any answer but 2xx would have it called again.
    virtual std::vector<http::Route> routes() = 0;
    /// What keeps jobs from being posted, in few words; empty while nothing does.
    virtual std::string why_away() const = 0;
    /// `ok`, or `away` while jobs cannot be posted.
    std::string_view state() const { return why_away().empty() ? "ok" : "away"; }
};

std::unique_ptr<Scheduler> make_scheduler(std::shared_ptr<http::Client> sidecar, asio::any_io_executor executor,
                                          Metrics& metrics, SchedulerOptions options = {});

/// Counters that all replicas share, in a state store component with ETags and TTL. While it is away, and beside it,
/// they are counted in this process: it costs no request, and no call waits longer than a fraction of a second for it.
std::unique_ptr<StateStore> make_state_store(std::shared_ptr<http::Client> sidecar, std::string component,
                                             const Clock& clock, Metrics& metrics);

}  // namespace carillon::dapr
