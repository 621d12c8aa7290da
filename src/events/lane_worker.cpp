#include "lane_worker.hpp"

#include "carillon/backoff.hpp"
#include "carillon/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

namespace carillon::events {
namespace {

using namespace std::chrono_literals;

// A write transaction of the worker stays short, so that users' writes do not wait behind it: with SQLite all of them,
// with PostgreSQL those of the lanes' users.
int rows_per_write(db::Backend backend) { return backend == db::Backend::postgresql ? 128 : 32; }
constexpr std::size_t lanes_per_write = 8;
constexpr auto other_replica_has_it = 100ms;
constexpr std::size_t longest_error = 500;

bool is_away(const db::DatabaseError& e) {
    return e.kind() == db::DatabaseError::Kind::unavailable || e.kind() == db::DatabaseError::Kind::serialization;
}

}  // namespace

namespace {

template <class Handle>
std::optional<std::string> why_failed(const Handle& handle) {
    std::string failure;
    try {
        const Result<void> result = handle();
        if (result.has_value()) return std::nullopt;
        failure = result.error().detail;
    } catch (const db::DatabaseError& e) {
        if (is_away(e)) throw;
        failure = e.what();
    } catch (const std::exception& e) {
        failure = e.what();
    } catch (...) {
        failure = "an exception of an unknown type";
    }
    if (failure.empty()) failure = "no reason given";
    return failure;
}

}  // namespace

std::optional<std::string> call_handler(const Subscription& subscription, db::Transaction& tx, const Event& event) {
    return why_failed([&] { return subscription.handle(tx, event); });
}

std::optional<std::string> call_handler(const Subscription& subscription, db::Transaction& tx,
                                        const std::vector<const Event*>& events) {
    if (subscription.handle_all && events.size() > 1 && tx.backend() == db::Backend::postgresql)
        return why_failed([&] { return subscription.handle_all(tx, events); });
    for (const auto* event : events) {
        if (auto failure = call_handler(subscription, tx, *event)) return failure;
    }
    return std::nullopt;
}

std::optional<std::string> attempt(const Subscription& subscription, db::Transaction& tx, const Event& event) {
    std::optional<std::string> failure;
    const auto run = [&] {
        failure = call_handler(subscription, tx, event);
        return !failure;
    };
    tx.savepoint(run);
    return failure;
}

LaneWorker::LaneWorker(Subscription subscription, db::Database& database, const Clock& clock, Metrics& metrics,
                       asio::any_io_executor executor, const InboxOptions& options)
    : subscription_(std::move(subscription)),
      database_(database),
      clock_(clock),
      options_(options),
      strand_(asio::make_strand(executor)),
      sleeper_(strand_),
      handled_(
          metrics.counter("carillon_inbox_handled_total", "Events handled", {{"subscription", subscription_.name}})),
      retries_(metrics.counter("carillon_inbox_retries_total", "Failed attempts that are tried again",
                               {{"subscription", subscription_.name}})),
      dead_letters_(metrics.counter("carillon_inbox_dead_letters_total", "Events given up",
                                    {{"subscription", subscription_.name}})),
      pending_(metrics.gauge("carillon_inbox_pending", "Events waiting to be handled",
                             {{"subscription", subscription_.name}})) {}

bool LaneWorker::wants(const Event& event) const {
    const auto& types = subscription_.types;
    return types.empty() || std::find(types.begin(), types.end(), event.type) != types.end();
}

void LaneWorker::start() {
    if (started_.exchange(true)) return;
    auto ended = [self = shared_from_this()](std::exception_ptr) { self->ended_.open(); };
    asio::co_spawn(strand_, run(shared_from_this()), std::move(ended));
}

void LaneWorker::stop() {
    stopping_ = true;
    sleeper_.wake();
}

awaitable<void> LaneWorker::ended() {
    if (started_) co_await ended_.wait();
}

void LaneWorker::add(std::string user_id, std::chrono::milliseconds delay) {
    if (stopping_) return;
    auto insert = [self = shared_from_this(), user = std::move(user_id),
                   due = std::chrono::steady_clock::now() + delay]() mutable {
        if (self->lanes_.try_emplace(std::move(user), due).second) self->sleeper_.wake();
    };
    asio::post(strand_, std::move(insert));
}

std::optional<std::chrono::milliseconds> LaneWorker::record_failure(db::Transaction& tx, const InboxKey& key,
                                                                    int attempts, std::string_view error,
                                                                    std::string_view payload) {
    error = error.substr(0, longest_error);
    while (!error.empty() && (error.back() & 0x80)) error.remove_suffix(1);  // no half of a character
    const bool last = attempts >= options_.max_attempts;
    const auto delay = backoff(attempts, options_.first_delay, options_.max_delay);
    const Time now = clock_.now();
    if (last) {
        bury(tx, key, attempts, error, payload, now);
    } else {
        put_off(tx, key, attempts, now + delay, error, payload);
    }
    auto committed = [self = shared_from_this(), last, attempts, id = key.event_id, error = std::string(error)] {
        (last ? self->dead_letters_ : self->retries_).Increment();
        log::write(
            last ? log::Level::error : log::Level::warn,
            last ? "event given up as a dead letter" : "event handler failed",
            {{"subscription", self->subscription_.name}, {"event", id}, {"attempts", attempts}, {"error", error}});
    };
    tx.on_commit(std::move(committed));
    return last ? std::nullopt : std::optional{delay};
}

awaitable<void> LaneWorker::run(std::shared_ptr<LaneWorker> self) {
    while (!self->stopping_) {
        self->sleeper_.take_wake();
        const auto now = std::chrono::steady_clock::now();
        if (self->options_.poll && now - self->loaded_ >= *self->options_.poll) self->load_ = true;
        if (self->load_) co_await self->load_lanes();
        auto users = self->take_due();
        co_await self->report(users.empty());
        if (!users.empty()) {
            co_await self->work(std::move(users));
        } else if (!self->stopping_) {
            co_await self->sleeper_.sleep(self->next_due());
        }
    }
}

/// What the table holds: a previous run's rest, or another replica's.
awaitable<void> LaneWorker::load_lanes() {
    auto look = [name = subscription_.name](db::Session& session) -> Result<std::vector<std::string>> {
        return waiting_users(session, name);
    };
    loaded_ = std::chrono::steady_clock::now();
    try {
        auto users = co_await database_.read(db::ReadKind::scan, std::move(look));
        if (users) {
            load_ = false;
            for (auto& user : *users) lanes_.try_emplace(std::move(user), loaded_);
        }
    } catch (const std::exception& e) {
        log::error("inbox could not be read", {{"subscription", subscription_.name}, {"error", e.what()}});
    }
}

/// Taken out of the map: a lane that gets a new row while it is being worked is added again, and looked at again.
std::vector<std::string> LaneWorker::take_due() {
    std::vector<std::string> users;
    const auto now = std::chrono::steady_clock::now();
    for (auto lane = lanes_.begin(); lane != lanes_.end() && users.size() < lanes_per_write;) {
        if (lane->second <= now) {
            users.push_back(lane->first);
            lane = lanes_.erase(lane);
        } else {
            ++lane;
        }
    }
    std::sort(users.begin(), users.end());  // handlers lock users: the same order everywhere keeps clear of deadlocks
    return users;
}

awaitable<void> LaneWorker::work(std::vector<std::string> users) {
    auto transaction = [this, &users](db::Transaction& tx) -> Result<Round> { return work_in(tx, users); };
    std::optional<Round> round;
    try {
        auto result = co_await database_.write(std::move(transaction));
        if (result) round = std::move(*result);
    } catch (const std::exception& e) {
        log::error("inbox could not be worked", {{"subscription", subscription_.name}, {"error", e.what()}});
    }
    const auto now = std::chrono::steady_clock::now();
    if (!round) {
        const auto later = now + backoff(++failures_, 200ms, 5000ms);
        for (auto& user : users) lanes_.insert_or_assign(std::move(user), later);
        co_return;
    }
    failures_ = 0;
    count_handled(round->handled);
    for (auto& lane : round->lanes) {
        if (lane.next) lanes_.try_emplace(std::move(lane.user_id), now + *lane.next);
    }
}

LaneWorker::Round LaneWorker::work_in(db::Transaction& tx, const std::vector<std::string>& users) {
    Round round;
    int budget = rows_per_write(tx.backend());
    for (const auto& user : users) {
        Lane lane{user, 0ms};
        if (budget > 0) lane.next = work_lane(tx, user, budget, round.handled);
        round.lanes.push_back(std::move(lane));
    }
    return round;
}

/// Works the lane in order until it is empty, its head has to wait, or the budget is used up; when to come back.
std::optional<std::chrono::milliseconds> LaneWorker::work_lane(db::Transaction& tx, const std::string& user,
                                                               int& budget, std::int64_t& handled) {
    if (!lock_lane(tx, subscription_.name, user)) return other_replica_has_it;
    const auto limit = budget;
    const auto rows = waiting_rows(tx, subscription_.name, user, limit);
    if (rows.empty()) return std::nullopt;
    if (handle_together(tx, user, rows)) {
        budget -= static_cast<int>(rows.size());
        handled += static_cast<std::int64_t>(rows.size());
    } else if (const auto delay = handle_each(tx, user, rows, budget, handled)) {
        return delay;
    }
    if (static_cast<int>(rows.size()) < limit) return std::nullopt;
    return 0ms;
}

/// In few statements, as nearly every backlog allows. False when one row has its own story or a handler failed, and
/// nothing is kept.
bool LaneWorker::handle_together(db::Transaction& tx, const std::string& user, const std::vector<WaitingRow>& rows) {
    std::vector<Event> events;
    events.reserve(rows.size());
    for (const auto& row : rows) {
        auto event = parse_cloudevent(row.payload);
        if (!event || row.attempts > 0) return false;
        events.push_back(std::move(*event));
    }
    const auto together = [&] {
        std::vector<const Event*> all;
        for (const auto& event : events) all.push_back(&event);
        if (call_handler(subscription_, tx, all)) return false;
        complete_all(tx, subscription_.name, user, rows, clock_.now());
        return true;
    };
    return tx.savepoint(together);
}

/// Until the head has to wait: then for how long.
std::optional<std::chrono::milliseconds> LaneWorker::handle_each(db::Transaction& tx, const std::string& user,
                                                                 const std::vector<WaitingRow>& rows, int& budget,
                                                                 std::int64_t& handled) {
    for (const auto& row : rows) {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(row.next_attempt - clock_.now());
        if (wait > 0ms) return std::min(wait, options_.max_delay);
        --budget;
        const InboxKey key{subscription_.name, user, row.sequence, row.event_id};
        const auto event = parse_cloudevent(row.payload);
        const auto failure = event ? attempt(subscription_, tx, *event) : std::optional(event.error().detail);
        if (!failure) {
            complete(tx, key, clock_.now());
            ++handled;
        } else if (const auto delay = record_failure(tx, key, row.attempts + 1, *failure, row.payload)) {
            return delay;
        }
    }
    return std::nullopt;
}

awaitable<void> LaneWorker::report(bool before_sleep) {
    const auto now = std::chrono::steady_clock::now();
    if (lanes_.empty() && before_sleep) {
        pending_.Set(0);
        co_return;
    }
    if (!before_sleep && now - reported_ < 1s) co_return;
    reported_ = now;
    auto count = [name = subscription_.name](db::Session& session) -> Result<std::int64_t> {
        return count_waiting(session, name);
    };
    try {
        const auto waiting = co_await database_.read(db::ReadKind::scan, std::move(count));
        if (waiting) pending_.Set(static_cast<double>(*waiting));
    } catch (const std::exception& e) {
        log::warn("pending events are not known", {{"subscription", subscription_.name}, {"error", e.what()}});
    }
}

/// Nothing while no lane waits and nobody asked for polling.
std::optional<SteadyTime> LaneWorker::next_due() const {
    std::optional<SteadyTime> next;
    if (load_) next = loaded_ + 1s;
    if (options_.poll) next = loaded_ + *options_.poll;
    for (const auto& [user, due] : lanes_) next = next ? std::min(*next, due) : due;
    return next;
}

}  // namespace carillon::events
