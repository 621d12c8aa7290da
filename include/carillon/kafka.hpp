// Kafka without Dapr: an EventBus over librdkafka. A record is the CloudEvent's own bytes, its key the user's id, so
// that one user's events are in one partition, the same one to which Dapr's component would send them.
#pragma once

#include "carillon/events/inbox.hpp"
#include "carillon/metrics.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::kafka {

struct Options {
    std::string brokers;                          ///< `host:port,host:port`
    std::string security_protocol = "plaintext";  ///< plaintext, ssl, sasl_plaintext, sasl_ssl
    std::string sasl_mechanism = "SCRAM-SHA-512";
    std::string username;
    std::string password;
    std::string ca_file;                            ///< PEM of who signs the brokers' certificates; empty: the system's
    std::string group = "carillon";                 ///< consumer group that all replicas share
    std::string topic_prefix;                       ///< before `task-events` and `reminder-events`
    int partitions = 3;                             ///< of topics that do not exist yet
    std::chrono::milliseconds publish_limit{5000};  ///< then what is not acknowledged is taken back
};

class Bus : public EventBus {
public:
    /// `ok`, or `away` while no broker can be reached. Any thread.
    virtual std::string_view state() const = 0;
};

/// Publishes with an idempotent producer and fills `inbox` from a consumer group; its offsets follow what the inbox has
/// committed. start() waits a few seconds for the brokers and goes on without them. Throws std::runtime_error with one
/// clear line when an option cannot be.
std::unique_ptr<Bus> make_bus(Inbox& inbox, Metrics& metrics, boost::asio::any_io_executor executor, Options options);

/// Why signing in cannot work with the librdkafka at hand, and what to do; nothing when it can.
std::optional<std::string> sign_in_obstacle(const Options& options);

/// Those of the bus's topics that the brokers do not have. Fails with: unavailable. Blocks for some seconds while no
/// broker answers. Throws std::runtime_error as make_bus() does.
Result<std::vector<std::string>> missing_topics(const Options& options);

}  // namespace carillon::kafka
