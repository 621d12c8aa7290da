#include "client.hpp"

#include "carillon/log.hpp"

#include <array>
#include <set>
#include <stdexcept>

namespace carillon::kafka {
namespace {

constexpr int admin_limit = 5000;                  // milliseconds
constexpr const char* retention_ms = "604800000";  // 7 days

void write_log(const rd_kafka_t*, int level, const char* facility, const char* message) {
    const auto severity = level <= 3 ? log::Level::error : level <= 5 ? log::Level::warn : log::Level::debug;
    // A broker that cannot be reached is told once, by Health; what CONFWARN says of a setting was chosen.
    const bool known = std::string_view(message).find("Connect to") != std::string_view::npos ||
                       std::string_view(facility) == "CONFWARN";
    if (known && !log::enabled(log::Level::debug)) return;
    log::write(known ? log::Level::debug : severity, "kafka", {{"facility", facility}, {"detail", message}});
}

void take_error(rd_kafka_t*, int error, const char* reason, void* health) {
    const auto code = static_cast<rd_kafka_resp_err_t>(error);
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return static_cast<Health*>(health)->set(false);
    if (code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__RESOLVE) return;  // one of the brokers
    log::error("kafka refuses", {{"error", text(code)}, {"detail", reason}});
}

using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>>;

Metadata all_topics(rd_kafka_t* client, std::chrono::milliseconds limit) {
    const rd_kafka_metadata_t* found = nullptr;
    const auto error = rd_kafka_metadata(client, 1, nullptr, &found, static_cast<int>(limit.count()));
    return Metadata(error ? nullptr : found);
}

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;
using Reply = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;

bool create(rd_kafka_t* client, const std::string& topic, int partitions) {
    std::array<char, 512> why{};
    constexpr int brokers_default = -1;
    const NewTopic wanted(rd_kafka_NewTopic_new(topic.c_str(), partitions, brokers_default, why.data(), why.size()));
    if (!wanted) throw std::runtime_error(std::string("kafka: ") + why.data());
    rd_kafka_NewTopic_set_config(wanted.get(), "retention.ms", retention_ms);
    const Queue queue(rd_kafka_queue_new(client));
    const AdminOptions options(rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
    rd_kafka_AdminOptions_set_request_timeout(options.get(), admin_limit, why.data(), why.size());
    rd_kafka_NewTopic_t* list[] = {wanted.get()};
    rd_kafka_CreateTopics(client, list, 1, options.get(), queue.get());
    const Reply reply(rd_kafka_queue_poll(queue.get(), 2 * admin_limit));
    if (!reply) return false;
    auto error = rd_kafka_event_error(reply.get());
    std::string detail = error ? rd_kafka_event_error_string(reply.get()) : "";
    std::size_t count = 0;
    if (const auto* result = rd_kafka_event_CreateTopics_result(reply.get()); result && !error) {
        const auto* const* const results = rd_kafka_CreateTopics_result_topics(result, &count);
        if (count > 0) {
            error = rd_kafka_topic_result_error(results[0]);
            const char* const said = rd_kafka_topic_result_error_string(results[0]);
            detail = said ? said : "";
        }
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return true;  // another replica was faster
    if (error) {
        log::error(
            "a Kafka topic is missing and cannot be made here: make it, with as many partitions as it shall have",
            {{"topic", topic}, {"error", text(error)}, {"detail", detail}});
        return false;
    }
    log::info("Kafka topic made", {{"topic", topic}, {"partitions", partitions}});
    return true;
}

}  // namespace

void Health::set(bool up) {
    gauge_.Set(up ? 1 : 0);
    if (up_.exchange(up) == up) return;
    if (up)
        log::info("Kafka answers");
    else
        log::warn("Kafka is away; events wait in the outbox");
}

Settings::Settings(const Options& options, Health& health) : conf_(rd_kafka_conf_new()) {
    rd_kafka_conf_set_log_cb(conf_.get(), write_log);
    rd_kafka_conf_set_error_cb(conf_.get(), take_error);
    rd_kafka_conf_set_opaque(conf_.get(), &health);
    set("bootstrap.servers", options.brokers).set("client.id", "carillon");
    set("security.protocol", options.security_protocol);
    if (options.security_protocol.starts_with("sasl")) {
        set("sasl.mechanism", options.sasl_mechanism);
        set("sasl.username", options.username).set("sasl.password", options.password);
    }
    if (!options.ca_file.empty()) set("ssl.ca.location", options.ca_file);
    // A broker that comes back is found within a second or so, one that hangs is given up.
    set("reconnect.backoff.ms", "50").set("reconnect.backoff.max.ms", "1000");
    set("socket.connection.setup.timeout.ms", "5000").set("socket.timeout.ms", "10000");
    set("socket.keepalive.enable", "true").set("log.connection.close", "false");
}

Settings& Settings::set(const char* name, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf_.get(), name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
        throw std::runtime_error(std::string("kafka: ") + why.data());
    return *this;
}

Handle Settings::make(rd_kafka_type_t type) {
    std::array<char, 512> why{};
    Handle handle(rd_kafka_new(type, conf_.get(), why.data(), why.size()));
    if (!handle) throw std::runtime_error(std::string("kafka: ") + why.data());
    (void)conf_.release();  // the client's now
    return handle;
}

std::vector<std::string> topics(const Options& options) {
    return {options.topic_prefix + std::string(task_events_topic),
            options.topic_prefix + std::string(reminder_events_topic)};
}

bool make_topics(rd_kafka_t* client, const Options& options) {
    const auto known = all_topics(client, std::chrono::milliseconds{admin_limit});
    if (!known) return false;
    std::set<std::string_view> names;
    for (int i = 0; i < known->topic_cnt; ++i) names.insert(known->topics[i].topic);
    bool all = true;
    for (const auto& topic : topics(options)) all &= names.contains(topic) || create(client, topic, options.partitions);
    return all;
}

bool answers(rd_kafka_t* client, std::chrono::milliseconds limit) { return all_topics(client, limit) != nullptr; }

std::string text(rd_kafka_resp_err_t error) { return rd_kafka_err2str(error); }

}  // namespace carillon::kafka
