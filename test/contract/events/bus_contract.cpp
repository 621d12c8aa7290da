#include "bus_contract.hpp"

#include <catch2/catch.hpp>

#include <set>

namespace carillon::test {
namespace {

using namespace std::chrono_literals;

void compare(std::vector<std::string>& found, const std::string& what, const std::vector<std::int64_t>& seen,
             std::int64_t expected) {
    if (seen == up_to(expected)) return;
    const std::set<std::int64_t> different(seen.begin(), seen.end());
    std::string text = what + ": " + std::to_string(seen.size()) + " for " + std::to_string(expected) + " events";
    if (different.size() < seen.size()) text += ", some twice";
    if (static_cast<std::int64_t>(different.size()) < expected) text += ", some lost";
    if (!std::is_sorted(seen.begin(), seen.end())) text += ", out of order";
    found.push_back(text);
}

/// Fails for one event of one user as long as it is told to.
struct Moody {
    std::string user;
    std::int64_t sequence = 0;
    std::atomic<bool> fails{true};
    std::atomic<int> attempts{0};

    Subscription subscription(const std::string& name) {
        return {name, {}, [this, name](db::Transaction& tx, const Event& event) -> Result<void> {
                    Effects::record(tx, name, event);  // before the failure: must be rolled back with it
                    if (event.user_id != user || event.sequence != sequence) return {};
                    const int attempt = ++attempts;
                    if (!fails) return {};
                    if (attempt % 3 == 1) return Error{Errc::internal, "this one cannot be digested"};
                    if (attempt % 3 == 2) throw std::runtime_error("thrown by the handler");
                    throw 42;
                }};
    }
};

std::vector<DeadLetter> dead_letters(db::Database& database, Inbox& inbox) {
    return *database.read_now(
        [&](db::Session& session) -> Result<std::vector<DeadLetter>> { return inbox.dead_letters(session, 100, 0); });
}

Result<bool> replay(db::Database& database, Inbox& inbox, std::int64_t id) {
    return database.write_now([&](db::Transaction& tx) -> Result<bool> {
        const auto put_back = inbox.replay_in(tx, id);
        if (!put_back.has_value()) return put_back.error();
        return true;
    });
}

/// Until all effects are there, or none has come for a while.
void settle(db::Database& database, std::int64_t expected) {
    std::int64_t before = -1;
    wait_until([&] { return Effects::count(database) > 0; });  // a new broker's first group takes its time
    for (auto count = Effects::count(database); count < expected && count != before; count = Effects::count(database)) {
        before = count;
        wait_until([&] { return Effects::count(database) != before; }, 5s);  // a group may be finding its order
    }
}

std::vector<std::shared_ptr<const Event>> shared(const std::vector<Event>& events) {
    std::vector<std::shared_ptr<const Event>> all;
    for (const auto& event : events) all.push_back(std::make_shared<const Event>(event));
    return all;
}

void redelivery_has_one_effect(TestDatabase& database, const BusFactory& factory) {
    const std::vector<std::string> users{add_user(*database), add_user(*database)};
    Host host(*database, factory);
    host.bus().subscribe(Effects::recorder("first"));
    host.bus().subscribe(Effects::recorder("second"));
    host.start();
    const auto events = add_events(*database, host.outbox(), users, 20);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 80; }));
    for (const bool accepted : host.publish(shared(events))) CHECK(accepted);
    const std::vector<Event> tail(events.end() - 5, events.end());
    host.publish(shared(tail));
    add_events(*database, host.outbox(), users, 1);  // what comes after the redelivery marks its end
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 84; }));
    for (const auto& user : users) {
        CHECK(Effects::of(*database, "first", user) == up_to(21));
        CHECK(Effects::of(*database, "second", user) == up_to(21));
    }
}

void poison_becomes_a_dead_letter(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    Moody moody{user, 3};
    Host host(*database, factory, quick_retries(4));
    host.bus().subscribe(moody.subscription("moody"));
    host.bus().subscribe(Effects::recorder("calm"));
    host.start();
    add_events(*database, host.outbox(), {user, other}, 6);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 23; }));
    CHECK(Effects::of(*database, "moody", user) == std::vector<std::int64_t>{1, 2, 4, 5, 6});
    CHECK(Effects::of(*database, "moody", other) == up_to(6));
    CHECK(Effects::of(*database, "calm", user) == up_to(6));
    // The first attempt may have been made twice: in a batch, and then by itself.
    CHECK(moody.attempts >= 4);
    CHECK(moody.attempts <= 5);
    auto letters = dead_letters(*database, host.inbox());
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].subscription == "moody");
    CHECK(letters[0].event.sequence == 3);
    CHECK(letters[0].event.user_id == user);
    CHECK_FALSE(letters[0].event.data.empty());
    CHECK_FALSE(letters[0].error.empty());
    CHECK(letters[0].attempts == 4);
    CHECK_FALSE(letters[0].replayed_at.has_value());

    moody.fails = false;
    const auto replayed = replay(*database, host.inbox(), letters[0].id);
    REQUIRE(replayed.has_value());
    REQUIRE(wait_until([&] { return Effects::count(*database) == 24; }));
    CHECK(Effects::of(*database, "moody", user) == std::vector<std::int64_t>{1, 2, 4, 5, 6, 3});
    const auto again = replay(*database, host.inbox(), letters[0].id);
    REQUIRE(again.has_error());
    CHECK(again.error().code == Errc::conflict);
    const auto unknown = replay(*database, host.inbox(), letters[0].id + 1000);
    REQUIRE(unknown.has_error());
    CHECK(unknown.error().code == Errc::not_found);
    letters = dead_letters(*database, host.inbox());
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].replayed_at.has_value());
}

void one_failing_subscriber_blocks_nobody_else(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    Moody moody{user, 2};
    InboxOptions patient;
    patient.first_delay = patient.max_delay = 600s;
    Host host(*database, factory, patient);
    host.bus().subscribe(moody.subscription("moody"));
    host.bus().subscribe(Effects::recorder("calm"));
    host.start();
    add_events(*database, host.outbox(), {user, other}, 40);
    REQUIRE(wait_until([&] {
        return Effects::of(*database, "calm", user).size() == 40 &&
               Effects::of(*database, "calm", other).size() == 40 &&
               Effects::of(*database, "moody", other).size() == 40;
    }));
    CHECK(Effects::of(*database, "moody", user) == up_to(1));  // the lane waits behind its head
    CHECK(wait_until([&] { return all_published(*database); }));
}

void a_passing_failure_keeps_the_order(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    Moody moody{user, 5};
    Host host(*database, factory, quick_retries(1000));
    host.bus().subscribe(moody.subscription("moody"));
    host.start();
    add_events(*database, host.outbox(), {user}, 10, 3);
    REQUIRE(wait_until([&] { return moody.attempts >= 5; }));
    add_events(*database, host.outbox(), {user}, 30, 3);
    CHECK(Effects::of(*database, "moody", user) == up_to(4));
    moody.fails = false;
    REQUIRE(wait_until([&] { return Effects::count(*database) == 40; }));
    CHECK(Effects::of(*database, "moody", user) == up_to(40));
    CHECK(dead_letters(*database, host.inbox()).empty());
}

/// What an inbox holds and what an outbox holds: both are there after a kill, without anything new to stir them.
void pending_work_survives_a_kill(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    const auto other = add_user(*database);
    Moody moody{user, 1};
    InboxOptions patient;
    patient.first_delay = 50ms;
    patient.max_delay = 500ms;
    {
        Host host(*database, factory, patient);
        host.bus().subscribe(moody.subscription("moody"));
        host.start();
        add_events(*database, host.outbox(), {user, other}, 25);
        REQUIRE(wait_until(
            [&] { return Effects::of(*database, "moody", other).size() == 25 && all_published(*database); }));
        host.kill();
        database.reopen();
    }
    moody.fails = false;
    {
        Host host(*database, factory, patient);
        host.bus().subscribe(moody.subscription("moody"));
        host.start();
        REQUIRE(wait_until([&] { return Effects::count(*database) >= 50; }));
    }
    {
        Host host(*database, factory);  // not started: changes that were committed just before the kill
        add_events(*database, host.outbox(), {user, other}, 10);
        host.kill();
        database.reopen();
    }
    Host host(*database, factory, patient);
    host.bus().subscribe(moody.subscription("moody"));
    host.start();
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 70; }));
    CHECK(Effects::of(*database, "moody", user) == up_to(35));
    CHECK(Effects::of(*database, "moody", other) == up_to(35));
    CHECK(wait_until([&] { return all_published(*database); }));
}

/// Takes every event and says that it took none, as a bus does whose process dies before it can tell.
class Forgetful final : public EventBus {
public:
    explicit Forgetful(std::unique_ptr<EventBus> inner) : inner_(std::move(inner)) {}
    void subscribe(Subscription subscription) override { inner_->subscribe(std::move(subscription)); }
    void listen(Listener listener) override { inner_->listen(std::move(listener)); }
    void start() override { inner_->start(); }
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        const auto count = events.size();
        co_await inner_->publish(std::move(events));
        co_return std::vector<bool>(count, false);
    }
    awaitable<void> drain() override { co_await inner_->drain(); }

private:
    std::unique_ptr<EventBus> inner_;
};

void a_crash_before_the_mark_has_one_effect(TestDatabase& database, const BusFactory& factory) {
    const std::vector<std::string> users{add_user(*database), add_user(*database)};
    const BusFactory forgetful = [&](Inbox& inbox, asio::any_io_executor executor) {
        return std::make_unique<Forgetful>(factory(inbox, executor));
    };
    {
        Host host(*database, forgetful);
        host.bus().subscribe(Effects::recorder("recorder"));
        host.start();
        add_events(*database, host.outbox(), users, 10);
        REQUIRE(wait_until([&] { return Effects::count(*database) >= 20; }));
        host.kill();
        database.reopen();
    }
    CHECK_FALSE(all_published(*database));
    Host host(*database, factory);
    host.bus().subscribe(Effects::recorder("recorder"));
    host.start();
    add_events(*database, host.outbox(), users, 1);
    REQUIRE(wait_until([&] { return all_published(*database) && Effects::count(*database) >= 22; }));
    for (const auto& user : users) CHECK(Effects::of(*database, "recorder", user) == up_to(11));
}

void nobody_has_to_listen(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    Host host(*database, factory);
    host.start();
    add_events(*database, host.outbox(), {user}, 5);
    CHECK(wait_until([&] { return all_published(*database); }));
}

void subscriptions_get_their_types_only(TestDatabase& database, const BusFactory& factory) {
    const auto user = add_user(*database);
    Host host(*database, factory);
    host.bus().subscribe(Effects::recorder("created", {"task.created"}));
    host.bus().subscribe(Effects::recorder("all"));
    host.start();
    add_events(*database, host.outbox(), {user}, 9);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 12; }));
    CHECK(Effects::of(*database, "created", user) == std::vector<std::int64_t>{1, 4, 7});
    CHECK(Effects::of(*database, "all", user) == up_to(9));
}

}  // namespace

std::vector<std::string> order_and_once_violations(Backend backend, const BusFactory& factory, int events_per_user) {
    TestDatabase database(backend);
    Effects effects(*database);
    const std::vector<std::string> users{add_user(*database), add_user(*database), add_user(*database)};
    const std::vector<std::string> names{"first", "second"};
    Ear ear;
    Host host(*database, factory);
    for (const auto& name : names) host.bus().subscribe(Effects::recorder(name));
    host.bus().listen(ear.listener());
    host.start();
    add_events(*database, host.outbox(), users, events_per_user, 30);
    const auto expected = static_cast<std::int64_t>(users.size() * names.size()) * events_per_user;
    wait_until([&] { return all_published(*database); });
    settle(*database, expected);
    // A broadcast has a way of its own, which may be the slower one.
    wait_until([&] { return ear.count() >= users.size() * static_cast<std::size_t>(events_per_user); }, 5s);
    host.drain();
    std::vector<std::string> found;
    for (const auto& user : users) {
        for (const auto& name : names)
            compare(found, "effects on " + name, Effects::of(*database, name, user), events_per_user);
        compare(found, "heard by a listener", ear.of(user), events_per_user);
    }
    return found;
}

void check_bus_contract(Backend backend, const BusFactory& factory) {
    SECTION("order per user, each event once, for subscribers and listeners") {
        CHECK(order_and_once_violations(backend, factory, 300) == std::vector<std::string>{});
    }
    struct Case {
        const char* name;
        void (*run)(TestDatabase&, const BusFactory&);
    };
    const Case cases[] = {
        {"a redelivered event has one effect", redelivery_has_one_effect},
        {"a poisonous event becomes a dead letter, its lane goes on, a replay works once",
         poison_becomes_a_dead_letter},
        {"one failing subscriber blocks neither another nor another user", one_failing_subscriber_blocks_nobody_else},
        {"a failure that passes keeps the order", a_passing_failure_keeps_the_order},
        {"pending work survives a kill", pending_work_survives_a_kill},
        {"a crash between effect and mark has one effect", a_crash_before_the_mark_has_one_effect},
        {"publishing with no subscriber succeeds", nobody_has_to_listen},
        {"a subscription gets the types it asked for", subscriptions_get_their_types_only},
    };
    for (const auto& [name, run] : cases) {
        SECTION(name) {
            TestDatabase database(backend);
            Effects effects(*database);
            run(database, factory);
        }
    }
}

}  // namespace carillon::test
