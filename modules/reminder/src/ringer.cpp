#include "ringer.hpp"

#include "carillon/json.hpp"
#include "carillon/log.hpp"

#include <fmt/format.h>

namespace carillon::reminder {
namespace {

using namespace std::chrono_literals;

// What one transaction rings: users' writes do not wait long behind it.
constexpr int sqlite_page = 100;
constexpr int postgresql_page = 500;
constexpr auto late_after = 60s;
constexpr auto sweep_interval = 15min;  // only while something is pending: a job may have been lost
constexpr auto retry_interval = 1s;     // while the database is away
// PostgreSQL: a bell that another replica planned before it was killed is nobody's to wake for.
constexpr auto look_interval = 5s;
constexpr auto busy_interval = 20ms;  // after bells were left to those who held their users

/// The row as it is after its time: rung, or cancelled where its task is not to ring any more.
Reminder rung(const Reminder& due, const task::Todo* todo, Time now) {
    const bool still_due = todo && todo->status == task::Status::active && todo->bell_at == due.fire_at;
    Reminder after = due;
    after.state = still_due ? State::fired : State::cancelled;
    if (still_due) {
        after.fired_at = now;
        after.late = todo->bell_silent || now - due.fire_at > late_after;
        after.title = todo->title;
        after.due_at = todo->due_date;
    }
    return after;
}

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
        const auto others = co_await ring_pages(sweeping);
        if (!others) co_return false;
        if (*others) {
            look_again(busy_interval);
            co_return true;
        }
    }
    co_return true;
}

/// True when bells were left to those who hold their users: another replica rings them, or a change is being made.
awaitable<Result<bool>> Ringer::ring_pages(bool sweeping) {
    bool others = false;
    Position after;
    while (!stopped_) {
        auto work = [this, after, sweeping](db::Transaction& tx) -> Result<Page> {
            return ring_page(tx, after, sweeping);
        };
        const auto page = co_await database_.write(std::move(work));
        if (!page) co_return page.error();
        others = others || page->others;
        after = page->last;
        if (page->end) break;
    }
    co_return others;
}

Ringer::Page Ringer::ring_page(db::Transaction& tx, Position after, bool sweeping) {
    const Time now = clock_.now();
    const auto limit = tx.backend() == db::Backend::sqlite ? sqlite_page : postgresql_page;
    auto due = repository::due(tx, now, after, limit);
    Page page;
    page.end = static_cast<int>(due.size()) < limit;
    if (due.empty()) return page;
    page.last = {due.back().fire_at, due.back().id};
    std::set<std::string> users;
    for (const auto& reminder : due) users.insert(reminder.user_id);
    // First: the tasks can no longer change under the claim. Nobody is waited for, so that two replicas ring side by
    // side and a user who is busy delays nobody else's bells.
    const auto locks = outbox_.lock_free_users(tx, users);
    page.others = !locks.others.empty();
    std::erase_if(due, [&](const Reminder& reminder) { return locks.others.contains(reminder.user_id); });
    ring(tx, due, now, sweeping);
    return page;
}

/// The claim: each row must be as it was read, and its task active and still due then.
void Ringer::ring(db::Transaction& tx, const std::vector<Reminder>& due, Time now, bool sweeping) {
    const auto todos = tasks_of(tx, due);
    const auto todo_of = [&](const Reminder& reminder) -> const task::Todo* {
        const auto todo = todos.find(reminder.task_id);
        return todo == todos.end() ? nullptr : &todo->second;
    };
    std::vector<repository::Replacement> claims;
    for (const auto& reminder : due) claims.push_back({reminder, rung(reminder, todo_of(reminder), now)});
    const auto claimed = repository::replace_all(tx, claims);
    Rung counts;
    std::vector<Draft> events;
    for (const auto& [before, after] : claims) {
        if (!claimed.contains(before.id)) continue;
        ++counts.seen;
        counts.stale += after.state == State::cancelled;
        if (after.state == State::cancelled) continue;
        counts.late += after.late;
        const auto& todo = *todo_of(before);
        if (todo.bell_silent) continue;
        ++counts.fired;
        Principal who;
        who.user_id = before.user_id;
        who.actor = "reminder";
        events.push_back({std::move(who), "reminder.triggered", before.task_id, triggered(before, todo, now)});
    }
    outbox_.add_all(tx, std::move(events));
    tx.on_commit([this, counts, sweeping] {
        meters_.pending.Decrement(counts.seen);
        meters_.fired.Increment(counts.fired);
        meters_.late.Increment(counts.late);
        meters_.stale.Increment(counts.stale);
        if (sweeping) meters_.swept.Increment(counts.fired);
    });
}

/// By their ids; those that are gone or no longer to ring may be missing.
std::map<std::int64_t, task::Todo> Ringer::tasks_of(db::Session& session, const std::vector<Reminder>& due) {
    std::map<std::int64_t, task::Todo> todos;
    if (session.backend() == db::Backend::sqlite) {
        for (const auto& reminder : due) {
            if (auto todo = tasks_.find_in(session, reminder.user_id, reminder.task_id))
                todos.emplace(reminder.task_id, std::move(*todo));
        }
        return todos;
    }
    std::vector<task::TaskKey> keys;
    for (const auto& reminder : due) keys.push_back({reminder.user_id, reminder.task_id});
    for (auto& todo : tasks_.with_bells_in(session, keys)) todos.emplace(todo.id, std::move(todo));
    return todos;
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
