// A reminder rings once, not early, and not lost (DESIGN 2.5).
#include "world.hpp"

#include "carillon/local_scheduler.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <set>

using namespace carillon;
using namespace carillon::reminder::test;

TEST_CASE("A bell rings at its time, once, and not a microsecond early") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    world.deliver();
    CHECK(world.process->scheduler.jobs().at("reminder-" + std::to_string(todo.id) + "-1") == bell);

    world.clock.set(bell - 1us);
    world.wake();
    CHECK(world.rings().empty());
    world.clock.set(bell);
    world.wake();
    REQUIRE(world.rings().size() == 1);
    world.clock.advance(1h);
    world.wake();
    REQUIRE(world.rings().size() == 1);

    const auto data = world.rings().front();
    CHECK(data.at("taskId").as_int64() == todo.id);
    CHECK(data.at("userId").as_string() == world.who.user_id);
    CHECK(data.at("title").as_string() == "Water the plants");
    CHECK(data.at("triggeredAt").as_int64() == to_unix_seconds(bell));
    CHECK(data.at("todo").as_object().at("id").as_int64() == todo.id);
    const auto event = world.events(world.who.user_id).back();
    CHECK(event->topic == reminder_events_topic);
    CHECK(event->actor == "reminder");
    CHECK(event->task_id == todo.id);
    CHECK(world.rows(todo.id) == std::vector<std::string>{"1 fired 3600"});
    CHECK(world.metric("carillon_reminders_late_total") == "0");
}

TEST_CASE("A bell follows its task") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    world.deliver();
    const auto act = [&](auto method) {
        world.change([&](db::Transaction& tx, task::TaskService& tasks) {
            return (tasks.*method)(tx, world.who, todo.id, std::nullopt);
        });
        world.deliver();
    };
    SECTION("completed: silent; reopened before its time: rings") {
        act(&task::TaskService::complete_in);
        CHECK(world.rows(todo.id) == std::vector<std::string>{"1 cancelled 3600"});
        CHECK(world.process->scheduler.jobs().empty());
        act(&task::TaskService::reopen_in);
        CHECK(world.rows(todo.id) == std::vector<std::string>{"2 pending 3600"});
        act(&task::TaskService::complete_in);
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().empty());
        world.clock.advance(1h);
        act(&task::TaskService::reopen_in);  // its time passed while it was completed
        world.wake();
        CHECK(world.rings().empty());
    }
    SECTION("deleted: silent; restored: rings") {
        world.change(
            [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.remove_in(tx, world.who, todo.id); });
        world.deliver();
        CHECK(world.rows(todo.id) == std::vector<std::string>{"1 cancelled 3600"});
        world.change(
            [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.restore_in(tx, world.who, todo.id); });
        world.deliver();
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().size() == 1);
    }
    SECTION("moved: rings at the new time only") {
        world.move(todo.id, bell + 1h);
        world.deliver();
        CHECK(world.rows(todo.id) == std::vector<std::string>{"2 pending 7200"});
        CHECK(world.process->scheduler.jobs().contains("reminder-" + std::to_string(todo.id) + "-2"));
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().empty());
        world.clock.set(bell + 1h);
        world.wake();
        CHECK(world.rings().size() == 1);
    }
    SECTION("renamed: rings with the new name") {
        task::TaskPatch patch;
        patch.title = "Water the cactus";
        world.change([&](db::Transaction& tx, task::TaskService& tasks) {
            return tasks.update_in(tx, world.who, todo.id, patch);
        });
        world.deliver();
        CHECK(world.list("pending").at(0).at("title").as_string() == "Water the cactus");
        CHECK(world.rows(todo.id) == std::vector<std::string>{"1 pending 3600"});
    }
    SECTION("snoozed after it rang: rings again") {
        world.clock.set(bell);
        world.wake();
        world.change([&](db::Transaction& tx, task::TaskService& tasks) {
            return tasks.snooze_in(tx, world.who, todo.id, bell + 10min);
        });
        world.deliver();
        CHECK(world.rows(todo.id) == std::vector<std::string>{"1 fired 3600", "2 pending 4200"});
        world.clock.set(bell + 10min);
        world.wake();
        CHECK(world.rings().size() == 2);
    }
    CHECK(world.metric("carillon_reminders_stale_total") == "0");
}

TEST_CASE("A bell whose task changed a moment ago does not ring, though nobody has told the module yet") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    world.deliver();
    world.clock.set(bell - 1s);
    SECTION("moved") {
        world.move(todo.id, bell + 1h);
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().empty());
        world.deliver();
        CHECK(world.rows(todo.id) == std::vector<std::string>{"2 pending 7200"});
        world.clock.set(bell + 1h);
        world.wake();
        CHECK(world.rings().size() == 1);
    }
    SECTION("completed") {
        world.change(
            [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.complete_in(tx, world.who, todo.id); });
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().empty());
        world.deliver();
        CHECK(world.rings().empty());
    }
    CHECK(world.metric("carillon_reminders_stale_total") == "1");
}

TEST_CASE("Nothing is lost over a restart, and what is late says so") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    SECTION("the job is gone with the process") {
        world.deliver();
        world.restart();
        world.start();
        REQUIRE(eventually([&] { return world.process->scheduler.jobs().size() == 1; }));
        CHECK(world.metric("carillon_reminders_pending") == "1");
        world.clock.set(bell);
        world.wake();
        CHECK(world.rings().size() == 1);
        CHECK(world.metric("carillon_reminders_late_total") == "0");
    }
    SECTION("its time passed while the process was away") {
        world.deliver();
        world.restart();
        world.clock.set(bell + 2h);
        world.start();
        REQUIRE(eventually([&] { return world.rings().size() == 1; }));
        REQUIRE(eventually([&] { return world.metric("carillon_reminders_late_total") == "1"; }));
        CHECK(world.metric("carillon_reminders_swept_total") == "1");
        CHECK(world.list("fired").at(0).at("late").as_bool());
    }
    SECTION("it ended before the module had heard of the task") {
        world.restart();
        world.clock.set(bell + 2h);
        world.start();
        world.deliver();
        world.wake();
        CHECK(world.rings().size() == 1);
    }
    world.restart();
    world.start();
    world.wake();
    CHECK(world.rings().size() == 1);
    CHECK(world.rows(todo.id) == std::vector<std::string>{"1 fired 3600"});
}

TEST_CASE("However often it is woken, and by however many replicas, each bell rings once") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    World world{backend};
    Process second{world.database, world.clock};
    world.start();
    second.reminders->start();
    constexpr int bells = 150;
    const auto bell = world.start_time + 1h;
    for (int i = 0; i < bells; ++i) world.create(bell);
    world.deliver();
    world.clock.set(bell);
    std::vector<std::thread> wakers;
    for (int i = 0; i < 4; ++i) {
        wakers.emplace_back([&, i] {
            for (int n = 0; n < 20; ++n) (i % 2 ? second : *world.process).scheduler.wake("reminder-1-1");
        });
    }
    for (auto& waker : wakers) waker.join();
    world.wake();
    CHECK(eventually([&] { return world.rings().size() >= bells; }));
    std::set<std::int64_t> tasks;
    for (const auto& ring : world.rings()) CHECK(tasks.insert(ring.at("taskId").as_int64()).second);
    CHECK(tasks.size() == bells);
}

TEST_CASE("Who is busy delays nobody else's bells, and hears their own afterwards") {
    World world{Backend::postgresql};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    world.deliver();
    std::promise<void> locked, let_go;
    std::thread busy{[&] {
        world.change([&](db::Transaction& tx, task::TaskService& tasks) -> Result<task::Todo> {
            world.process->relay->outbox().lock_user(tx, world.who.user_id);
            locked.set_value();
            let_go.get_future().wait();
            return *tasks.find_in(tx, world.who.user_id, todo.id);
        });
    }};
    locked.get_future().wait();
    world.clock.set(bell);
    world.wake();  // somebody else's bell
    CHECK(world.rings().empty());
    let_go.set_value();
    busy.join();
    CHECK(eventually([&] { return world.rings().size() == 1; }));
}

TEST_CASE("A task completed at the very moment of its bell never rings afterwards") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    constexpr int bells = 120;
    const auto bell = world.start_time + 1h;
    std::vector<std::int64_t> ids;
    for (int i = 0; i < bells; ++i) ids.push_back(world.create(bell).id);
    world.deliver();
    world.clock.set(bell);
    std::thread completer{[&] {
        for (const auto id : ids) {
            world.change(
                [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.complete_in(tx, world.who, id); });
        }
    }};
    world.process->scheduler.wake({});
    completer.join();
    world.wake();
    std::set<std::int64_t> completed;
    for (const auto& event : world.events(world.who.user_id)) {
        if (event->type == "task.completed") completed.insert(event->task_id);
        if (event->type == "reminder.triggered") CHECK(completed.count(event->task_id) == 0);
    }
    CHECK(completed.size() == bells);
}

TEST_CASE("Ten thousand bells due at once all ring") {
    World world{Backend::sqlite};
    world.start();
    constexpr int bells = 10'000;
    const auto bell = world.start_time + 1h;
    const auto& handle = world.process->bus.subscription.handle;
    for (int i = 0; i < bells; i += 500) {
        world.change([&](db::Transaction& tx, task::TaskService& tasks) -> Result<task::Todo> {
            task::NewTask input;
            input.title = "one of many";
            input.reminder_at = bell;
            Result<task::Todo> last = not_found();
            Event created;
            created.user_id = world.who.user_id;
            for (int n = 0; n < 500; ++n) {
                last = tasks.create_in(tx, world.who, input);
                created.task_id = last->id;
                if (!handle(tx, created)) return not_found();
            }
            return last;
        });
    }
    CHECK(world.metric("carillon_reminders_pending") == std::to_string(bells));
    world.clock.set(bell);
    world.process->scheduler.wake({});
    REQUIRE(eventually([&] { return world.metric("carillon_reminders_fired_total") == std::to_string(bells); }, 120s));
    CHECK(world.metric("carillon_reminders_pending") == "0");
    CHECK(world.rings().size() == bells);
}

TEST_CASE("A bell that was past when it came is counted as late and stays silent") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    task::Origin import;
    import.accept_past_reminder = true;
    const auto todo = world.create(world.start_time - 1h, "Old", import);
    world.deliver();
    world.delivered = 0;
    world.deliver();  // twice
    world.wake();
    CHECK(world.rings().empty());
    CHECK(world.rows(todo.id) == std::vector<std::string>{"1 fired -3600"});
    CHECK(world.metric("carillon_reminders_late_total") == "1");
    const auto fired = world.list("fired");
    REQUIRE(fired.size() == 1);
    CHECK(fired.at(0).at("late").as_bool());
}

TEST_CASE("With the real clock and timer a bell rings at its time") {
    World world{Backend::sqlite};
    SystemClock clock;
    FakeIdentity identity;
    FakeBus bus;
    const auto scheduler = make_local_scheduler(clock, make_real_time_alarm(world.process->io.get_executor(), clock));
    auto tasks = task::make_task_service(*world.database, world.process->relay->outbox(), identity, clock);
    auto reminders = reminder::make_reminders(*world.database, bus, world.process->relay->outbox(), *tasks, *scheduler,
                                              clock, world.process->metrics, world.process->io.get_executor());
    reminders->start();
    const auto bell = clock.now() + 300ms;
    task::NewTask input;
    input.title = "Soon";
    input.reminder_at = bell;
    world.change([&](db::Transaction& tx, task::TaskService&) { return tasks->create_in(tx, world.who, input); });
    const auto created = world.events(world.who.user_id).back();
    world.database->write_now([&](db::Transaction& tx) { return bus.subscription.handle(tx, *created); });
    REQUIRE(eventually([&] { return world.rings().size() == 1; }));
    const auto fired_at = *parse_rfc3339(world.list("fired").at(0).at("fired_at").as_string().c_str());
    CHECK(fired_at >= bell);
    CHECK(fired_at < bell + 2s);  // 50 ms on a quiet machine (docs/performance.md)
    reminders->stop();
    scheduler->stop();
}
