#include "carillon/events/relay.hpp"

#include "carillon/backoff.hpp"
#include "carillon/log.hpp"
#include "outbox.hpp"
#include "turn.hpp"
#include "waiting.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace carillon {
namespace {

using events::OutboxRow;
using events::SteadyTime;
using namespace std::chrono_literals;

constexpr auto kept_for = std::chrono::hours{7 * 24};
constexpr std::chrono::milliseconds first_delay{100};
constexpr std::chrono::milliseconds longest_delay{10'000};  ///< for one user
constexpr std::chrono::milliseconds longest_bus_delay{
    1'000};  ///< for all: it tells how late the return of the bus is seen
constexpr auto drain_limit = 5s;
constexpr auto full_sweep_at_most = 5s;                        ///< between two full sweeps
constexpr std::chrono::milliseconds first_look_at_others{10};  ///< after another replica's turn was met
constexpr std::chrono::milliseconds longest_look_at_others{500};
constexpr auto stuck_after =
    2s;  ///< another replica that marks nothing for so long may hang: what it does not hold goes on
constexpr int clean_batch = 256;
constexpr std::int64_t clean_every = 1024;  ///< published events between two looks for old rows
constexpr int clean_batches = 8;            ///< at most so many deletes a look: twice what came in

/// Someone who waits after a failure: a user, or everyone when the bus takes nothing at all.
struct Pause {
    int failures = 0;
    SteadyTime until{};
    bool met = false;  ///< the sweep saw a row of theirs
    void fail(std::chrono::milliseconds longest) {
        met = true;
        until = std::chrono::steady_clock::now() + backoff(++failures, first_delay, longest);
    }
};

class RelayLoop final : public std::enable_shared_from_this<RelayLoop> {
public:
    RelayLoop(db::Database& database, const Clock& clock, Metrics& metrics, asio::any_io_executor executor,
              RelayOptions options)
        : database_(database),
          clock_(clock),
          options_(options),
          turn_(events::make_turn(database)),
          strand_(asio::make_strand(executor)),
          sleeper_(strand_),
          depth_(metrics.gauge("carillon_outbox_depth", "Events not yet published")),
          lag_(metrics.gauge("carillon_outbox_lag_seconds", "Age of the oldest event not yet published")),
          published_(metrics.counter("carillon_outbox_published_total", "Events published")),
          failures_(metrics.counter("carillon_outbox_failures_total",
                                    "Events the bus did not accept; they are tried again")) {}

    void wake() { sleeper_.wake(); }
    void start(EventBus& bus) {
        if (std::exchange(started_, true)) return;
        bus_ = &bus;
        auto ended = [self = shared_from_this()](std::exception_ptr) { self->ended_.open(); };
        asio::co_spawn(strand_, run(shared_from_this()), std::move(ended));
    }
    void stop() {
        stopping_ = true;
        wake();
    }
    awaitable<void> drain() {
        stop();
        if (started_) co_await ended_.wait();
    }
    /// What is in hand is for others to publish.
    void let_go() {
        stop();
        turn_->close();
    }

private:
    static awaitable<void> run(std::shared_ptr<RelayLoop> self) {
        co_await self->clean(true);
        while (true) {
            const bool last = self->stopping_;  // one more look after stop(), then the end
            const auto began = std::chrono::steady_clock::now();
            self->sleeper_.take_wake();
            self->overtaken_ = false;
            co_await self->sweep();
            co_await self->report();
            if (last && (!self->sleeper_.woken() || std::chrono::steady_clock::now() - began > drain_limit)) co_return;
            if (last) continue;
            co_await self->clean(false);
            if (self->overtaken_) continue;
            co_await self->sleeper_.sleep(self->next_look());
            if (self->bus_pause_.failures) co_await self->sit_out();
        }
    }

    /// Wakes do not shorten the pause after the bus took nothing: all would try at once.
    awaitable<void> sit_out() {
        while (!stopping_ && std::chrono::steady_clock::now() < bus_pause_.until) {
            sleeper_.take_wake();
            if (stopping_) co_return;
            co_await sleeper_.sleep(bus_pause_.until);
        }
    }

    /// Publishes all that is unpublished, page by page, but for users in a pause. A page mark alone would be wrong:
    /// with several writers a lower position may be committed later. So an event goes out only after its predecessor,
    /// and sweeps start from the beginning; while refused events stand there, only when one may be tried again.
    awaitable<void> sweep() {
        const auto began = std::chrono::steady_clock::now();
        const bool full = users_.empty() || stopping_ || began >= full_sweep_;
        std::int64_t after = full ? 0 : swept_to_;
        bool progress = false;
        bool overtaken = false;
        bool others = false;
        for (auto& [user, pause] : users_) pause.met = !full;
        while (true) {
            auto page = co_await begin_turn(after);
            if (!page) co_return bus_pause_.fail(longest_bus_delay);
            after = std::max(after, page->last);
            others |= page->others;
            auto ready = in_turn(std::move(page->rows), overtaken);
            if (ready.empty()) {
                co_await end_turn({});
                if (page->end || (page->others && others_get_on(after))) break;
                continue;
            }
            if (!co_await publish(std::move(ready))) co_return bus_pause_.fail(longest_bus_delay);
            progress = true;
            if (stopping_ && std::chrono::steady_clock::now() - began > drain_limit) co_return;
        }
        swept_to_ = after;
        bus_pause_ = {};
        std::erase_if(users_, [](const auto& user) { return !user.second.met; });  // their rows are gone
        if (full) plan_full_sweep();
        overtaken_ = progress && overtaken;
        look_at_others(others);
    }

    /// What another replica has in hand it publishes, unless it is killed: nobody wakes this one then.
    void look_at_others(bool met) {
        met_others_ = met ? met_others_ + 1 : 0;
        look_ = std::chrono::steady_clock::now() + backoff(met_others_, first_look_at_others, longest_look_at_others);
    }

    /// True while the page that another replica holds, known by its end, moves on: to look behind it would be to read
    /// the whole backlog again and again for the few users who are not in it.
    bool others_get_on(std::int64_t page) {
        const auto now = std::chrono::steady_clock::now();
        if (std::exchange(others_at_, page) != page) others_moved_ = now;
        return now < others_moved_ + stuck_after;
    }

    void plan_full_sweep() {
        const auto now = std::chrono::steady_clock::now();
        full_sweep_ = now + full_sweep_at_most;
        for (const auto& [user, pause] : users_) full_sweep_ = std::min(full_sweep_, pause.until);
        full_sweep_ = std::max(full_sweep_, now + first_delay);
    }

    /// The rows that may go out now: their user is not in a pause, and the event before is published or just ahead.
    /// `overtaken` is set when one waits only for an event that the sweep did not meet before it.
    std::vector<OutboxRow> in_turn(std::vector<OutboxRow> rows, bool& overtaken) {
        std::vector<OutboxRow> ready;
        ready.reserve(rows.size());
        std::unordered_map<std::string_view, std::int64_t> last;
        for (auto& row : rows) {
            const Event& event = *row.event;
            const auto before = last.find(event.user_id);
            const bool follows = before != last.end() && before->second == event.sequence - 1;
            if (const auto failed = users_.find(event.user_id); failed != users_.end()) {
                failed->second.met = true;
                if (!stopping_ && failed->second.until > std::chrono::steady_clock::now()) continue;
            }
            if (row.predecessor_waits && !follows) {
                overtaken = true;
                continue;
            }
            last[event.user_id] = event.sequence;
            ready.push_back(std::move(row));
        }
        return ready;
    }

    awaitable<Result<events::Page>> begin_turn(std::int64_t after) {
        try {
            co_return co_await turn_->begin(after, options_.batch);
        } catch (const std::exception& e) {
            log::error("outbox could not be read", {{"error", e.what()}});
            co_return Error{Errc::internal, e.what()};
        }
    }

    /// False when nothing went out and the bus is away, or the database is.
    awaitable<bool> publish(std::vector<OutboxRow> rows) {
        std::vector<std::shared_ptr<const Event>> batch;
        batch.reserve(rows.size());
        for (const auto& row : rows) batch.push_back(row.event);
        std::vector<bool> accepted;
        try {
            accepted = co_await bus_->publish(std::move(batch));
        } catch (const std::exception& e) {
            log::error("event bus failed", {{"error", e.what()}});
        }
        accepted.resize(rows.size(), false);
        std::vector<std::int64_t> done;
        std::unordered_set<std::string_view> refused;  // what follows a refused event goes again after it
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::string& user = rows[i].event->user_id;
            if (!accepted[i]) refused.insert(user);
            if (!refused.contains(user)) done.push_back(rows[i].position);
        }
        failures_.Increment(static_cast<double>(rows.size() - done.size()));
        if (done.empty() && bus_is_away(refused)) {
            co_await end_turn(std::move(done));
            co_return false;
        }
        for (const auto& row : rows) {
            if (!refused.contains(row.event->user_id)) users_.erase(row.event->user_id);
        }
        for (const auto user : refused) users_[std::string(user)].fail(longest_delay);
        co_return co_await end_turn(std::move(done));
    }

    /// A batch was refused as a whole. One user alone may be to blame; of several users, or when others fail too, it is
    /// the bus: then nobody is paused by themselves, and all go again together.
    bool bus_is_away(const std::unordered_set<std::string_view>& refused) {
        const auto others = std::count_if(users_.begin(), users_.end(),
                                          [&](const auto& user) { return !refused.contains(user.first); });
        if (refused.size() == 1 && others == 0 && bus_pause_.failures == 0) return false;
        for (auto& [user, pause] : users_) pause.until = {};
        return true;
    }

    /// Marks what was published. False: it will be published again, and subscribers know the ids.
    awaitable<bool> end_turn(std::vector<std::int64_t> done) {
        const auto count = done.size();
        try {
            const auto marked = co_await turn_->end(std::move(done), clock_.now());
            if (!marked) co_return false;
        } catch (const std::exception& e) {
            log::error("events could not be marked as published", {{"error", e.what()}});
            co_return false;
        }
        published_.Increment(static_cast<double>(count));
        since_clean_ += static_cast<std::int64_t>(count);
        co_return true;
    }

    /// Depth and lag. An empty outbox is known without asking; a standing backlog is counted now and then.
    awaitable<void> report() {
        if (users_.empty() && !bus_pause_.failures) {
            depth_.Set(0);
            lag_.Set(0);
            co_return;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now - reported_ < 250ms) co_return;
        reported_ = now;
        auto work = [](db::Session& session) -> Result<events::Backlog> { return events::backlog(session); };
        try {
            const auto found = co_await database_.read(db::ReadKind::scan, std::move(work));
            if (!found) co_return;
            depth_.Set(static_cast<double>(found->depth));
            const auto age = found->oldest ? clock_.now() - *found->oldest : std::chrono::microseconds{0};
            lag_.Set(std::max(0.0, std::chrono::duration<double>(age).count()));
        } catch (const std::exception& e) {
            log::warn("outbox depth is not known", {{"error", e.what()}});
        }
    }

    /// Deletes old published rows while there is traffic anyway, in short writes.
    awaitable<void> clean(bool at_start) {
        const auto now = std::chrono::steady_clock::now();
        if (!at_start && since_clean_ < clean_every && now - cleaned_ < 1h) co_return;
        cleaned_ = now;
        since_clean_ = 0;
        const Time before = clock_.now() - kept_for;
        auto look = [before](db::Session& session) -> Result<bool> {
            return events::has_published_before(session, before);
        };
        try {
            const auto old = co_await database_.read(std::move(look));
            if (!old || !*old) co_return;
            for (int i = 0; i < clean_batches && !stopping_; ++i) {
                auto work = [before](db::Transaction& tx) -> Result<std::int64_t> {
                    return events::remove_published_before(tx, before, clean_batch);
                };
                const auto removed = co_await database_.write(std::move(work));
                if (!removed || *removed < clean_batch) co_return;
            }
        } catch (const std::exception& e) {
            log::warn("old events could not be removed", {{"error", e.what()}});
        }
    }

    /// Nothing while all is well and nobody asked for polling.
    std::optional<SteadyTime> next_look() const {
        std::optional<SteadyTime> next;
        if (options_.poll) next = std::chrono::steady_clock::now() + *options_.poll;
        if (bus_pause_.failures) return next ? std::min(*next, bus_pause_.until) : bus_pause_.until;
        if (!users_.empty()) next = next ? std::min(*next, full_sweep_) : full_sweep_;
        if (met_others_) next = next ? std::min(*next, look_) : look_;
        return next;
    }

    db::Database& database_;
    const Clock& clock_;
    const RelayOptions options_;
    const std::unique_ptr<events::Turn> turn_;
    asio::any_io_executor strand_;
    events::Sleeper sleeper_;
    Gate ended_;
    EventBus* bus_ = nullptr;
    bool started_ = false;
    std::atomic<bool> stopping_{false};
    std::unordered_map<std::string, Pause> users_;  ///< whose events were refused
    Pause bus_pause_;
    SteadyTime full_sweep_{};  ///< when the next sweep from the beginning is due, while refused events stand there
    std::int64_t swept_to_ = 0;
    bool overtaken_ = false;  ///< sweep again at once
    int met_others_ = 0;      ///< sweeps in a row that met another replica's turn
    SteadyTime look_{};       ///< when to sweep again because of it
    std::int64_t others_at_ = 0;
    SteadyTime others_moved_{};
    SteadyTime reported_{};
    SteadyTime cleaned_{};
    std::int64_t since_clean_ = 0;
    prometheus::Gauge& depth_;
    prometheus::Gauge& lag_;
    prometheus::Counter& published_;
    prometheus::Counter& failures_;
};

/// The coroutine keeps the loop alive; the relay itself may go first.
class OutboxRelay final : public Relay {
public:
    OutboxRelay(db::Database& database, const Clock& clock, Metrics& metrics, asio::any_io_executor executor,
                RelayOptions options)
        : loop_(std::make_shared<RelayLoop>(database, clock, metrics, std::move(executor), options)),
          outbox_(clock, [loop = std::weak_ptr(loop_)] {
              if (const auto alive = loop.lock()) alive->wake();
          }) {}
    ~OutboxRelay() override { loop_->let_go(); }
    Outbox& outbox() override { return outbox_; }
    void start(EventBus& bus) override { loop_->start(bus); }
    awaitable<void> drain() override { return loop_->drain(); }

private:
    std::shared_ptr<RelayLoop> loop_;
    events::StoredOutbox outbox_;
};

}  // namespace

std::unique_ptr<Relay> make_relay(db::Database& database, const Clock& clock, Metrics& metrics,
                                  asio::any_io_executor executor, RelayOptions options) {
    return std::make_unique<OutboxRelay>(database, clock, metrics, std::move(executor), options);
}

}  // namespace carillon
