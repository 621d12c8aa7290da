#include "bus_contract.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>

using namespace carillon;
using namespace carillon::test;

namespace {

BusFactory memory() {
    return [](Inbox& inbox, asio::any_io_executor) { return make_memory_bus(inbox); };
}

enum class Fault { drop, twice, swap };

constexpr int one_in = 1000;

/// A bus that mistreats one event in 1,000, on its way in or on its way to subscribers and listeners.
class Broken final : public EventBus {
public:
    Broken(std::unique_ptr<EventBus> inner, Fault fault, bool on_the_way_in)
        : inner_(std::move(inner)), fault_(fault), way_in_(on_the_way_in) {}

    void subscribe(Subscription subscription) override {
        if (!way_in_)
            subscription.handle = [this, good = subscription.handle, lane = std::make_shared<Lane>()](
                                      db::Transaction& tx, const Event& event) {
                return deliver(*lane, std::make_shared<const Event>(event),
                               [&](const Event& e) { return good(tx, e); });
            };
        inner_->subscribe(std::move(subscription));
    }
    void listen(Listener listener) override { inner_->listen(std::move(listener)); }
    void start() override { inner_->start(); }
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        const auto count = events.size();
        if (way_in_) events = mistreat(std::move(events));
        co_await inner_->publish(std::move(events));
        co_return std::vector<bool>(count, true);
    }
    awaitable<void> drain() override { co_await inner_->drain(); }

private:
    struct Lane {
        int count = 0;
        std::shared_ptr<const Event> held;
    };
    template <class Handle>
    Result<void> deliver(Lane& lane, std::shared_ptr<const Event> event, Handle handle) {
        const bool hit = ++lane.count % one_in == 500;
        if (lane.held && lane.held->user_id == event->user_id) {  // the later one first
            const auto earlier = std::exchange(lane.held, nullptr);
            const auto done = handle(*event);
            return done ? handle(*earlier) : done;
        }
        if (!hit) return handle(*event);
        if (fault_ == Fault::drop) return {};
        if (fault_ == Fault::swap) {
            lane.held = event;
            return {};
        }
        const auto done = handle(*event);
        return done ? handle(*event) : done;
    }
    std::vector<std::shared_ptr<const Event>> mistreat(std::vector<std::shared_ptr<const Event>> events) {
        std::vector<std::shared_ptr<const Event>> out;
        for (auto& event : events) {
            const bool hit = ++count_ % one_in == 500;
            if (held_ && held_->user_id == event->user_id) {
                out.push_back(event);
                out.push_back(std::exchange(held_, nullptr));
                continue;
            }
            if (hit && fault_ == Fault::swap) {
                held_ = event;
                continue;
            }
            if (!(hit && fault_ == Fault::drop)) out.push_back(event);
            if (hit && fault_ == Fault::twice) out.push_back(event);
        }
        return out;
    }

    std::unique_ptr<EventBus> inner_;
    const Fault fault_;
    const bool way_in_;
    int count_ = 0;
    std::shared_ptr<const Event> held_;
};

}  // namespace

TEST_CASE("the in-memory bus keeps the contract", "[events][bus]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    check_bus_contract(backend, memory());
}

TEST_CASE("a bus that drops, doubles or swaps one event in 1,000 fails the contract", "[events][bus]") {
    const auto backend = GENERATE(from_range(backends()));
    const auto fault = GENERATE(Fault::drop, Fault::twice, Fault::swap);
    const bool way_in = GENERATE(true, false);
    INFO(name_of(backend) << ", fault " << static_cast<int>(fault)
                          << (way_in ? ", on the way in" : ", on the way out"));
    const BusFactory broken = [&](Inbox& inbox, asio::any_io_executor) {
        return std::make_unique<Broken>(make_memory_bus(inbox), fault, way_in);
    };
    std::string found;
    for (const auto& violation : order_and_once_violations(backend, broken, 400)) found += violation + "\n";
    const auto* const expected = fault == Fault::drop    ? "some lost"
                                 : fault == Fault::twice ? "some twice"
                                                         : "out of order";
    CHECK_THAT(found, Catch::Contains(expected));
}
