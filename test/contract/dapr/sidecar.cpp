#include "sidecar.hpp"

#include "carillon/ids.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include <cstdlib>
#include <set>

namespace carillon::test {
namespace {

using namespace std::chrono_literals;
constexpr auto token = "of the app";
constexpr std::string_view prober = "probe-";

/// Asks test/cluster/broker_for.py.
boost::json::object control(http::Method method, const std::string& target, std::string body = "{}") {
    const char* address = std::getenv("CARILLON_TEST_CLUSTER");
    if (!address) throw std::runtime_error("run this suite by ctest, which starts a broker for it");
    const std::string text = address;
    asio::io_context io;
    http::ClientOptions options;
    options.port = static_cast<std::uint16_t>(std::stoi(text.substr(text.find(':') + 1)));
    http::Client client(io.get_executor(), options);
    http::Outgoing request{method, target, "application/json", std::move(body)};
    auto answered = asio::co_spawn(io, client.send(std::move(request), 120s), asio::use_future);
    while (answered.wait_for(0s) != std::future_status::ready) io.run_one();
    const auto answer = answered.get();
    if (!answer.has_value() || answer->status != 200)
        throw std::runtime_error("the test's cluster: " + (answer.has_value() ? answer->body : answer.error().detail));
    return boost::json::parse(answer->body).as_object();
}

/// Events of users nobody knows, one for several partitions, until a listener hears all of a round: a consumer that
/// starts at the newest record hears nothing before it has joined.
class Probes {
public:
    static bool is_probe(const Event& event) { return event.user_id.starts_with(prober); }

    void heard(const Event& event) {
        const std::lock_guard lock(mutex_);
        if (event.sequence == round_) heard_.insert(event.user_id);
    }
    void run(EventBus& bus, const asio::any_io_executor& executor) {
        for (int tries = 0; tries < 60; ++tries) {
            auto events = next_round();
            asio::co_spawn(executor, bus.publish(std::move(events)), asio::use_future).get();
            if (wait_until([&] { return all_heard(); }, 1s)) return;
        }
        throw std::runtime_error("no event comes round");
    }

private:
    static constexpr std::size_t users = 24;

    std::vector<std::shared_ptr<const Event>> next_round() {
        const std::lock_guard lock(mutex_);
        ++round_;
        heard_.clear();
        std::vector<std::shared_ptr<const Event>> events;
        for (std::size_t i = 0; i < users; ++i) {
            Event e;
            e.id = "evt-" + uuid_v7(SystemClock{}.now());
            e.type = "task.updated";
            e.topic = task_events_topic;
            e.user_id = std::string(prober) + std::to_string(i);
            e.sequence = round_;
            e.time = SystemClock{}.now();
            e.actor = "user";
            e.data = "{}";
            events.push_back(std::make_shared<const Event>(std::move(e)));
        }
        return events;
    }
    bool all_heard() {
        const std::lock_guard lock(mutex_);
        return heard_.size() == users;
    }

    std::mutex mutex_;
    std::int64_t round_ = 0;
    std::set<std::string> heard_;
};

class ServedBus final : public EventBus {
public:
    ServedBus(App& app, Inbox& inbox, asio::any_io_executor executor)
        : app_(app), inbox_(inbox), executor_(std::move(executor)) {
        // The application's port is known before its sidecar's, which is known before the bus publishes.
        subscribe_later_.reserve(8);
    }
    ~ServedBus() override { app_.vanish(); }

    void subscribe(Subscription subscription) override {
        subscription.handle = [handle = subscription.handle](db::Transaction& tx, const Event& event) -> Result<void> {
            if (Probes::is_probe(event)) return {};
            return handle(tx, event);
        };
        subscribe_later_.push_back(std::move(subscription));
    }
    void listen(Listener listener) override {
        listeners_.push_back({[listener](std::shared_ptr<const Event> event) {
            if (!Probes::is_probe(*event)) listener.hear(std::move(event));
        }});
    }
    void start() override {
        make(1);
        if (app_.sidecar_port() == 0) app_.serve(bus_->routes());  // the sidecar asks for the subscriptions
        app_.vanish();
        make(app_.sidecar_port());
        for (auto& subscription : subscribe_later_) bus_->subscribe(subscription);
        bus_->start();
        app_.serve(bus_->routes());
        probes_.run(*bus_, executor_);
    }
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        if (!bus_) co_return std::vector<bool>(events.size(), false);
        co_return co_await bus_->publish(std::move(events));
    }
    awaitable<void> drain() override {
        app_.vanish();
        if (bus_) co_await bus_->drain();
    }

private:
    void make(std::uint16_t sidecar) {
        dapr::BusOptions options;
        options.topic_prefix = app_.topics();
        bus_ = dapr::make_bus(dapr::make_sidecar(executor_, sidecar, ""), inbox_, metrics_, options);
        for (const auto& listener : listeners_) bus_->listen(listener);
        bus_->listen({[this](std::shared_ptr<const Event> event) {
            if (Probes::is_probe(*event)) probes_.heard(*event);
        }});
    }

    App& app_;
    Inbox& inbox_;
    asio::any_io_executor executor_;
    Metrics metrics_;
    std::vector<Subscription> subscribe_later_;
    std::vector<Listener> listeners_;
    Probes probes_;
    std::unique_ptr<dapr::Bus> bus_;
};

}  // namespace

App::App() : topics_("t" + uuid_v7(SystemClock{}.now()) + "-") { control(http::Method::post, "/topics/" + topics_); }

App::~App() {
    vanish();
    try {
        control(http::Method::del, "/sidecar");
    } catch (const std::exception&) {  // the runner stops what is left
    }
}

void App::serve(std::vector<http::Route> routes) {
    threads_ = std::make_unique<http::IoThreads>(2);
    server_ = std::make_unique<http::Server>(*threads_, std::move(routes), std::vector<http::UpgradeRoute>{},
                                             dapr::sidecar_only(token), clock_, metrics_, http::ServerOptions{});
    port_ = server_->listen("127.0.0.1:" + std::to_string(port_)).port();
    if (sidecar_port_ != 0) return;
    const auto made = control(http::Method::post, "/sidecar",
                              R"({"app_port":)" + std::to_string(port_) + R"(,"app_token":")" + token + "\"}");
    sidecar_port_ = static_cast<std::uint16_t>(made.at("port").as_int64());
}

void App::vanish() {
    if (server_) server_->drain(0ms);
    server_.reset();
    threads_.reset();
}

BusFactory dapr_bus(App& app) {
    return [&app](Inbox& inbox, asio::any_io_executor executor) {
        return std::make_unique<ServedBus>(app, inbox, std::move(executor));
    };
}

}  // namespace carillon::test
