// The local JobScheduler: one alarm for the earliest due time, whatever the number of reminders. The table knows the
// names; the callback gets an empty one and asks the table.
#pragma once

#include "carillon/async.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/time/clock.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace carillon {

/// What the scheduler sleeps on; one alarm at a time.
class Alarm {
public:
    virtual ~Alarm() = default;
    /// `rung` is called when the set time has come, and also when the clock was set, which makes any waiting time
    /// doubtful.
    virtual void on_ring(std::function<void()> rung) = 0;
    /// Replaces the time; at once if it is past. Any thread.
    virtual void set(Time due) = 0;
    virtual void stop() = 0;
};

/// timerfd(CLOCK_REALTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET), timerfd_create(2): it also counts while the
/// machine sleeps, and rings when somebody sets the clock. No polling. Throws std::system_error when there is no timer.
/// `clock` may differ from the machine's by some seconds, as a database server's does; it must outlive the alarm.
std::shared_ptr<Alarm> make_real_time_alarm(asio::any_io_executor executor, const Clock& clock);

std::unique_ptr<JobScheduler> make_local_scheduler(const Clock& clock, std::shared_ptr<Alarm> alarm);

}  // namespace carillon
