#include "consumer.hpp"

#include "carillon/ids.hpp"
#include "carillon/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <future>
#include <map>

namespace carillon::kafka {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int poll_limit = 100;         // milliseconds: how late a stop is seen
constexpr std::size_t batch_size = 64;  // records a transaction accepts: some milliseconds of work
constexpr auto first_pause = 50ms;      // while the database is away
constexpr std::chrono::milliseconds longest_pause = 1s;
constexpr auto lag_interval = 2s;
constexpr auto new_partitions_interval = 30s;
constexpr int look_limit = 2000;  // milliseconds

Settings consumer_settings(const Options& options, Health& health, const std::string& group) {
    Settings settings(options, health);
    settings.set("group.id", group).set("enable.auto.offset.store", "false");
    settings.set("fetch.wait.max.ms", "500").set("enable.partition.eof", "false");
    return settings;
}

Handle make_group_consumer(const Options& options, Health& health) {
    auto settings = consumer_settings(options, health, options.topic_prefix + options.group);
    settings.set("enable.auto.commit", "true").set("auto.commit.interval.ms", "1000");
    settings.set("auto.offset.reset", "earliest").set("partition.assignment.strategy", "cooperative-sticky");
    settings.set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500");  // a killed replica's share moves on
    auto handle = settings.make(RD_KAFKA_CONSUMER);
    rd_kafka_poll_set_consumer(handle.get());
    return handle;
}

Handle make_live_consumer(const Options& options, Health& health) {
    // Never joins a group: the id only has to be there.
    auto settings = consumer_settings(options, health, options.topic_prefix + options.group + "-live");
    settings.set("enable.auto.commit", "false").set("auto.offset.reset", "latest");
    auto handle = settings.make(RD_KAFKA_CONSUMER);
    rd_kafka_poll_set_consumer(handle.get());
    return handle;
}

std::string_view bytes_of(const Message& message) {
    return {static_cast<const char*>(message->payload), message->payload ? message->len : 0};
}

/// The user's id, where Carillon produced it.
std::string_view key_of(const Message& message) {
    return {static_cast<const char*>(message->key), message->key ? message->key_len : 0};
}

std::string place_of(const Message& message) {
    return std::string(rd_kafka_topic_name(message->rkt)) + '/' + std::to_string(message->partition) + '/' +
           std::to_string(message->offset);
}

bool report(const Message& message) {
    if (!message->err) return false;
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        log::warn("Kafka cannot be read",
                  {{"error", text(message->err)}, {"detail", rd_kafka_message_errstr(message.get())}});
    return true;
}

}  // namespace

void Loop::start() {
    thread_ = std::thread([this] {
        try {
            run();
        } catch (const std::exception& e) {
            log::error("a Kafka reader ended", {{"error", e.what()}});
        }
        ended_.open();
    });
}

awaitable<void> Loop::ended() {
    if (thread_.joinable()) co_await ended_.wait();
}

bool Loop::sleep(std::chrono::milliseconds time) const {
    const auto until = Steady::now() + time;
    while (!stopping_ && Steady::now() < until) std::this_thread::sleep_for(10ms);
    return !stopping_;
}

void Loop::join() {
    stop();
    if (thread_.joinable()) thread_.join();
}

GroupReader::GroupReader(const Options& options, Health& health, Metrics& metrics, Inbox& inbox,
                         boost::asio::any_io_executor executor)
    : health_(health),
      inbox_(inbox),
      executor_(std::move(executor)),
      topics_(topics(options)),
      lag_(metrics.gauge("carillon_kafka_consumer_lag",
                         "Records not yet accepted into the inbox, of this replica's share")),
      refused_(metrics.counter("carillon_kafka_unreadable_total", "Records that are no events")),
      handle_(make_group_consumer(options, health)) {}

GroupReader::~GroupReader() { join(); }

void GroupReader::run() {
    const Partitions wanted(rd_kafka_topic_partition_list_new(static_cast<int>(topics_.size())));
    for (const auto& topic : topics_)
        rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(handle_.get(), wanted.get());
    while (!stopping()) {
        measure_lag();
        const auto batch = poll_batch();
        if (batch.empty()) continue;
        health_.set(true);
        auto pause = first_pause;
        bool accepted = accept(batch);
        while (!accepted && sleep(pause)) {
            pause = std::min(pause * 2, std::chrono::milliseconds{longest_pause});
            accepted = accept(batch);
        }
        if (accepted) store_offsets(batch);
    }
    rd_kafka_consumer_close(handle_.get());  // commits, and leaves the group
}

std::vector<Message> GroupReader::poll_batch() {
    std::vector<Message> batch;
    while (batch.size() < batch_size) {
        Message message(rd_kafka_consumer_poll(handle_.get(), batch.empty() ? poll_limit : 0));
        if (!message) break;
        if (!report(message)) batch.push_back(std::move(message));
    }
    return batch;
}

/// One transaction for all of them. False while the database is away.
bool GroupReader::accept(const std::vector<Message>& batch) {
    std::vector<std::shared_ptr<const Event>> events;
    std::vector<Unreadable> unreadable;
    for (const auto& message : batch) {
        auto event = parse_cloudevent(bytes_of(message));
        if (event)
            events.push_back(std::make_shared<const Event>(std::move(*event)));
        else
            unreadable.push_back({place_of(message), std::string(bytes_of(message)), event.error().detail});
    }
    // A user's events on two topics come in any order; within a batch it is known.
    std::stable_sort(events.begin(), events.end(),
                     [](const auto& a, const auto& b) { return a->sequence < b->sequence; });
    const auto refused = unreadable.size();
    const auto result = std::make_shared<std::promise<bool>>();
    auto done = [result](std::exception_ptr defect, Result<void> accepted) {
        if (defect) log::error("records were not accepted", {{"error", "a defect"}});
        result->set_value(!defect && accepted.has_value());
    };
    auto future = result->get_future();
    asio::co_spawn(executor_, inbox_.accept(std::move(events), true, std::move(unreadable)), std::move(done));
    // Should the executor have ended, nobody answers.
    auto patience = Steady::time_point::max();
    while (future.wait_for(20ms) != std::future_status::ready) {
        if (stopping() && patience == Steady::time_point::max()) patience = Steady::now() + 5s;
        if (Steady::now() > patience) return false;
    }
    if (!future.get()) return false;
    refused_.Increment(static_cast<double>(refused));
    return true;
}

void GroupReader::store_offsets(const std::vector<Message>& batch) {
    std::map<std::pair<std::string, int>, std::int64_t> next;
    for (const auto& message : batch)
        next[{rd_kafka_topic_name(message->rkt), message->partition}] = message->offset + 1;
    const Partitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(next.size())));
    for (const auto& [place, offset] : next)
        rd_kafka_topic_partition_list_add(offsets.get(), place.first.c_str(), place.second)->offset = offset;
    // A partition that has moved on meanwhile keeps its own: the new owner reads these records again, and knows them.
    rd_kafka_offsets_store(handle_.get(), offsets.get());
}

void GroupReader::measure_lag() {
    if (Steady::now() < measured_ + lag_interval) return;
    measured_ = Steady::now();
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    if (rd_kafka_assignment(handle_.get(), &assigned) || !assigned) return;
    const Partitions mine(assigned);
    rd_kafka_position(handle_.get(), mine.get());
    std::int64_t lag = 0;
    for (int i = 0; i < mine->cnt; ++i) {
        const auto& partition = mine->elems[i];
        std::int64_t low = 0, high = 0;
        if (rd_kafka_get_watermark_offsets(handle_.get(), partition.topic, partition.partition, &low, &high)) continue;
        if (high >= 0 && partition.offset >= 0) lag += std::max<std::int64_t>(0, high - partition.offset);
    }
    lag_.Set(static_cast<double>(lag));
}

LiveReader::LiveReader(const Options& options, Health& health, std::vector<Listener>& listeners)
    : listeners_(listeners), topics_(topics(options)), handle_(make_live_consumer(options, health)) {}

LiveReader::~LiveReader() { join(); }

bool LiveReader::find_ends() {
    if (!found_) found_ = add_partitions(true);
    return found_;
}

/// Reads the partitions that are not read yet, from their end or, where they were added later, from their beginning.
bool LiveReader::add_partitions(bool at_end) {
    rd_kafka_topic_partition_list_t* assigned = nullptr;
    if (rd_kafka_assignment(handle_.get(), &assigned)) return false;
    const Partitions all(assigned);
    const int before = all->cnt;
    for (const auto& topic : topics_) {
        const std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>> handle(
            rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
        const rd_kafka_metadata_t* found = nullptr;
        if (rd_kafka_metadata(handle_.get(), 0, handle.get(), &found, look_limit)) return false;
        const std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>> metadata(found);
        if (metadata->topic_cnt != 1 || metadata->topics[0].err) return false;
        for (int p = 0; p < metadata->topics[0].partition_cnt; ++p) {
            if (rd_kafka_topic_partition_list_find(all.get(), topic.c_str(), p)) continue;
            std::int64_t low = 0, high = 0;
            if (rd_kafka_query_watermark_offsets(handle_.get(), topic.c_str(), p, &low, &high, look_limit))
                return false;
            rd_kafka_topic_partition_list_add(all.get(), topic.c_str(), p)->offset = at_end ? high : low;
        }
    }
    if (all->cnt == before) return true;
    const Partitions added(rd_kafka_topic_partition_list_new(all->cnt - before));
    for (int i = before; i < all->cnt; ++i) {
        const auto& partition = all->elems[i];
        rd_kafka_topic_partition_list_add(added.get(), partition.topic, partition.partition)->offset = partition.offset;
    }
    if (before == 0) return rd_kafka_assign(handle_.get(), added.get()) == RD_KAFKA_RESP_ERR_NO_ERROR;
    const std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>> failed(
        rd_kafka_incremental_assign(handle_.get(), added.get()));
    return !failed;
}

void LiveReader::run() {
    while (!find_ends() && sleep(500ms)) {
    }
    auto look = Steady::now() + new_partitions_interval;
    while (!stopping()) {
        const Message message(rd_kafka_consumer_poll(handle_.get(), poll_limit));
        if (message && !report(message)) tell(message);
        if (Steady::now() < look) continue;
        add_partitions(false);
        look = Steady::now() + new_partitions_interval;
    }
    rd_kafka_consumer_close(handle_.get());
}

void LiveReader::tell(const Message& message) {
    const auto user = key_of(message);
    const auto wants = [user](const Listener& listener) { return !listener.wants || listener.wants(user); };
    if (!user.empty() && std::none_of(listeners_.begin(), listeners_.end(), wants)) return;
    auto event = parse_cloudevent(bytes_of(message));
    if (!event) return;  // the group's reader sees to it
    const auto shared = std::make_shared<const Event>(std::move(*event));
    for (const auto& listener : listeners_) listener.hear(shared);
}

}  // namespace carillon::kafka
