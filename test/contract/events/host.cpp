#include "host.hpp"

#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <numeric>

namespace carillon::test {

using namespace std::chrono_literals;

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

InboxOptions quick_retries(int max_attempts) { return {max_attempts, 2ms, 10ms, std::nullopt}; }

Host::Host(db::Database& database, const BusFactory& factory, InboxOptions inbox, RelayOptions relay)
    : io_(lasting_io_context()),
      inbox_(make_inbox(database, clock_, metrics_, io_.get_executor(), inbox)),
      bus_(factory(*inbox_, io_.get_executor())),
      relay_(make_relay(database, clock_, metrics_, io_.get_executor(), relay)) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
}

Host::~Host() {
    if (!over_) drain();
}

void Host::start() {
    started_ = true;
    bus_->start();
    relay_->start(*bus_);
}

void Host::drain() {
    auto all = [](Host& host) -> awaitable<void> {
        co_await host.relay_->drain();
        co_await host.bus_->drain();
    };
    if (started_) asio::co_spawn(io_, all(*this), asio::use_future).get();
    kill();
}

void Host::kill() {
    over_ = true;
    io_.stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    bus_.reset();  // a bus with threads of its own must not outlive the database either
}

std::vector<bool> Host::publish(std::vector<std::shared_ptr<const Event>> events) {
    return asio::co_spawn(io_, bus_->publish(std::move(events)), asio::use_future).get();
}

Result<void> Host::accept(std::vector<std::shared_ptr<const Event>> events, bool handle_now) {
    std::optional<Result<void>> result;
    auto run = [](Inbox& inbox, std::vector<std::shared_ptr<const Event>> e, bool now,
                  std::optional<Result<void>>& out) -> awaitable<void> {
        out = co_await inbox.accept(std::move(e), now);
    };
    asio::co_spawn(io_, run(*inbox_, std::move(events), handle_now, result), asio::use_future).get();
    return *result;
}

std::vector<Event> add_events(db::Database& database, Outbox& outbox, const std::vector<std::string>& users, int count,
                              int group) {
    std::vector<Event> events;
    const int all = count * static_cast<int>(users.size());
    for (int first = 0; first < all; first += group) {
        const auto added = database.write_now([&](db::Transaction& tx) -> Result<std::vector<Event>> {
            std::vector<Event> some;
            for (int i = first; i < std::min(all, first + group); ++i) {
                const auto& user = users[static_cast<std::size_t>(i) % users.size()];
                if (!outbox.lock_user(tx, user)) return not_found();
                const Principal who{user, "user", {}, {}, {}, {}};
                some.push_back(outbox.add(tx, who, i % 3 ? "task.updated" : "task.created", i + 1,
                                          R"({"n": )" + std::to_string(i) + "}"));
            }
            return some;
        });
        if (!added) throw std::runtime_error(added.error().detail);
        events.insert(events.end(), added->begin(), added->end());
    }
    return events;
}

bool all_published(db::Database& database) {
    return *database.read_now([](db::Session& session) -> Result<bool> {
        return !session.query_one<std::int64_t>("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1").has_value();
    });
}

Effects::Effects(db::Database& database) {
    const auto made = database.write_now([](db::Transaction& tx) -> Result<bool> {
        const std::string key =
            tx.backend() == Backend::sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGSERIAL PRIMARY KEY";
        tx.exec("CREATE TABLE IF NOT EXISTS test_effects (position " + key +
                ", subscription TEXT NOT NULL, user_id TEXT NOT NULL, sequence BIGINT NOT NULL)");
        return true;
    });
    if (!made) throw std::runtime_error(made.error().detail);
}

void Effects::record(db::Transaction& tx, const std::string& subscription, const Event& event) {
    tx.exec("INSERT INTO test_effects (subscription, user_id, sequence) VALUES (:subscription, :user, :sequence)",
            subscription, event.user_id, event.sequence);
}

Subscription Effects::recorder(std::string name, std::vector<std::string> types) {
    return {name, std::move(types), [name](db::Transaction& tx, const Event& event) -> Result<void> {
                record(tx, name, event);
                return {};
            }};
}

std::vector<std::int64_t> Effects::of(db::Database& database, const std::string& subscription,
                                      const std::string& user_id) {
    return *database.read_now([&](db::Session& session) -> Result<std::vector<std::int64_t>> {
        std::vector<std::int64_t> sequences;
        session.each<std::int64_t>(
            "SELECT sequence FROM test_effects WHERE subscription = :subscription AND user_id = :user ORDER BY "
            "position",
            {subscription, user_id}, [&](std::int64_t sequence) { sequences.push_back(sequence); });
        return sequences;
    });
}

std::int64_t Effects::count(db::Database& database) {
    return *database.read_now([](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM test_effects"));
    });
}

Listener Ear::listener() {
    return {[this](std::shared_ptr<const Event> event) {
        std::lock_guard lock(mutex_);
        heard_[event->user_id].push_back(event->sequence);
    }};
}

std::vector<std::int64_t> Ear::of(const std::string& user_id) const {
    std::lock_guard lock(mutex_);
    const auto found = heard_.find(user_id);
    return found == heard_.end() ? std::vector<std::int64_t>{} : found->second;
}

std::size_t Ear::count() const {
    std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (const auto& [user, sequences] : heard_) n += sequences.size();
    return n;
}

std::vector<std::int64_t> up_to(std::int64_t n) {
    std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
    std::iota(numbers.begin(), numbers.end(), 1);
    return numbers;
}

}  // namespace carillon::test
