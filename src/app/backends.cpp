#include "app/backends.hpp"

#include "app/application.hpp"
#include "app/ready.hpp"
#include "carillon/dapr.hpp"
#include "carillon/local_scheduler.hpp"

namespace carillon {

kafka::Options kafka_options(const Config& config) {
    kafka::Options options;
    options.brokers = config.kafka_brokers;
    options.security_protocol = config.kafka_security_protocol;
    options.sasl_mechanism = config.kafka_sasl_mechanism;
    options.username = config.kafka_username;
    options.password = config.kafka_password;
    options.ca_file = config.kafka_ca_file;
    options.partitions = config.kafka_partitions;
    return options;
}

Backends make_backends(const Config& config, Runtime& runtime, Inbox& inbox, const Clock& clock, Metrics& metrics) {
    Backends backends;
    const auto background = runtime.background();
    const auto sidecar =
        config.uses_dapr()
            ? dapr::make_sidecar(background, static_cast<std::uint16_t>(config.dapr_http_port), config.dapr_api_token)
            : nullptr;
    dapr::Bus* dapr_bus = nullptr;
    kafka::Bus* kafka_bus = nullptr;
    dapr::Scheduler* dapr_scheduler = nullptr;

    if (config.event_bus == "dapr") {
        dapr::BusOptions options;
        options.pubsub = config.pubsub_component;
        options.broadcast = config.broadcast_component;
        auto bus = dapr::make_bus(sidecar, inbox, metrics, options);
        dapr_bus = bus.get();
        backends.bus = std::move(bus);
    } else if (config.event_bus == "kafka") {
        auto bus = kafka::make_bus(inbox, metrics, background, kafka_options(config));
        kafka_bus = bus.get();
        backends.bus = std::move(bus);
    } else {
        backends.bus = make_memory_bus(inbox);
    }

    if (config.scheduler == "dapr") {
        auto scheduler = dapr::make_scheduler(sidecar, background, metrics);
        dapr_scheduler = scheduler.get();
        backends.scheduler = std::move(scheduler);
    } else {
        backends.scheduler = make_local_scheduler(clock, make_real_time_alarm(background, clock));
    }

    if (!config.state_component.empty())
        backends.shared_state = dapr::make_state_store(sidecar, config.state_component, clock, metrics);

    if (sidecar) {
        backends.sidecar_routes = [dapr_bus, dapr_scheduler] {
            return join(dapr_bus ? dapr_bus->routes() : std::vector<http::Route>(),
                        dapr_scheduler ? dapr_scheduler->routes() : std::vector<http::Route>());
        };
    }
    backends.state = [dapr_bus, kafka_bus, dapr_scheduler] {
        const auto text = [](std::string_view s) { return boost::json::string(s.data(), s.size()); };
        boost::json::object parts{{"bus", text(dapr_bus    ? dapr_bus->state()
                                               : kafka_bus ? kafka_bus->state()
                                                           : "ok")},
                                  {"scheduler", text(dapr_scheduler ? dapr_scheduler->state() : "ok")}};
        const auto tell = [&](const char* name, const std::string& why) {
            if (!why.empty()) parts[name] = why;
        };
        if (dapr_bus) tell("bus_error", dapr_bus->why_away());
        if (dapr_scheduler) tell("scheduler_error", dapr_scheduler->why_away());
        return parts;
    };
    return backends;
}

}  // namespace carillon
