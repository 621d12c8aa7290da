#include "client.hpp"

#include <set>

namespace carillon::kafka {

std::optional<std::string> sign_in_obstacle(const Options& options) {
    constexpr int first_right = 0x020601ff;
    const bool scram = options.security_protocol.starts_with("sasl") && options.sasl_mechanism.starts_with("SCRAM");
    if (!scram || rd_kafka_version() >= first_right) return std::nullopt;
    return std::string("librdkafka ") + rd_kafka_version_str() +
           " sends a wrong SCRAM nonce, which brokers since Kafka 4.0 refuse as invalid credentials: use librdkafka "
           "2.6.1 or later, or kafka_sasl_mechanism PLAIN with sasl_ssl";
}

Result<std::vector<std::string>> missing_topics(const Options& options) {
    constexpr int limit_ms = 6000;
    Metrics metrics;
    Health health(metrics);
    const auto client = Settings(options, health).make(RD_KAFKA_PRODUCER);
    const rd_kafka_metadata_t* found = nullptr;
    if (const auto error = rd_kafka_metadata(client.get(), 1, nullptr, &found, limit_ms))
        return Error{Errc::unavailable, text(error)};
    std::set<std::string_view> names;
    for (int i = 0; i < found->topic_cnt; ++i) names.insert(found->topics[i].topic);
    std::vector<std::string> missing;
    for (auto& topic : topics(options)) {
        if (!names.contains(topic)) missing.push_back(std::move(topic));
    }
    rd_kafka_metadata_destroy(found);
    return missing;
}

}  // namespace carillon::kafka
