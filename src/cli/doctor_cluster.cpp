#include "app/backends.hpp"
#include "carillon/events/event.hpp"
#include "cli/ask.hpp"
#include "cli/findings.hpp"

#include <boost/json/parse.hpp>

#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace carillon::cli {
namespace {

namespace bj = boost::json;

bj::object object_of(const std::string& text) {
    bj::error_code bad;
    auto value = bj::parse(text, bad);
    return !bad && value.is_object() ? std::move(value.as_object()) : bj::object{};
}

std::string text_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

bj::array list_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value && value->is_array() ? value->get_array() : bj::array{};
}

bj::object part_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value && value->is_object() ? value->get_object() : bj::object{};
}

void check_component(Findings& findings, const bj::object& sidecar, const std::string& name) {
    for (const auto& component : list_of(sidecar, "components")) {
        if (component.is_object() && text_of(component.get_object(), "name") == name)
            return findings.good(fmt::format("the sidecar has the component {}", name));
    }
    findings.bad(fmt::format("the sidecar has no component {}", name),
                 "apply deploy/dapr and read the sidecar's log, which says why one was not loaded");
}

void check_subscription(Findings& findings, const bj::object& sidecar, const std::string& component,
                        std::string_view topic) {
    for (const auto& subscription : list_of(sidecar, "subscriptions")) {
        if (subscription.is_object() && text_of(subscription.get_object(), "pubsubname") == component &&
            text_of(subscription.get_object(), "topic") == topic)
            return findings.good(fmt::format("{} is subscribed to on {}", topic, component));
    }
    findings.bad(fmt::format("nobody subscribes to {} on {}", topic, component),
                 "start carillon serve first: the sidecar asks it once, at its own start; or apply "
                 "deploy/dapr/subscriptions.yaml");
}

void check_callback(Findings& findings, const bj::object& sidecar, const Config& config) {
    const auto app = part_of(sidecar, "appConnectionProperties");
    const auto* port = app.if_contains("port");
    const auto wanted = config.sidecar_listen.substr(config.sidecar_listen.rfind(':') + 1);
    const auto known = port && port->is_int64() ? std::to_string(port->get_int64()) : std::string("none");
    if (known == wanted)
        findings.good(fmt::format("the sidecar calls back at port {}", known));
    else
        findings.bad(fmt::format("the sidecar calls back at port {}, sidecar_listen is {}", known, wanted),
                     "give both the same: --app-port (annotation dapr.io/app-port), CARILLON_SIDECAR_LISTEN");
}

/// Takes back a job that nobody posted, which the scheduler answers with 204. What the sidecar tells of its connections
/// does not change when the scheduler dies.
void check_jobs(Findings& findings, const http::ClientOptions& sidecar) {
    auto answer = ask(sidecar, "/v1.0-alpha1/jobs/carillon-doctor", http::Method::del);
    if (answer.has_value() && answer->status == 404)
        answer = ask(sidecar, "/v1.0/jobs/carillon-doctor", http::Method::del);
    if (answer.has_value() && answer->status / 100 == 2)
        findings.good("the sidecar's scheduler takes jobs");
    else
        findings.bad("the sidecar has no scheduler that takes jobs",
                     "start Dapr's scheduler service and give daprd --scheduler-host-address");
}

void check_sidecar(Findings& findings, const Config& config) {
    http::ClientOptions options;
    options.port = static_cast<std::uint16_t>(config.dapr_http_port);
    if (!config.dapr_api_token.empty()) options.headers.push_back({"dapr-api-token", config.dapr_api_token});
    const auto answer = ask(options, "/v1.0/metadata");
    if (!answer)
        return findings.bad(fmt::format("no sidecar at port {} ({})", config.dapr_http_port, answer.error().detail),
                            "start daprd, or set DAPR_HTTP_PORT to its --dapr-http-port");
    if (answer->status == 401)
        return findings.bad("the sidecar asks for another token", "set DAPR_API_TOKEN as the sidecar has it");
    if (answer->status != 200)
        return findings.bad(fmt::format("the sidecar does not tell what it has (HTTP {})", answer->status),
                            "allow metadata in its Configuration, as deploy/dapr/configuration.yaml does");
    const auto sidecar = object_of(answer->body);
    findings.good(
        fmt::format("a sidecar, Dapr {}, at port {}", text_of(sidecar, "runtimeVersion"), config.dapr_http_port));
    check_callback(findings, sidecar, config);
    if (config.event_bus == "dapr") {
        for (const auto& component : {config.pubsub_component, config.broadcast_component}) {
            check_component(findings, sidecar, component);
            for (const auto topic : {task_events_topic, reminder_events_topic})
                check_subscription(findings, sidecar, component, topic);
        }
    }
    if (!config.state_component.empty()) check_component(findings, sidecar, config.state_component);
    if (config.scheduler == "dapr") check_jobs(findings, options);
}

void check_kafka(Findings& findings, const Config& config) {
    try {
        const auto options = kafka_options(config);
        if (const auto obstacle = kafka::sign_in_obstacle(options))
            findings.bad("this sign-in at Kafka cannot work", *obstacle);
        const auto missing = kafka::missing_topics(options);
        if (!missing)
            return findings.bad(fmt::format("Kafka does not answer ({})", missing.error().detail),
                                "see kafka_brokers, kafka_security_protocol, user, password and kafka_ca_file");
        findings.good(fmt::format("Kafka answers at {}", config.kafka_brokers));
        for (const auto& topic : *missing)
            findings.note(
                fmt::format("the topic {} is not there; it is made at the start, where that is allowed", topic));
    } catch (const std::exception& e) {
        findings.bad(e.what(), "see the kafka_… settings in config/carillon.toml");
    }
}

/// Tabs, links and mails lead to one address, whichever replica answers.
void check_one_address(Findings& findings, const Config& config) {
    if (config.public_url == "http://" + config.listen)
        findings.bad("public_url is not set, so each replica would take its own address for the public one",
                     "set it, the same for all replicas, to what users type");
    else
        findings.good(fmt::format("public_url is {}: the same for all replicas", config.public_url));
}

/// Of the cluster on one machine (`make cluster-up`), which nobody needs who only runs Carillon.
void note_tools(Findings& findings) {
    for (const auto& [tool, package] :
         {std::pair{"go", "golang-go"}, {"java", "openjdk-17-jre-headless"}, {"mvn", "maven"}}) {
        std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
        bool found = false;
        for (std::string folder; std::getline(path, folder, ':');)
            found |= ::access((folder + '/' + tool).c_str(), X_OK) == 0;
        if (!found) findings.note(fmt::format("no {} here: only make cluster-up needs it (package {})", tool, package));
    }
}

}  // namespace

void check_cluster(Findings& findings, const Config& config) {
    const bool several = config.uses_dapr() || config.event_bus == "kafka";
    if (config.uses_dapr()) check_sidecar(findings, config);
    if (config.event_bus == "kafka") check_kafka(findings, config);
    if (several) {
        check_one_address(findings, config);
        note_tools(findings);
    }
    const bool postgresql = config.database_url.starts_with("postgres");
    if (several && !postgresql)
        findings.bad("replicas cannot share an SQLite file", "set database_url to a postgresql:// address");
    if (postgresql && config.event_bus == "memory") findings.note("event_bus is memory: there can be one replica only");
}

bool check_running_server(Findings& findings, const Config& config) {
    const auto colon = config.management_listen.rfind(':');
    http::ClientOptions options;
    options.port = static_cast<std::uint16_t>(std::atoi(config.management_listen.c_str() + colon + 1));
    if (options.port == 0) return false;
    const auto answer = ask(std::move(options), "/readyz");
    if (!answer || text_of(object_of(answer->body), "status").empty()) return false;
    const auto state = object_of(answer->body);
    findings.good(fmt::format("a server is running here: {}", text_of(state, "status")));
    const auto detail = part_of(state, "detail");
    for (const auto& [name, value] : detail) {
        const std::string part(name);
        if (part.ends_with("_error")) continue;  // told with its part
        const auto how = text_of(detail, part);
        const auto why = text_of(detail, part + "_error");
        if (how == "ok")
            findings.good(fmt::format("its {} is ok", part));
        else
            findings.bad(fmt::format("its {} is {}{}{}", part, how, why.empty() ? "" : ": ", why),
                         "what it works with is named below and in its log");
    }
    return true;
}

}  // namespace carillon::cli
