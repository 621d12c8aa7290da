// What producer and consumers of librdkafka have in common: configuration, logs, whether a broker answers.
#pragma once

#include "carillon/kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace carillon::kafka {

template <auto destroy>
struct Destroy {
    template <class T>
    void operator()(T* handle) const {
        destroy(handle);
    }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>>;
using Message = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;

/// Whether a broker answers. Any thread.
class Health {
public:
    explicit Health(Metrics& metrics) : gauge_(metrics.gauge("carillon_kafka_up", "1 while a broker answers")) {}
    bool up() const { return up_; }
    void set(bool up);

private:
    std::atomic<bool> up_{false};
    prometheus::Gauge& gauge_;
};

/// Settings of a client to be. Names as in librdkafka's CONFIGURATION.md.
class Settings {
public:
    /// Those that all clients share. `health` must outlive the client.
    Settings(const Options& options, Health& health);
    /// Throws std::runtime_error for a value that cannot be.
    Settings& set(const char* name, const std::string& value);
    rd_kafka_conf_t* get() const { return conf_.get(); }
    /// Throws std::runtime_error with one clear line.
    Handle make(rd_kafka_type_t type);

private:
    std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>> conf_;
};

/// The topics, with their prefix.
std::vector<std::string> topics(const Options& options);

/// Makes the topics that are missing; true when all are there. Blocks for some seconds while no broker answers.
bool make_topics(rd_kafka_t* client, const Options& options);
/// True when a broker has answered within `limit`.
bool answers(rd_kafka_t* client, std::chrono::milliseconds limit);

std::string text(rd_kafka_resp_err_t error);

}  // namespace carillon::kafka
