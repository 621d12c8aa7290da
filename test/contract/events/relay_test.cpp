#include "host.hpp"
#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include <set>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

/// A broker that keeps what it took, and refuses when told to.
class Broker final : public EventBus {
public:
    struct Log {
        std::mutex mutex;
        std::map<std::string, std::vector<std::int64_t>> taken;
        std::set<std::string> refused_users;
        std::optional<std::int64_t> refused_once;  ///< a sequence
        bool away = false;
        bool throws = false;
        int calls = 0;

        std::vector<std::int64_t> of(const std::string& user) {
            std::lock_guard lock(mutex);
            return taken[user];
        }
        template <class F>
        auto with(F f) {
            std::lock_guard lock(mutex);
            return f(*this);
        }
    };
    explicit Broker(std::shared_ptr<Log> log, std::function<void()> before = {})
        : log_(std::move(log)), before_(std::move(before)) {}
    void subscribe(Subscription) override {}
    void listen(Listener) override {}
    void start() override {}
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        if (before_) before_();
        std::lock_guard lock(log_->mutex);
        ++log_->calls;
        if (log_->throws) throw std::runtime_error("the broker broke");
        std::vector<bool> accepted;
        for (const auto& event : events) {
            accepted.push_back(!log_->away && !log_->refused_users.contains(event->user_id) &&
                               event->sequence != log_->refused_once);
            if (event->sequence == log_->refused_once) log_->refused_once.reset();
            if (accepted.back()) log_->taken[event->user_id].push_back(event->sequence);
        }
        co_return accepted;
    }
    awaitable<void> drain() override { co_return; }

private:
    std::shared_ptr<Log> log_;
    std::function<void()> before_;
};

BusFactory to(const std::shared_ptr<Broker::Log>& log) {
    return [log](Inbox&, asio::any_io_executor) { return std::make_unique<Broker>(log); };
}

void sql(db::Database& database, const std::string& text) {
    const auto done = database.write_now([&](db::Transaction& tx) -> Result<bool> {
        tx.exec(text);
        return true;
    });
    REQUIRE(done.has_value());
}

std::int64_t number(db::Database& database, const std::string& text) {
    return *database.read_now([&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>(text));
    });
}

}  // namespace

TEST_CASE("a refused event stops its user's later ones and nobody else's", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    log->refused_users = {user};
    RelayOptions small;
    small.batch = 4;
    Host host(*database, to(log), quick_retries(), small);
    host.start();
    add_events(*database, host.outbox(), {user, other}, 30, 7);
    REQUIRE(wait_until([&] { return log->of(other).size() == 30; }));
    CHECK(log->of(user).empty());
    CHECK(
        wait_until([&] { return number(*database, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == 30; }));
    add_events(*database, host.outbox(), {other}, 1);  // the other one does not wait for the pause of the first
    REQUIRE(wait_until([&] { return log->of(other).size() == 31; }, 2s));
    log->with([](Broker::Log& l) { l.refused_users.clear(); });
    REQUIRE(wait_until([&] { return log->of(user).size() == 30; }));
    CHECK(log->of(user) == up_to(30));
    CHECK(log->of(other) == up_to(31));
    CHECK(wait_until([&] { return all_published(*database); }));
}

TEST_CASE("what the bus took behind a refused event of its user goes again behind it", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    log->refused_once = 3;
    Host host(*database, to(log), quick_retries());
    add_events(*database, host.outbox(), {user}, 6);
    host.start();
    REQUIRE(wait_until([&] { return all_published(*database); }));
    CHECK(log->of(user) == std::vector<std::int64_t>{1, 2, 4, 5, 6, 3, 4, 5, 6});
}

TEST_CASE("a bus that comes and goes costs no event and no order", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const std::vector<std::string> users{add_user(*database), add_user(*database), add_user(*database)};
    auto log = std::make_shared<Broker::Log>();
    RelayOptions small;
    small.batch = 5;
    Host host(*database, to(log), quick_retries(), small);
    host.start();
    std::thread moods([&] {
        for (int i = 0; i < 60; ++i) {
            log->with([&](Broker::Log& l) { l.refused_users = {users[static_cast<std::size_t>(i) % 3]}; });
            std::this_thread::sleep_for(5ms);
        }
        log->with([](Broker::Log& l) { l.refused_users.clear(); });
    });
    for (int i = 0; i < 20; ++i) {
        add_events(*database, host.outbox(), users, 10, 4);
        std::this_thread::sleep_for(10ms);
    }
    moods.join();
    REQUIRE(wait_until([&] { return all_published(*database); }, 60s));
    for (const auto& user : users) CHECK(log->of(user) == up_to(200));
}

TEST_CASE("while the bus is away nothing is lost and nobody hammers at it", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    const bool throws = GENERATE(false, true);
    TestDatabase database(backend);
    std::vector<std::string> users;
    for (int i = 0; i < 25; ++i) users.push_back(add_user(*database));
    auto log = std::make_shared<Broker::Log>();
    log->away = true;
    log->throws = throws;
    Host host(*database, to(log));
    host.start();
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) {
        for (const auto& user : users) add_events(*database, host.outbox(), {user}, 1);
    }
    const auto calls = log->with([](Broker::Log& l) { return l.calls; });
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(calls <= 3 + took / 50ms);  // far fewer than the 100 changes on a quiet machine
    CHECK(wait_until([&] { return host.metrics().text().find("carillon_outbox_depth 100") != std::string::npos; }));
    log->with([](Broker::Log& l) { l.away = l.throws = false; });
    REQUIRE(wait_until([&] { return all_published(*database); }, 60s));
    for (const auto& user : users) CHECK(log->of(user) == up_to(4));
    CHECK(wait_until([&] { return host.metrics().text().find("carillon_outbox_depth 0") != std::string::npos; }));
}

TEST_CASE("an event goes out after its predecessor, wherever that one stands in the table", "[events][relay]") {
    // With several writers a lower position may be committed later; here the positions themselves are turned round.
    const auto backend = GENERATE(from_range(backends()));
    INFO(name_of(backend));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    RelayOptions small;
    small.batch = GENERATE(2, 100);
    Host host(*database, to(log), quick_retries(), small);
    add_events(*database, host.outbox(), {user, other}, 6);
    const std::string system = backend == Backend::sqlite ? "" : "OVERRIDING SYSTEM VALUE ";
    sql(*database,
        "INSERT INTO outbox (position, id, aggregatetype, aggregateid, type, payload, topic, user_id, sequence, actor, "
        "traceparent, time) " +
            system +
            "SELECT 1000 - sequence, id, aggregatetype, aggregateid, type, payload, topic, user_id, sequence + 100, "
            "actor, traceparent, time "
            "FROM outbox WHERE user_id = '" +
            user + "'");
    sql(*database, "DELETE FROM outbox WHERE user_id = '" + user + "' AND sequence <= 100");
    host.start();
    REQUIRE(wait_until([&] { return all_published(*database); }));
    CHECK(log->of(user) == std::vector<std::int64_t>{101, 102, 103, 104, 105, 106});
    CHECK(log->of(other) == up_to(6));
}

TEST_CASE("an idle relay and inbox do nothing at all", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    asio::io_context io;  // outlives the database, whose threads may still be letting go of an executor
    TestDatabase database(backend);
    const auto user = add_user(*database);
    SystemClock clock;
    Metrics metrics;
    auto inbox = make_inbox(*database, clock, metrics, io.get_executor(), quick_retries());
    inbox->subscribe({"nothing", {}, [](db::Transaction&, const Event&) -> Result<void> { return {}; }});
    auto bus = make_memory_bus(*inbox);
    auto relay = make_relay(*database, clock, metrics, io.get_executor());
    inbox->start();
    bus->start();  // which starts the inbox again
    relay->start(*bus);
    relay->start(*bus);
    add_events(*database, relay->outbox(), {user}, 3);
    const auto done = std::chrono::steady_clock::now() + 10s;
    while (!all_published(*database) && std::chrono::steady_clock::now() < done) io.run_for(10ms);
    io.run_for(100ms);
    CHECK(io.run_for(300ms) == 0);
    auto drain = [&]() -> awaitable<void> {
        co_await relay->drain();
        co_await bus->drain();
    };
    asio::co_spawn(io, drain(), asio::detached);
    io.run_for(5s);
    CHECK(io.stopped());
}

TEST_CASE("a relay is at rest again when refused events are gone", "[events][relay]") {
    asio::io_context io;
    const auto guard = asio::make_work_guard(io);
    TestDatabase database(Backend::sqlite);
    const auto user = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    log->refused_users = {user};
    SystemClock clock;
    Metrics metrics;
    Broker broker(log);
    auto relay = make_relay(*database, clock, metrics, io.get_executor());
    relay->start(broker);
    add_events(*database, relay->outbox(), {user}, 5);
    const auto run_until = [&](const std::function<bool()>& condition) {
        return wait_until([&] { return io.run_for(5ms), condition(); });
    };
    REQUIRE(run_until([&] { return log->with([](Broker::Log& l) { return l.calls; }) >= 2; }));
    sql(*database, "DELETE FROM outbox");  // an account was deleted
    CHECK(run_until([&] { return metrics.text().find("carillon_outbox_depth 0") != std::string::npos; }));
    CHECK(run_until([&] { return io.run_for(300ms) == 0; }));
}

TEST_CASE("published events are kept for seven days", "[events][relay]") {
    const auto backend = GENERATE(from_range(backends()));
    TestDatabase database(backend);
    const auto user = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    {
        Host host(*database, to(log));
        host.start();
        add_events(*database, host.outbox(), {user}, 700);
        REQUIRE(wait_until([&] { return all_published(*database); }));
    }
    const auto days_ago = [](int days) {
        return std::to_string(to_micros(SystemClock().now() - std::chrono::hours(24 * days)));
    };
    sql(*database, "UPDATE outbox SET published_at = " + days_ago(8) + " WHERE sequence <= 600");
    sql(*database, "UPDATE outbox SET published_at = NULL, time = " + days_ago(30) + " WHERE sequence = 5");
    sql(*database, "UPDATE outbox SET published_at = " + days_ago(6) + " WHERE sequence > 600");
    log->away = true;
    Host host(*database, to(log));
    host.start();
    CHECK(wait_until([&] { return number(*database, "SELECT count(*) FROM outbox") == 101; }));
    CHECK(number(*database, "SELECT count(*) FROM outbox WHERE published_at IS NULL") == 1);
}

TEST_CASE("two relays on one database share the work: each event once, in order", "[events][relay]") {
    TestDatabase database(Backend::postgresql);
    const std::vector<std::string> users{add_user(*database), add_user(*database), add_user(*database)};
    auto log = std::make_shared<Broker::Log>();
    RelayOptions polling;
    polling.batch = 7;
    polling.poll = 3ms;
    Host first(*database, to(log), quick_retries(), polling);
    Host second(*database, to(log), quick_retries(), polling);
    first.start();
    second.start();
    std::thread writer([&] {
        for (const auto& user : users) add_events(*database, first.outbox(), {user}, 100, 3);
    });
    for (const auto& user : users) add_events(*database, second.outbox(), {user}, 100, 3);
    writer.join();
    REQUIRE(wait_until([&] { return all_published(*database); }));
    for (const auto& user : users) CHECK(log->of(user) == up_to(200));
    CHECK(number(*database,
                 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                 "(SELECT oid FROM pg_database WHERE datname = current_database())") == 0);
}

TEST_CASE("a replica that freezes while it publishes holds nobody up and marks nothing later", "[events][relay]") {
    TestDatabase database(Backend::postgresql);
    const auto user = add_user(*database);
    auto log = std::make_shared<Broker::Log>();
    std::atomic<bool> frozen{true}, reached{false};
    const BusFactory freezing = [&](Inbox&, asio::any_io_executor) -> std::unique_ptr<EventBus> {
        return std::make_unique<Broker>(log, [&] {
            reached = true;
            while (frozen) std::this_thread::sleep_for(1ms);
        });
    };
    RelayOptions polling;
    polling.poll = 20ms;
    Host first(*database, freezing, quick_retries(), polling);
    first.start();
    add_events(*database, first.outbox(), {user}, 5);
    REQUIRE(wait_until([&] { return reached.load(); }));
    Host second(*database, to(log), quick_retries(), polling);
    second.start();
    add_events(*database, second.outbox(), {user}, 5);
    CHECK_FALSE(wait_until([&] { return !log->of(user).empty(); }, 300ms));  // it is the first one's turn
    // What PostgreSQL does by itself after ten seconds (see "sessions have time limits").
    postgres_admin(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND "
        "datname = '" +
        database.name() + "'");
    REQUIRE(wait_until([&] { return log->of(user) == up_to(10) && all_published(*database); }));
    sql(*database, "UPDATE outbox SET published_at = NULL WHERE sequence = 2");  // to see whether the first marks it
    log->with([&](Broker::Log& l) { l.refused_users = {user}; });
    frozen = false;
    std::this_thread::sleep_for(100ms);
    CHECK_FALSE(all_published(*database));
    log->with([](Broker::Log& l) { l.refused_users.clear(); });
    REQUIRE(wait_until([&] { return all_published(*database); }));
    std::vector<std::int64_t> first_deliveries;
    for (const auto sequence : log->of(user)) {
        if (std::find(first_deliveries.begin(), first_deliveries.end(), sequence) == first_deliveries.end())
            first_deliveries.push_back(sequence);
    }
    CHECK(first_deliveries == up_to(10));
}
