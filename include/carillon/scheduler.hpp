// A waker, not a truth: the reminders table decides what fires (DESIGN 2.5).
#pragma once

#include "carillon/time/instant.hpp"

#include <functional>
#include <string>

namespace carillon {

class JobScheduler {
public:
    /// `name` is empty where the scheduler only knows that something is due. Any thread; must not block.
    using Callback = std::function<void(std::string name)>;

    virtual ~JobScheduler() = default;
    virtual void on_due(Callback callback) = 0;
    /// Asks to be woken at `due`, at once if it is past. Never blocks and never fails: what is lost is found by the
    /// sweep.
    virtual void schedule(std::string name, Time due) = 0;
    virtual void cancel(const std::string& name) = 0;
    /// Stops calling back.
    virtual void stop() = 0;
};

}  // namespace carillon
