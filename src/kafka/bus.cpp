#include "consumer.hpp"
#include "producer.hpp"

#include "carillon/log.hpp"

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace carillon::kafka {
namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 8s;
constexpr auto make_topics_again = 10s;

void check(const Options& options) {
    if (options.brokers.empty())
        throw std::runtime_error("event_bus kafka needs kafka_brokers, such as broker1:9092,broker2:9092");
    const bool sasl = options.security_protocol.starts_with("sasl");
    if (sasl && (options.username.empty() || options.password.empty()))
        throw std::runtime_error("kafka_security_protocol " + options.security_protocol +
                                 " needs kafka_username and kafka_password");
    if (const auto obstacle = sign_in_obstacle(options))
        log::warn("this sign-in at Kafka cannot work", {{"reason", *obstacle}});
}

/// The producer in use, and those before it while a publisher holds them.
class Producers {
public:
    Producers(const Options& options, Health& health)
        : options_(options), health_(health), made_{std::make_shared<Producer>(options, health)} {}
    /// A publisher that nobody resumes any more still holds its producer, which must not go on without the bus.
    ~Producers() {
        for (const auto& producer : made_) producer->stop();
    }
    Producers(const Producers&) = delete;
    Producers& operator=(const Producers&) = delete;

    std::shared_ptr<Producer> current() {
        const std::lock_guard lock(mutex_);
        if (made_.back()->is_over()) {  // such as after a broker forgot what it had
            log::warn("the Kafka producer is made anew");
            std::erase_if(made_, [](const auto& producer) { return producer.use_count() == 1; });
            made_.push_back(std::make_shared<Producer>(options_, health_));
        }
        return made_.back();
    }

private:
    const Options& options_;
    Health& health_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<Producer>> made_;
};

/// Makes the topics that are missing, then lets the readers in.
class Opening final : public Loop {
public:
    Opening(std::shared_ptr<Producer> producer, const Options& options, std::function<bool()> open)
        : producer_(std::move(producer)), options_(options), open_(std::move(open)) {}
    ~Opening() override { join(); }

private:
    void run() override {
        while (!make_topics(producer_->handle(), options_)) {
            if (!sleep(answers(producer_->handle(), 500ms) ? make_topics_again : 200ms)) return;
        }
        while (!open_() && sleep(200ms)) {
        }
    }
    const std::shared_ptr<Producer> producer_;
    const Options& options_;
    std::function<bool()> open_;
};

class KafkaBus final : public Bus {
public:
    KafkaBus(Inbox& inbox, Metrics& metrics, asio::any_io_executor executor, Options options)
        : options_((check(options), std::move(options))),
          inbox_(inbox),
          health_(metrics),
          failures_(metrics.counter("carillon_kafka_produce_errors_total", "Events that no broker acknowledged")),
          producers_(options_, health_),
          group_(options_, health_, metrics, inbox, std::move(executor)),
          live_(options_, health_, listeners_),
          opening_(producers_.current(), options_, [this] { return open(); }) {}

    void subscribe(Subscription subscription) override {
        inbox_.subscribe(std::move(subscription));
        subscribed_ = true;
    }
    void listen(Listener listener) override { listeners_.push_back(std::move(listener)); }

    void start() override {
        inbox_.start();
        opening_.start();
        const auto until = std::chrono::steady_clock::now() + start_limit;
        while (!open_ && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
    }

    awaitable<std::vector<bool>> publish(Events events) override {
        if (!open_) co_return std::vector<bool>(events.size(), false);
        const auto current = producers_.current();
        auto flags = co_await current->publish(std::move(events));
        const auto failed = std::count(flags.begin(), flags.end(), false);
        failures_.Increment(static_cast<double>(failed));
        if (failed == 0 && !flags.empty()) health_.set(true);
        co_return flags;
    }

    awaitable<void> drain() override {
        opening_.stop();
        live_.stop();
        group_.stop();
        co_await opening_.ended();
        co_await live_.ended();
        co_await group_.ended();
        co_await inbox_.drain();
    }

    std::string_view state() const override { return health_.up() ? "ok" : "away"; }

private:
    /// On the opening's thread. False while the ends of the topics are not known.
    bool open() {
        if (!live_.find_ends()) return false;
        health_.set(true);
        live_.start();
        if (subscribed_) group_.start();
        open_ = true;
        return true;
    }

    const Options options_;
    Inbox& inbox_;
    Health health_;
    prometheus::Counter& failures_;
    std::vector<Listener> listeners_;
    bool subscribed_ = false;
    std::atomic<bool> open_{false};
    Producers producers_;
    GroupReader group_;
    LiveReader live_;
    Opening opening_;
};

}  // namespace

std::unique_ptr<Bus> make_bus(Inbox& inbox, Metrics& metrics, asio::any_io_executor executor, Options options) {
    return std::make_unique<KafkaBus>(inbox, metrics, std::move(executor), std::move(options));
}

}  // namespace carillon::kafka
