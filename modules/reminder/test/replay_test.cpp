// Events may be delivered in any order and any number of times: the table ends the same.
#include "world.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::reminder::test;

TEST_CASE("Replays in any order end the same") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    const auto seed = GENERATE(range(0, 8));
    CAPTURE(seed);
    World world{backend};
    world.start();
    std::mt19937 random{static_cast<unsigned>(seed)};
    const auto todo = world.create(world.start_time + 1h);
    for (int i = 0; i < 12; ++i) {
        const auto bell = world.start_time + std::chrono::hours{1 + random() % 3};
        world.change([&](db::Transaction& tx, task::TaskService& tasks) -> Result<task::Todo> {
            task::TaskPatch patch;
            patch.due_date = bell;
            patch.reminder_at = bell;
            const auto now = tasks.find_in(tx, world.who.user_id, todo.id, true);
            if (now->deleted_at) return tasks.restore_in(tx, world.who, todo.id);
            switch (random() % 4) {
                case 0:
                    return tasks.complete_in(tx, world.who, todo.id);
                case 1:
                    return tasks.reopen_in(tx, world.who, todo.id);
                case 2:
                    return tasks.remove_in(tx, world.who, todo.id);
                default:
                    return tasks.update_in(tx, world.who, todo.id, patch);
            }
        });
        // Some events come at once, some late, some twice.
        auto events = world.events(world.who.user_id);
        std::shuffle(events.begin(), events.end(), random);
        for (std::size_t n = random() % 3; n > 0 && !events.empty(); --n) world.deliver(*events[n % events.size()]);
    }
    auto events = world.events(world.who.user_id);
    std::shuffle(events.begin(), events.end(), random);
    for (const auto& event : events) world.deliver(*event);

    const auto last = world.database->read_now([&](db::Session& session) -> Result<std::optional<task::Todo>> {
        return world.process->tasks->find_in(session, world.who.user_id, todo.id);
    });
    const bool rings = *last && (*last)->status == task::Status::active && (*last)->bell_at;
    const auto rows = world.rows(todo.id);
    CHECK(rows.size() <= 1);  // none has rung
    CHECK((!rows.empty() && rows.back().find("pending") != std::string::npos) == rings);
    if (rings) {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(*(*last)->bell_at - world.start_time).count();
        CHECK(rows.back().ends_with(" pending " + std::to_string(seconds)));
    }
    world.clock.advance(24h);
    world.wake();
    CHECK(world.rings().size() == (rings ? 1 : 0));
    for (const auto& event : events) world.deliver(*event);
    world.wake();
    CHECK(world.rings().size() == (rings ? 1 : 0));
}

TEST_CASE("A bell that rang does not ring again when old events are replayed, or the task is undone back to it") {
    World world{Backend::sqlite};
    world.start();
    const auto bell = world.start_time + 1h;
    const auto todo = world.create(bell);
    world.deliver();
    world.clock.set(bell);
    world.wake();
    REQUIRE(world.rings().size() == 1);
    world.delivered = 0;
    world.deliver();
    world.move(todo.id, bell + 2h);
    world.deliver();
    world.change(
        [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.revert_in(tx, world.who, todo.id, todo); });
    world.deliver();
    world.clock.advance(24h);
    world.wake();
    CHECK(world.rings().size() == 1);
}
