#include "carillon/state_store.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace carillon {
namespace {

class LocalStateStore final : public StateStore {
public:
    LocalStateStore(const Clock& clock, std::size_t max_entries) : clock_(clock), half_(max_entries / 2 + 1) {}

    awaitable<std::int64_t> add(std::string key, std::int64_t delta, std::chrono::seconds ttl) override {
        const std::lock_guard lock(mutex_);
        const Time now = clock_.now();
        Counter& counter = touch(std::move(key));
        if (counter.expires <= now) counter = {0, now + ttl};
        counter.value = std::max<std::int64_t>(0, counter.value + delta);
        co_return counter.value;
    }

    awaitable<std::int64_t> get(std::string key) override {
        const std::lock_guard lock(mutex_);
        for (const Map* map : {&young_, &old_}) {
            if (auto it = map->find(key); it != map->end()) {
                co_return it->second.expires > clock_.now() ? it->second.value : 0;
            }
        }
        co_return 0;
    }

private:
    struct Counter {
        std::int64_t value = 0;
        Time expires{};
    };
    using Map = std::unordered_map<std::string, Counter>;

    /// Two generations make the bound: when the young one is full it becomes the old one, and the old one is dropped.
    Counter& touch(std::string key) {
        if (auto it = young_.find(key); it != young_.end()) return it->second;
        Counter counter;
        if (auto node = old_.extract(key)) counter = node.mapped();
        if (young_.size() >= half_) {
            old_ = std::move(young_);
            young_.clear();
        }
        return young_.emplace(std::move(key), counter).first->second;
    }

    const Clock& clock_;
    const std::size_t half_;
    std::mutex mutex_;
    Map young_;
    Map old_;
};

}  // namespace

std::unique_ptr<StateStore> make_local_state_store(const Clock& clock, std::size_t max_entries) {
    return std::make_unique<LocalStateStore>(clock, max_entries);
}

}  // namespace carillon
