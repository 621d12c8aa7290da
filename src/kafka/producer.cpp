#include "producer.hpp"

#include "carillon/log.hpp"

namespace carillon::kafka {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int poll_interval = 50;  // milliseconds
constexpr auto look_when_away = 1s;
constexpr auto look_limit = 500ms;

Handle make_producer(const Options& options, Health& health,
                     void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*)) {
    Settings settings(options, health);
    settings.set("enable.idempotence", "true").set("acks", "all");
    // Nothing of a series may be missing: where a batch is refused for good, the rest fails with it.
    settings.set("enable.gapless.guarantee", "true");
    // publish() has its own limit, which takes all back at once: one that is given up before its successor is a swap.
    settings.set("message.timeout.ms", "0").set("request.timeout.ms", "5000");
    settings.set("linger.ms", "1").set("partitioner", "fnv1a");  // as Sarama's, which Dapr's component uses
    rd_kafka_conf_set_dr_msg_cb(settings.get(), delivered);
    return settings.make(RD_KAFKA_PRODUCER);
}

}  // namespace

struct Producer::Call {
    explicit Call(std::size_t events, Clock::time_point limit) : acknowledged(events, 0), deadline(limit) {}
    void done_with_one() {
        if (waiting.fetch_sub(1) == 1) done.open();
    }

    std::vector<char> acknowledged;       ///< one writer each, read when done
    std::atomic<std::size_t> waiting{1};  ///< reports to come, and the one who hands over
    const Clock::time_point deadline;
    bool taken_back = false;
    Gate done;
};

struct Producer::Ticket {
    std::shared_ptr<Call> call;
    std::size_t index;
};

Producer::Producer(const Options& options, Health& health)
    : options_(options),
      health_(health),
      handle_(make_producer(options, health, &Producer::delivered)),
      thread_([this] { poll(); }) {}

Producer::~Producer() { stop(); }

void Producer::stop() {
    if (stopping_.exchange(true)) return;
    thread_.join();
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), 2000);  // the reports of what was taken back
    handle_.reset();
}

awaitable<std::vector<bool>> Producer::publish(Events events) {
    const auto call = std::make_shared<Call>(events.size(), Clock::now() + options_.publish_limit);
    {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
    }
    std::unordered_set<std::string_view> stopped;  // users with an event that was not even taken
    for (std::size_t i = 0; i < events.size(); ++i) {
        const Event& event = *events[i];
        if (stopped.contains(event.user_id)) continue;
        auto ticket = std::make_unique<Ticket>(Ticket{call, i});
        if (!send(event, options_.topic_prefix + event.topic, std::move(ticket))) stopped.insert(event.user_id);
    }
    call->done_with_one();
    co_await call->done.wait();
    {
        const std::lock_guard lock(mutex_);
        calls_.remove(call);
    }
    std::vector<bool> flags(events.size(), false);
    stopped.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (!call->acknowledged[i]) stopped.insert(events[i]->user_id);
        flags[i] = !stopped.contains(events[i]->user_id);
    }
    co_return flags;
}

bool Producer::send(const Event& event, const std::string& topic, std::unique_ptr<Ticket> ticket) {
    const std::string value = to_cloudevent(event);
    auto* const headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(headers, "content-type", -1, "application/cloudevents+json", -1);
    ++ticket->call->waiting;
    const auto error = rd_kafka_producev(
        handle_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(event.user_id.data(), event.user_id.size()),
        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(ticket.get()), RD_KAFKA_V_END);
    if (!error) {
        (void)ticket.release();  // delivered() takes it
        return true;
    }
    rd_kafka_headers_destroy(headers);
    ticket->call->done_with_one();
    log::warn("an event was not taken by the Kafka client", {{"event", event.id}, {"error", text(error)}});
    return false;
}

void Producer::delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
    const std::unique_ptr<Ticket> ticket(static_cast<Ticket*>(message->_private));
    ticket->call->acknowledged[ticket->index] = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    ticket->call->done_with_one();
}

bool Producer::is_over() const { return rd_kafka_fatal_error(handle_.get(), nullptr, 0) != 0; }

void Producer::poll() {
    auto look = Clock::now();
    while (!stopping_) {
        rd_kafka_poll(handle_.get(), poll_interval);
        take_back_what_is_late();
        if (health_.up() || Clock::now() < look) continue;
        if (answers(handle_.get(), look_limit)) health_.set(true);
        look = Clock::now() + look_when_away;
    }
}

void Producer::take_back_what_is_late() {
    bool late = false;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& call : calls_) {
            if (call->taken_back || Clock::now() < call->deadline) continue;
            late = call->taken_back = true;
        }
    }
    if (!late) return;
    health_.set(false);
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
}

}  // namespace carillon::kafka
