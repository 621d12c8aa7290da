// Short-lived shared state: counters that expire, for throttles. Never a truth: losing it loosens a limit, no more.
#pragma once

#include "carillon/async.hpp"
#include "carillon/time/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace carillon {

/// Any thread. Never fails: an implementation whose store is away counts in this process.
class StateStore {
public:
    virtual ~StateStore() = default;
    /// Adds `delta` to a counter, which starts at 0, lives for `ttl` from its first use on, or a later one, and never
    /// falls below 0; returns its new value.
    virtual awaitable<std::int64_t> add(std::string key, std::int64_t delta, std::chrono::seconds ttl) = 0;
    /// 0 when absent or expired.
    virtual awaitable<std::int64_t> get(std::string key) = 0;
};

/// In this process. Holds at most `max_entries`; beyond that the least recently used are forgotten.
std::unique_ptr<StateStore> make_local_state_store(const Clock& clock, std::size_t max_entries = 100'000);

}  // namespace carillon
