// How long to wait before trying again.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace carillon {

/// Exponential back-off with jitter: between half of `first` * 2^(attempt-1), at most `max`, and all of it.
inline std::chrono::milliseconds backoff(int attempt, std::chrono::milliseconds first, std::chrono::milliseconds max) {
    thread_local std::minstd_rand random{std::random_device{}()};
    auto full = std::max(first, std::chrono::milliseconds{1});
    for (int i = 1; i < attempt && full < max; ++i) full *= 2;
    full = std::min(full, max);
    return std::chrono::milliseconds{
        std::uniform_int_distribution<std::int64_t>{full.count() / 2, full.count()}(random)};
}

}  // namespace carillon
