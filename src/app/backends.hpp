// What differs between a laptop and a cluster, chosen by configuration here and nowhere else: how events travel,
// what wakes reminders and what replicas share for a short while.
#pragma once

#include "app/config.hpp"
#include "carillon/events/inbox.hpp"
#include "carillon/http/router.hpp"
#include "carillon/kafka.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/state_store.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace carillon {

class Runtime;

struct Backends {
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<JobScheduler> scheduler;
    std::shared_ptr<StateStore> shared_state;                  ///< nothing: there is only this process's own
    std::function<std::vector<http::Route>()> sidecar_routes;  ///< what the sidecar calls; nothing without one
    std::function<boost::json::object()> state;                ///< of bus and scheduler, for /readyz; any thread
};

kafka::Options kafka_options(const Config& config);

Backends make_backends(const Config& config, Runtime& runtime, Inbox& inbox, const Clock& clock, Metrics& metrics);

}  // namespace carillon
