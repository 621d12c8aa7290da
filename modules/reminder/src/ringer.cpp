#include "ringer.hpp"

#include "carillon/json.hpp"
#include "carillon/log.hpp"

#include <fmt/format.h>

namespace carillon::reminder {
namespace {

using namespace std::chrono_literals;

constexpr int batch = 100;
constexpr auto late_after = 60s;
constexpr auto sweep_interval = 15min;  // only while something is pending: a job may have been lost
constexpr auto retry_interval = 1s;     // while the database is away
// PostgreSQL: a bell that another replica planned before it was killed is nobody's to wake for.
constexpr auto look_interval = 5s;

std::string triggered(const Reminder& due, const task::Todo& todo, Time now) {
    std::string data =
        fmt::format(R"({{"taskId":{},"userId":"{}","reminderId":{},"title":)", due.task_id, due.user_id, due.id);
    json::append_string(data, todo.title);
    data += fmt::format(R"(,"triggeredAt":{},"todo":{}}})", to_unix_seconds(now), task::to_json(todo));
    return data;
}

}  // namespace

Ringer::Ringer(db::Database& database, Outbox& outbox, task::TaskService& tasks, JobScheduler& scheduler,
               const Clock& clock, Meters& meters, boost::asio::any_io_executor executor)
    : database_(database),
      outbox_(outbox),
      tasks_(tasks),
      scheduler_(scheduler),
      clock_(clock),
      meters_(meters),
      strand_(boost::asio::make_strand(std::move(executor))),
      timer_(strand_) {}

void Ringer::start() {
    started_ = true;
    asio::post(strand_, [self = shared_from_this()] { self->stopped_ = false; });
    wake(true);
}

void Ringer::stop() {
    if (!std::exchange(started_, false)) return;
    std::promise<void> idle;
    asio::post(strand_, [self = shared_from_this(), &idle] {
        self->stopped_ = true;
        self->timer_.cancel();
        if (self->running_)
            self->idle_ = &idle;
        else
            idle.set_value();
    });
    idle.get_future().wait();
}

void Ringer::wake(bool sweeping) {
    asio::post(strand_, [self = shared_from_this(), sweeping] {
        if (self->stopped_) return;
        self->sweeping_ = self->sweeping_ || sweeping;
        self->again_ = true;
        if (self->running_) return;
        self->running_ = true;
        asio::co_spawn(self->strand_, self->run(), asio::detached);
    });
}

awaitable<void> Ringer::run() {
    const auto self = shared_from_this();
    while (again_ && !stopped_) {
        again_ = false;
        bool ok = false;
        try {
            ok = co_await ring_due();
        } catch (const std::exception& e) {
            log::error("Reminders could not ring", {{"error", e.what()}});
        }
        if (!ok) look_again(retry_interval);
    }
    running_ = false;
    if (idle_) std::exchange(idle_, nullptr)->set_value();
}

/// Rings all that is due and arms the next; false when the database is away.
awaitable<bool> Ringer::ring_due() {
    const bool sweeping = std::exchange(sweeping_, false);
    if (sweeping) {
        swept_ = std::chrono::steady_clock::now();
        auto count = [](db::Session& session) -> Result<std::int64_t> { return repository::count_pending(session); };
        const auto pending = co_await database_.read(db::ReadKind::scan, std::move(count));
        if (pending) meters_.pending.Set(static_cast<double>(*pending));
    }
    while (!stopped_) {
        auto find = [](db::Session& session) -> Result<std::optional<Reminder>> { return repository::next(session); };
        const auto next = co_await database_.read(std::move(find));
        if (!next) co_return false;
        if (!*next || (*next)->fire_at > clock_.now()) {
            if (*next) scheduler_.schedule(job_name(**next), (*next)->fire_at);
            const bool shared = database_.backend() == db::Backend::postgresql;
            if (shared || *next) look_again(shared ? std::chrono::milliseconds{look_interval} : sweep_interval);
            co_return true;
        }
        auto work = [this, sweeping](db::Transaction& tx) -> Result<Rung> { return ring_batch(tx, sweeping); };
        const auto rung = co_await database_.write(std::move(work));
        if (!rung) co_return false;
    }
    co_return true;
}

Ringer::Rung Ringer::ring_batch(db::Transaction& tx, bool sweeping) {
    const Time now = clock_.now();
    auto due = repository::due(tx, now, batch);
    // Users in one order everywhere, so that two replicas that lock several cannot wait for each other.
    std::stable_sort(due.begin(), due.end(),
                     [](const Reminder& a, const Reminder& b) { return a.user_id < b.user_id; });
    Rung rung;
    const std::string* user = nullptr;
    bool user_exists = false;
    for (const auto& reminder : due) {
        if (!user || *user != reminder.user_id) {
            user = &reminder.user_id;
            user_exists = outbox_.lock_user(tx, *user);  // first: the task can no longer change under the claim
        }
        ring(tx, reminder, user_exists, now, rung);
    }
    tx.on_commit([this, rung, sweeping] {
        meters_.pending.Decrement(rung.seen);
        meters_.fired.Increment(rung.fired);
        meters_.late.Increment(rung.late);
        meters_.stale.Increment(rung.stale);
        if (sweeping) meters_.swept.Increment(rung.fired);
    });
    return rung;
}

/// The claim: the row must be as it was read, and the task active and still due then.
void Ringer::ring(db::Transaction& tx, const Reminder& due, bool user_exists, Time now, Rung& rung) {
    const auto todo = user_exists ? tasks_.find_in(tx, due.user_id, due.task_id) : std::nullopt;
    const bool still_due = todo && todo->status == task::Status::active && todo->bell_at == due.fire_at;
    Reminder after = due;
    after.state = still_due ? State::fired : State::cancelled;
    if (still_due) {
        after.fired_at = now;
        after.late = todo->bell_silent || now - due.fire_at > late_after;
        after.title = todo->title;
        after.due_at = todo->due_date;
    }
    if (!repository::replace(tx, due, after)) return;
    ++rung.seen;
    if (!still_due) {
        ++rung.stale;
        return;
    }
    rung.late += after.late;
    if (todo->bell_silent) return;
    ++rung.fired;
    Principal who;
    who.user_id = due.user_id;
    who.actor = "reminder";
    outbox_.add(tx, who, "reminder.triggered", due.task_id, triggered(due, *todo, now));
}

void Ringer::look_again(std::chrono::milliseconds after) {
    timer_.expires_after(after);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->wake(std::chrono::steady_clock::now() - self->swept_ >= sweep_interval);
    });
}

}  // namespace carillon::reminder
