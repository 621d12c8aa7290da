// Undoing a completion takes back its untouched successor; completing again brings the same one back.
#include "world.hpp"

#include <map>
#include <random>

using namespace carillon;
using namespace carillon::recurring::test;
using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

namespace {

struct Pair {
    std::int64_t first, second;
};

/// Where it cannot be skipped, nothing happens.
void skip(World& w, std::int64_t id) {
    w.database->write_now([&](db::Transaction& tx) { return w.tasks->skip_in(tx, w.who, id); });
}

/// A daily task, completed, and its successor.
Pair completed_daily(World& w) {
    auto input = repeating("2027-01-05T08:00:00Z", Frequency::daily);
    input.reminder_at = utc("2027-01-05T07:00:00Z");
    const auto first = w.create(input).id;
    w.clock.set(utc("2027-01-05T09:00:00.25Z"));
    w.complete(first);
    w.deliver_new();
    REQUIRE(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
    return {first, w.live().back().id};
}

}  // namespace

TEST_CASE(
    "reopening takes the untouched successor back, completing again brings the same task back, any number of times") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    for (int i = 0; i < 3; ++i) {
        w.reopen(first);
        w.deliver_new();
        CHECK(w.listed() == Texts{"1: 2027-01-05T08:00:00Z"});
        CHECK(w.find(second).deleted_at.has_value());
        CHECK(w.events().back()->type == "task.deleted");
        w.complete(first);
        w.deliver_new();
        CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
        CHECK_FALSE(w.find(second).deleted_at.has_value());
        CHECK(w.events().back()->type == "task.restored");
    }
    CHECK(w.live().size() == 2);
    // The series goes on as ever.
    w.complete(second);
    w.deliver_new();
    CHECK(w.listed() == Texts{"3: 2027-01-07T08:00:00Z"});
}

TEST_CASE("reopened and completed again much later, the first occurrence after now appears") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    w.reopen(first);
    w.deliver_new();
    w.clock.set(utc("2027-03-05T09:00:00Z"));
    w.complete(first);
    w.deliver_new();
    CHECK(w.listed() == Texts{"61: 2027-03-06T08:00:00Z"});
    CHECK(w.find(second).deleted_at.has_value());
}

TEST_CASE("the same occurrence comes back after more than the 30 days in which a user can restore") {
    World w(any_backend());
    const auto first = w.create(repeating("2027-01-05T08:00:00Z", Frequency::yearly)).id;
    w.complete(first);
    w.deliver_new();
    const auto second = w.live().back().id;
    w.reopen(first);
    w.deliver_new();
    w.clock.advance(24h * 100);
    w.complete(first);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2028-01-05T08:00:00Z"});
    CHECK(w.live().back().id == second);
}

TEST_CASE("a successor that somebody changed, snoozed or completed stays") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    TaskPatch patch;
    SECTION("changed") {
        patch.title = "t, but other";
        w.update(second, patch);
    }
    SECTION("moved") {
        patch.due_date = utc("2027-01-06T09:00:00Z");
        w.update(second, patch);
    }
    SECTION("snoozed") {
        auto snooze = [&, id = second](db::Transaction& tx) {
            return w.tasks->snooze_in(tx, w.who, id, utc("2027-01-07T11:00:00Z"));
        };
        REQUIRE(w.database->write_now(snooze).has_value());
    }
    SECTION("completed") { w.complete(second); }
    SECTION("changed after it came back") {
        w.reopen(first);
        w.deliver_new();
        w.complete(first);
        w.deliver_new();
        patch.description = "mine";
        w.update(second, patch);
    }
    w.reopen(first);
    w.deliver_new();
    CHECK_FALSE(w.find(second).deleted_at.has_value());
    CHECK(w.find(first).status == Status::active);
}

TEST_CASE("a replay of the completion does not make a changed successor untouched again") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    TaskPatch patch;
    patch.title = "mine";
    w.update(second, patch);
    for (const auto& event : w.events()) w.deliver(*event);
    w.reopen(first);
    w.deliver_new();
    CHECK_FALSE(w.find(second).deleted_at.has_value());
}

TEST_CASE("a series that another recurrence ended does not go on from an older task") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    TaskPatch patch;
    patch.recurrence = repeating("2027-01-06T08:00:00Z", Frequency::weekly).recurrence;
    w.update(second, patch);
    w.reopen(first);
    w.complete(first);
    w.deliver_new();
    CHECK(w.listed() == Texts{"1: 2027-01-06T08:00:00Z"});
}

TEST_CASE("reopening an older task leaves the present one alone") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    w.complete(second);
    w.deliver_new();
    w.reopen(first);
    w.deliver_new();
    CHECK(w.listed() == Texts{"1: 2027-01-05T08:00:00Z", "3: 2027-01-07T08:00:00Z"});
    w.complete(first);
    w.deliver_new();
    CHECK(w.listed() == Texts{"3: 2027-01-07T08:00:00Z"});
}

TEST_CASE("completed, reopened and completed before any of it is handled is one successor") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.complete(id);
    w.reopen(id);
    w.complete(id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
    CHECK(w.live().back().version == 1);
}

TEST_CASE("a successor that its user deleted or restored is the user's") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    SECTION("deleted: the series has ended") {
        w.remove(second);
        w.reopen(first);
        w.complete(first);
        w.deliver_new();
        CHECK(w.listed().empty());
    }
    SECTION("taken back and restored by hand: it stays, and no other appears") {
        w.reopen(first);
        w.deliver_new();
        auto restore = [&, id = second](db::Transaction& tx) { return w.tasks->restore_in(tx, w.who, id); };
        REQUIRE(w.database->write_now(restore).has_value());
        w.complete(first);
        w.reopen(first);
        w.deliver_new();
        CHECK(w.listed().size() == 2);
    }
}

TEST_CASE("a task that was skipped or given another recurrence after its reopening goes on from where it is") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    w.reopen(first);
    w.deliver_new();
    SECTION("skipped") {
        w.clock.set(utc("2027-01-09T09:00:00Z"));
        skip(w, first);
        w.complete(first);
        w.deliver_new();
        CHECK(w.listed() == Texts{"7: 2027-01-11T08:00:00Z"});
    }
    SECTION("another recurrence") {
        TaskPatch patch;
        patch.recurrence = repeating("2027-01-05T08:00:00Z", Frequency::weekly).recurrence;
        w.update(first, patch);
        w.complete(first);
        w.deliver_new();
        CHECK(w.listed() == Texts{"2: 2027-01-12T08:00:00Z"});
    }
    CHECK(w.find(second).deleted_at.has_value());
}

TEST_CASE("an update of a task that was not reopened is passed over") {
    World w(any_backend());
    const auto [first, second] = completed_daily(w);
    const auto before = w.find(second).version;
    TaskPatch patch;
    patch.title = "done, and renamed";
    w.update(first, patch);
    w.deliver_new();
    CHECK(w.find(second).version == before);
    CHECK(w.find(second).title == "t");
}

TEST_CASE("replays in any order change nothing, whatever was done") {
    const auto backend = any_backend();
    const int rounds = backend == Backend::sqlite ? 30 : 3;
    for (int round = 0; round < rounds; ++round) {
        World w(backend);
        std::mt19937 random{static_cast<unsigned>(round)};
        const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
        w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily));
        for (int step = 0; step < 14; ++step) {
            w.clock.advance(std::chrono::hours{below(30)});
            const auto live = w.live();
            if (live.empty()) break;
            const auto& todo = live[below(live.size())];
            if (todo.status == Status::completed)
                w.reopen(todo.id);
            else if (below(4) == 0)
                skip(w, todo.id);
            else
                w.complete(todo.id);
            if (below(2) == 0) w.deliver_new();
            if (below(4) == 0) w.deliver(*w.events()[below(w.events().size())]);
        }
        w.deliver_new();
        const auto settled = w.everything();
        std::map<std::int64_t, int> created;
        for (const auto& todo : w.live()) ++created[*todo.occurrence];
        for (const auto& [number, times] : created) CHECK(times == 1);
        CAPTURE(round, settled);
        CHECK_FALSE(w.listed().empty());  // the series goes on
        auto events = w.events();
        std::shuffle(events.begin(), events.end(), random);
        std::string log;
        for (const auto& event : events) {
            const auto before = w.everything();
            w.deliver(*event);
            if (w.everything() != before)
                log += event->type + " of " + std::to_string(event->task_id) + " at " +
                       std::to_string(event->sequence) + "\n";
        }
        CAPTURE(log);
        CHECK(w.everything() == settled);
    }
}
