// Works one subscription's inbox rows that could not be handled at once: private to src/events.
#pragma once

#include "carillon/events/inbox.hpp"
#include "inbox_rows.hpp"
#include "waiting.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace carillon::events {

/// Runs a handler; nothing, or why it failed. A database that is away is nobody's failure: it throws.
std::optional<std::string> call_handler(const Subscription& subscription, db::Transaction& tx, const Event& event);
/// The same for several, in their order; after a failure some may have been handled.
std::optional<std::string> call_handler(const Subscription& subscription, db::Transaction& tx,
                                        const std::vector<const Event*>& events);
/// For one, under a savepoint, so that a failed handler leaves nothing behind and the transaction goes on.
std::optional<std::string> attempt(const Subscription& subscription, db::Transaction& tx, const Event& event);

/// Lanes wait in memory by the time of their next attempt; the table says what is in them. Call start() before
/// others may call add().
class LaneWorker : public std::enable_shared_from_this<LaneWorker> {
public:
    LaneWorker(Subscription subscription, db::Database& database, const Clock& clock, Metrics& metrics,
               asio::any_io_executor executor, const InboxOptions& options);

    const Subscription& subscription() const { return subscription_; }
    bool wants(const Event& event) const;
    void start();
    void stop();
    awaitable<void> ended();
    /// A lane has something waiting. A lane known to wait longer keeps its time. Any thread.
    void add(std::string user_id, std::chrono::milliseconds delay);

    /// Records a failed attempt, the `attempts`th: the row waits for the returned time, or is a dead letter (nothing).
    std::optional<std::chrono::milliseconds> record_failure(db::Transaction& tx, const InboxKey& key, int attempts,
                                                            std::string_view error, std::string_view payload);
    void count_handled(std::int64_t events) { handled_.Increment(static_cast<double>(events)); }

private:
    struct Lane {
        std::string user_id;
        std::optional<std::chrono::milliseconds> next;  ///< something still waits there
    };
    struct Round {
        std::vector<Lane> lanes;
        std::int64_t handled = 0;
    };

    static awaitable<void> run(std::shared_ptr<LaneWorker> self);
    awaitable<void> load_lanes();
    std::vector<std::string> take_due();
    awaitable<void> work(std::vector<std::string> users);
    Round work_in(db::Transaction& tx, const std::vector<std::string>& users);
    std::optional<std::chrono::milliseconds> work_lane(db::Transaction& tx, const std::string& user, int& budget,
                                                       std::int64_t& handled);
    bool handle_together(db::Transaction& tx, const std::string& user, const std::vector<WaitingRow>& rows);
    std::optional<std::chrono::milliseconds> handle_each(db::Transaction& tx, const std::string& user,
                                                         const std::vector<WaitingRow>& rows, int& budget,
                                                         std::int64_t& handled);
    awaitable<void> report(bool before_sleep);
    std::optional<SteadyTime> next_due() const;

    const Subscription subscription_;
    db::Database& database_;
    const Clock& clock_;
    const InboxOptions options_;
    asio::any_io_executor strand_;
    Sleeper sleeper_;
    Gate ended_;
    std::atomic<bool> started_{false};
    std::atomic<bool> stopping_{false};
    std::unordered_map<std::string, SteadyTime> lanes_;  ///< strand only
    bool load_ = true;
    SteadyTime loaded_{};
    SteadyTime reported_{};
    int failures_ = 0;  ///< of the database, in a row
    prometheus::Counter& handled_;
    prometheus::Counter& retries_;
    prometheus::Counter& dead_letters_;
    prometheus::Gauge& pending_;
};

}  // namespace carillon::events
