// The clock is a seam: tests run years in milliseconds.
#pragma once

#include "carillon/time/instant.hpp"

#include <atomic>

namespace carillon {

class Clock {
public:
    virtual ~Clock() = default;
    virtual Time now() const = 0;
};

/// The machine's real-time clock.
class SystemClock final : public Clock {
public:
    Time now() const override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    }
};

/// A clock that stands until it is moved. Any thread.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time start) : micros_(to_micros(start)) {}
    Time now() const override { return from_micros(micros_.load()); }
    void set(Time t) { micros_ = to_micros(t); }
    void advance(std::chrono::microseconds d) { micros_ += d.count(); }

private:
    std::atomic<std::int64_t> micros_;
};

}  // namespace carillon
