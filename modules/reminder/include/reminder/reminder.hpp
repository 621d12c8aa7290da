// reminder: rings each task's bell once, not early, and not lost. The reminders table is the truth; jobs are wakers.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/events/outbox.hpp"
#include "carillon/http/router.hpp"
#include "carillon/metrics.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace carillon::reminder {

class Reminders {
public:
    virtual ~Reminders() = default;
    /// Fires what is overdue and arms the scheduler for the next one.
    virtual void start() = 0;
    /// Waits for what is under way. Not on the executor's own thread.
    virtual void stop() = 0;
    virtual std::vector<http::Route> routes() = 0;
    /// Removes all of a user's, in the transaction that deletes the account.
    virtual void erase_in(db::Transaction& tx, const std::string& user_id) = 0;
};

/// Subscribes `reminder` to task events.
std::unique_ptr<Reminders> make_reminders(db::Database& database, EventBus& bus, Outbox& outbox,
                                          task::TaskService& tasks, JobScheduler& scheduler, const Clock& clock,
                                          Metrics& metrics, boost::asio::any_io_executor executor);

}  // namespace carillon::reminder
