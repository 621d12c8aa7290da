#include "carillon/events/inbox.hpp"

#include "carillon/ids.hpp"
#include "carillon/log.hpp"
#include "carillon/text.hpp"
#include "inbox_rows.hpp"
#include "lane_worker.hpp"
#include "waiting.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <set>

namespace carillon {
namespace {

using events::InboxKey;
using events::LaneWorker;
using Events = std::vector<std::shared_ptr<const Event>>;
using Workers = std::vector<std::shared_ptr<LaneWorker>>;

/// Longer than Kafka keeps records (7 days): a redelivered event is known.
constexpr auto kept_for = std::chrono::hours{30 * 24};

constexpr std::string_view unreadable_subscription = "unreadable";

/// One transaction's acceptance of events.
class Acceptance {
public:
    Acceptance(db::Transaction& tx, const Workers& workers, Time now) : tx_(tx), workers_(workers), now_(now) {}

    void store(const Events& events) {
        for (const auto& event : events) {
            for (const auto& worker : workers_) {
                if (worker->wants(*event)) store(*worker, *event);
            }
        }
    }

    /// First all together without a savepoint each, as nearly every batch needs; when a handler fails, one by one.
    void handle(const Events& events) {
        const auto together = [&] { return handle_each(events, false); };
        if (tx_.savepoint(together)) return;
        lanes_.clear();
        handled_.clear();
        handle_each(events, true);
    }

    /// A record without an id is known again by its place.
    void bury(const std::vector<Unreadable>& records, prometheus::Counter& dead_letters) {
        for (const auto& record : records) {
            Event named;
            named.id = record.place.empty() ? "unreadable-" + uuid_v7(now_) : record.place;
            if (!events::insert_handled(tx_, unreadable_subscription, named, now_)) continue;
            const bool text = text::is_utf8(record.payload) && record.payload.find('\0') == std::string::npos;
            const InboxKey key{std::string(unreadable_subscription), {}, 0, named.id};
            events::bury(tx_, key, 1, record.error, text ? record.payload : "base64:" + to_base64(record.payload),
                         now_);
            tx_.on_commit([&dead_letters, place = named.id, error = record.error] {
                dead_letters.Increment();
                log::error("a record that is no event became a dead letter", {{"place", place}, {"error", error}});
            });
        }
    }

    /// Tells the workers after the commit.
    void finish() {
        auto committed = [lanes = std::move(lanes_), handled = std::move(handled_)] {
            for (const auto& [worker, user, delay] : lanes) worker->add(user, delay);
            for (const auto& [worker, count] : handled) worker->count_handled(count);
        };
        tx_.on_commit(std::move(committed));
    }

private:
    struct Waiting {
        std::shared_ptr<LaneWorker> worker;
        std::string user_id;
        std::chrono::milliseconds delay;
    };

    bool handle_each(const Events& events, bool each_for_itself) {
        blocked_.clear();
        free_.clear();
        if (tx_.backend() == db::Backend::postgresql) {
            take_lanes(events);
        } else {
            lanes_may_wait_ = events::anything_waits(tx_);
        }
        if (!each_for_itself) return handle_together(events);
        for (const auto& event : events) {
            for (const auto& worker : workers_) {
                if (worker->wants(*event)) handle_one(worker, *event);
            }
        }
        return true;
    }

    /// False when a handler failed and nothing may be kept of it.
    bool handle_together(const Events& events) {
        std::vector<events::HandledRow> rows;
        std::vector<std::shared_ptr<LaneWorker>> handlers;
        for (const auto& event : events) {
            for (const auto& worker : workers_) {
                if (!worker->wants(*event)) continue;
                if (lane_waits(*worker, event->user_id)) {
                    store(*worker, *event);
                } else {
                    rows.push_back({worker->subscription().name, event.get()});
                    handlers.push_back(worker);
                }
            }
        }
        const auto fresh = events::insert_all_handled(tx_, rows, now_);
        for (const auto& worker : workers_) {
            std::vector<const Event*> unknown;
            for (std::size_t i = 0; i < rows.size(); ++i) {
                if (fresh[i] && handlers[i] == worker) unknown.push_back(rows[i].event);
            }
            if (events::call_handler(worker->subscription(), tx_, unknown)) return false;
            handled_[worker] += static_cast<std::int64_t>(unknown.size());
        }
        return true;
    }

    /// Another replica may be at work in a lane, or be about to: only what is locked and empty is handled at once.
    void take_lanes(const Events& events) {
        std::set<std::string> lanes;
        const auto each_lane = [&](const auto& visit) {
            for (const auto& event : events) {
                for (const auto& worker : workers_) {
                    if (worker->wants(*event)) visit(*worker, event->user_id);
                }
            }
        };
        const auto name = [](LaneWorker& worker, const std::string& user) {
            return worker.subscription().name + '/' + user;
        };
        each_lane([&](LaneWorker& worker, const std::string& user) { lanes.insert(name(worker, user)); });
        const auto mine = events::lock_free_lanes(tx_, lanes);
        each_lane([&](LaneWorker& worker, const std::string& user) {
            if (!mine.contains(name(worker, user))) blocked_.emplace(&worker, user);
        });
        lanes_may_wait_ = false;
    }

    void handle_one(const std::shared_ptr<LaneWorker>& worker, const Event& event) {
        const auto& subscription = worker->subscription();
        if (lane_waits(*worker, event.user_id)) return store(*worker, event);
        if (!events::insert_handled(tx_, subscription.name, event, now_)) return;  // known
        const auto failure = events::attempt(subscription, tx_, event);
        if (!failure) {
            ++handled_[worker];
            return;
        }
        const InboxKey key{subscription.name, event.user_id, event.sequence, event.id};
        if (const auto delay = worker->record_failure(tx_, key, 1, *failure, to_cloudevent(event))) {
            blocked_.emplace(worker.get(), event.user_id);
            lanes_.push_back({worker, event.user_id, *delay});
        }
    }

    bool lane_waits(LaneWorker& worker, const std::string& user_id) {
        const auto lane = std::pair<LaneWorker*, std::string_view>(&worker, user_id);
        if (blocked_.contains(lane)) return true;
        if (!lanes_may_wait_ || free_.contains(lane)) return false;
        const bool waits = events::lane_waits(tx_, worker.subscription().name, user_id);
        (waits ? blocked_ : free_).insert(lane);
        return waits;
    }

    void store(LaneWorker& worker, const Event& event) {
        if (!events::insert_waiting(tx_, worker.subscription().name, event, to_cloudevent(event), now_)) return;
        lanes_.push_back({worker.shared_from_this(), event.user_id, std::chrono::milliseconds{0}});
    }

    db::Transaction& tx_;
    const Workers& workers_;
    const Time now_;
    bool lanes_may_wait_ = true;
    std::set<std::pair<LaneWorker*, std::string_view>> blocked_;
    std::set<std::pair<LaneWorker*, std::string_view>> free_;
    std::vector<Waiting> lanes_;
    std::map<std::shared_ptr<LaneWorker>, std::int64_t> handled_;
};

/// Walks the inbox, two rows for each one that comes in, and removes what was handled long ago. No timer, no index.
class Cleaner final : public std::enable_shared_from_this<Cleaner> {
public:
    Cleaner(db::Database& database, const Clock& clock, asio::any_io_executor executor)
        : database_(database), clock_(clock), strand_(asio::make_strand(executor)), sleeper_(strand_) {}

    void start() {
        if (std::exchange(started_, true)) return;
        auto ended = [self = shared_from_this()](std::exception_ptr) { self->ended_.open(); };
        asio::co_spawn(strand_, run(shared_from_this()), std::move(ended));
    }
    void stop() {
        stopping_ = true;
        sleeper_.wake();
    }
    awaitable<void> ended() {
        if (started_) co_await ended_.wait();
    }
    void accepted(std::size_t rows) {
        if (accepted_.fetch_add(rows) + rows < step / 2) return;
        accepted_ = 0;
        sleeper_.wake();
    }

private:
    static constexpr std::size_t step = 512;

    static awaitable<void> run(std::shared_ptr<Cleaner> self) {
        while (!self->stopping_) {
            self->sleeper_.take_wake();
            try {
                co_await self->walk();
            } catch (const std::exception& e) {
                log::warn("old inbox rows could not be removed", {{"error", e.what()}});
            }
            if (!self->stopping_) co_await self->sleeper_.sleep(std::nullopt);
        }
    }

    awaitable<void> walk() {
        const Time before = clock_.now() - kept_for;
        auto look = [from = from_, before](db::Session& session) -> Result<events::Walk> {
            return events::walk(session, from, static_cast<int>(step), before);
        };
        auto found = co_await database_.read(std::move(look));
        if (!found) co_return;
        auto from = std::exchange(from_, found->end ? InboxKey{} : found->to);
        if (!found->expired) co_return;
        auto remove = [from = std::move(from), to = std::move(found->to), before](db::Transaction& tx) -> Result<bool> {
            events::remove_handled_before(tx, from, to, before);
            return true;
        };
        co_await database_.write(std::move(remove));
    }

    db::Database& database_;
    const Clock& clock_;
    asio::any_io_executor strand_;
    events::Sleeper sleeper_;
    Gate ended_;
    bool started_ = false;
    std::atomic<bool> stopping_{false};
    std::atomic<std::size_t> accepted_{0};
    InboxKey from_;
};

class StoredInbox final : public Inbox {
public:
    StoredInbox(db::Database& database, const Clock& clock, Metrics& metrics, asio::any_io_executor executor,
                InboxOptions options)
        : database_(database),
          clock_(clock),
          metrics_(metrics),
          executor_(std::move(executor)),
          options_(options),
          workers_(std::make_shared<Workers>()),
          cleaner_(std::make_shared<Cleaner>(database, clock, executor_)),
          unreadable_(metrics.counter("carillon_inbox_dead_letters_total", "Events given up",
                                      {{"subscription", std::string(unreadable_subscription)}})) {}
    ~StoredInbox() override { stop(); }

    void subscribe(Subscription subscription) override {
        workers_->push_back(
            std::make_shared<LaneWorker>(std::move(subscription), database_, clock_, metrics_, executor_, options_));
    }

    void start() override {
        for (const auto& worker : *workers_) worker->start();
        cleaner_->start();
    }

    awaitable<Result<void>> accept(Events events, bool handle_now, std::vector<Unreadable> unreadable) override {
        const auto rows = events.size() * workers_->size() + unreadable.size();
        // Users in one order, as the workers take them: handlers lock users, and PostgreSQL would meet deadlocks.
        const auto by_user = [](const auto& a, const auto& b) { return a->user_id < b->user_id; };
        std::stable_sort(events.begin(), events.end(), by_user);
        auto work = [&dead_letters = unreadable_, workers = workers_, events = std::move(events),
                     unreadable = std::move(unreadable), handle_now,
                     now = clock_.now()](db::Transaction& tx) -> Result<void> {
            Acceptance acceptance(tx, *workers, now);
            acceptance.bury(unreadable, dead_letters);
            if (handle_now) {
                acceptance.handle(events);
            } else {
                acceptance.store(events);
            }
            acceptance.finish();
            return {};
        };
        auto result = co_await database_.write(std::move(work));
        if (result) cleaner_->accepted(rows);
        co_return result;
    }

    awaitable<void> drain() override {
        stop();
        for (const auto& worker : *workers_) co_await worker->ended();
        co_await cleaner_->ended();
    }

    std::vector<DeadLetter> dead_letters(db::Session& session, int limit, std::int64_t after_id) override {
        return events::list_dead_letters(session, limit, after_id);
    }

    Result<void> replay_in(db::Transaction& tx, std::int64_t dead_letter_id) override {
        auto key = events::revive(tx, dead_letter_id, clock_.now());
        if (!key) return key.error();
        const auto known = [&](const auto& worker) { return worker->subscription().name == key->subscription; };
        if (std::none_of(workers_->begin(), workers_->end(), known))
            return Error{Errc::conflict, "There is no subscription " + key->subscription + " that could handle it."};
        auto committed = [workers = workers_, key = std::move(*key)] {
            for (const auto& worker : *workers) {
                if (worker->subscription().name == key.subscription)
                    worker->add(key.user_id, std::chrono::milliseconds{0});
            }
        };
        tx.on_commit(std::move(committed));
        return {};
    }

private:
    void stop() {
        for (const auto& worker : *workers_) worker->stop();
        cleaner_->stop();
    }

    db::Database& database_;
    const Clock& clock_;
    Metrics& metrics_;
    asio::any_io_executor executor_;
    const InboxOptions options_;
    std::shared_ptr<Workers> workers_;  ///< shared with writes in flight
    std::shared_ptr<Cleaner> cleaner_;
    prometheus::Counter& unreadable_;
};

}  // namespace

std::unique_ptr<Inbox> make_inbox(db::Database& database, const Clock& clock, Metrics& metrics,
                                  asio::any_io_executor executor, InboxOptions options) {
    return std::make_unique<StoredInbox>(database, clock, metrics, std::move(executor), options);
}

}  // namespace carillon
