// Rings what is due. It sleeps until a job wakes it: nothing runs while nothing is due.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "carillon/events/outbox.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/time/clock.hpp"
#include "meters.hpp"
#include "repository.hpp"
#include "task/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <future>
#include <map>
#include <memory>
#include <vector>

namespace carillon::reminder {

class Ringer final : public std::enable_shared_from_this<Ringer> {
public:
    Ringer(db::Database& database, Outbox& outbox, task::TaskService& tasks, JobScheduler& scheduler,
           const Clock& clock, Meters& meters, boost::asio::any_io_executor executor);

    void start();
    /// Waits for what is under way. Not on the executor's own thread.
    void stop();
    /// Something may be due. Any thread.
    void wake() { wake(false); }

private:
    struct Rung {
        int fired = 0;
        int late = 0;
        int stale = 0;
        int seen = 0;
    };
    struct Page {
        Position last;        ///< where it ends
        bool end = false;     ///< nothing is due behind it
        bool others = false;  ///< bells were left to those who hold their users
    };

    void wake(bool sweeping);
    awaitable<void> run();
    awaitable<bool> ring_due();
    awaitable<Result<bool>> ring_pages(bool sweeping);
    Page ring_page(db::Transaction& tx, Position after, bool sweeping);
    void ring(db::Transaction& tx, const std::vector<Reminder>& due, Time now, bool sweeping);
    std::map<std::int64_t, task::Todo> tasks_of(db::Session& session, const std::vector<Reminder>& due);
    void look_again(std::chrono::milliseconds after);

    db::Database& database_;
    Outbox& outbox_;
    task::TaskService& tasks_;
    JobScheduler& scheduler_;
    const Clock& clock_;
    Meters& meters_;

    // On the strand.
    boost::asio::strand<boost::asio::any_io_executor> strand_;
    boost::asio::steady_timer timer_;
    bool running_ = false;
    bool again_ = false;
    bool sweeping_ = false;
    std::chrono::steady_clock::time_point swept_{};
    bool stopped_ = true;
    std::promise<void>* idle_ = nullptr;  ///< of the stop() that waits

    bool started_ = false;  ///< of the thread that starts and stops
};

}  // namespace carillon::reminder
