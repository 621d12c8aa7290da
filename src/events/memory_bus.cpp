#include "carillon/events/inbox.hpp"

namespace carillon {
namespace {

/// Events a transaction accepts: some milliseconds of work, so that users' writes do not wait behind it.
constexpr std::size_t accept_at_once = 64;

class MemoryBus final : public EventBus {
public:
    explicit MemoryBus(Inbox& inbox) : inbox_(inbox) {}
    void subscribe(Subscription subscription) override { inbox_.subscribe(std::move(subscription)); }
    void listen(Listener listener) override { listeners_.push_back(std::move(listener)); }
    void start() override { inbox_.start(); }

    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        std::vector<bool> accepted(events.size(), false);
        for (std::size_t first = 0; first < events.size(); first += accept_at_once) {
            const std::size_t last = std::min(events.size(), first + accept_at_once);
            std::vector<std::shared_ptr<const Event>> some(events.begin() + static_cast<std::ptrdiff_t>(first),
                                                           events.begin() + static_cast<std::ptrdiff_t>(last));
            for (const auto& event : some) {
                for (const auto& listener : listeners_) listener.hear(event);
            }
            const auto result = co_await inbox_.accept(std::move(some), true);
            if (!result.has_value()) break;  // the database is away; the rest would come before these
            std::fill(accepted.begin() + static_cast<std::ptrdiff_t>(first),
                      accepted.begin() + static_cast<std::ptrdiff_t>(last), true);
        }
        co_return accepted;
    }

    awaitable<void> drain() override { co_await inbox_.drain(); }

private:
    Inbox& inbox_;
    std::vector<Listener> listeners_;
};

}  // namespace

std::unique_ptr<EventBus> make_memory_bus(Inbox& inbox) { return std::make_unique<MemoryBus>(inbox); }

}  // namespace carillon
