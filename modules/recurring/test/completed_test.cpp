// The next occurrence appears when one is completed (DESIGN 2.6 and 7).
#include "world.hpp"

using namespace carillon;
using namespace carillon::recurring::test;
using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("the next task copies the one that was completed and hangs on the first") {
    World w(any_backend());
    w.who.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    auto input = repeating("2027-01-31T08:00:00Z", Frequency::monthly);
    input.title = "Pay the rent";
    input.description = "by transfer";
    input.priority = task::Priority::high;
    input.tags = {"home", "money"};
    input.reminder_at = utc("2027-01-30T20:00:00Z");
    const auto first = w.create(input);
    w.clock.set(utc("2027-01-31T09:00:00Z"));
    w.complete(first.id);
    w.deliver_new();

    REQUIRE(w.live().size() == 2);
    CHECK(w.find(first.id).status == Status::completed);
    const auto next = w.live().back();
    CHECK(next.status == Status::active);
    CHECK(next.title == "Pay the rent");
    CHECK(next.description == "by transfer");
    CHECK(next.priority == task::Priority::high);
    CHECK(next.tags == input.tags);
    CHECK(next.due_date == utc("2027-02-28T08:00:00Z"));
    CHECK(next.reminder_at == utc("2027-02-27T20:00:00Z"));
    CHECK(next.recurrence == first.recurrence);
    CHECK(next.series_id == first.series_id);
    CHECK(next.occurrence == 2);
    CHECK(next.parent_task_id == first.id);
    CHECK(next.version == 1);
    const auto created = w.events().back();
    CHECK(created->type == "task.created");
    CHECK(created->actor == "recurring");
    CHECK(created->traceparent == w.who.traceparent);

    w.clock.set(utc("2027-02-28T09:00:00Z"));
    w.complete(next.id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"3: 2027-03-31T08:00:00Z"});  // the 31st has not drifted
    CHECK(w.live().back().parent_task_id == first.id);
}

TEST_CASE("remind, all_day and no explicit reminder are copied too") {
    World w(any_backend());
    w.identity.settings.timezone = "Europe/Berlin";
    auto input = repeating("2027-03-27T12:00:00Z", Frequency::daily);
    input.all_day = true;
    input.remind = false;
    const auto id = w.create(input).id;
    w.clock.set(utc("2027-03-27T13:00:00Z"));
    w.complete(id);
    w.deliver_new();
    const auto next = w.live().back();
    CHECK(next.all_day);
    CHECK_FALSE(next.remind);
    CHECK_FALSE(next.reminder_at.has_value());
    CHECK(next.due_date == utc("2027-03-28T21:59:00Z"));  // 23:59, now in summer time
}

TEST_CASE("a snoozed reminder is not passed on; one before the due date is") {
    World w(any_backend());
    auto input = repeating("2027-01-05T08:00:00Z", Frequency::daily);
    const auto id = w.create(input).id;
    w.clock.set(utc("2027-01-05T08:00:00Z"));
    auto snooze = [&](db::Transaction& tx) { return w.tasks->snooze_in(tx, w.who, id, utc("2027-01-05T11:00:00Z")); };
    REQUIRE(w.database->write_now(snooze).has_value());
    w.complete(id);
    w.deliver_new();
    CHECK_FALSE(w.live().back().reminder_at.has_value());
    CHECK(w.live().back().bell_at == utc("2027-01-06T08:00:00Z"));
}

TEST_CASE("however often and whenever the event is delivered, the next task appears once") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.clock.set(utc("2027-01-05T09:00:00Z"));
    w.complete(id);
    const auto completed = w.events().back();
    for (int i = 0; i < 3; ++i) w.deliver(*completed);
    CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
    const auto settled = w.everything();
    w.clock.advance(24h * 400);
    w.deliver(*completed);
    CHECK(w.everything() == settled);
    // Also after the next was deleted, or completed and deleted.
    w.remove(w.live().back().id);
    w.deliver(*completed);
    w.deliver_new();
    CHECK(w.listed().empty());
}

TEST_CASE("completing one completes neither the series nor the next") {
    World w(any_backend());
    auto id = w.create(repeating("2027-01-04T08:00:00Z", Frequency::weekly)).id;
    for (int week = 1; week <= 5; ++week) {
        w.clock.set(utc("2027-01-04T09:00:00Z") + 24h * 7 * (week - 1));
        w.complete(id);
        w.deliver_new();
        REQUIRE(w.listed().size() == 1);
        REQUIRE(w.listed(Status::completed).size() == static_cast<std::size_t>(week));
        id = w.live().back().id;
    }
    CHECK(w.listed() == Texts{"6: 2027-02-08T08:00:00Z"});
}

TEST_CASE("completed late, the next is the first after the completion, however late the event is handled") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.clock.set(utc("2027-01-09T12:00:00Z"));
    w.complete(id);
    w.clock.set(utc("2027-02-20T12:00:00Z"));
    w.deliver_new();
    CHECK(w.listed() == Texts{"6: 2027-01-10T08:00:00Z"});
}

TEST_CASE("catch_up brings each missed occurrence in turn") {
    World w(any_backend());
    auto input = repeating("2027-01-05T08:00:00Z", Frequency::daily);
    input.recurrence->catch_up = true;
    const auto id = w.create(input).id;
    w.clock.set(utc("2027-01-09T12:00:00Z"));
    w.complete(id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
    w.complete(w.live().back().id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"3: 2027-01-07T08:00:00Z"});
}

TEST_CASE("anchor completion counts from the completion") {
    World w(any_backend());
    auto input = repeating("2027-01-05T08:00:00Z", Frequency::daily, 3);
    input.recurrence->anchor = Anchor::completion;
    const auto id = w.create(input).id;
    w.clock.set(utc("2027-01-20T23:00:00Z"));
    w.complete(id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-23T08:00:00Z"});
}

TEST_CASE("moving the due date moves one occurrence only") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-04T08:00:00Z", Frequency::weekly)).id;
    TaskPatch patch;
    patch.due_date = utc("2027-01-06T18:00:00Z");
    w.update(id, patch);
    w.clock.set(utc("2027-01-06T19:00:00Z"));
    w.complete(id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-11T08:00:00Z"});
}

TEST_CASE("a series ends with its count, its end date, and by deleting its active task") {
    World w(any_backend());
    auto input = repeating("2027-01-05T08:00:00Z", Frequency::daily);
    SECTION("count") { input.recurrence->count = 2; }
    SECTION("end date") { input.recurrence->end_date = std::chrono::year{2027} / 1 / 6; }
    const bool by_rule = input.recurrence->count || input.recurrence->end_date;
    SECTION("deleted") {}
    const auto first = w.create(input).id;
    w.clock.set(utc("2027-01-05T09:00:00Z"));
    w.complete(first);
    w.deliver_new();
    const auto second = w.live().back().id;
    CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
    if (by_rule) {
        w.complete(second);
        w.deliver_new();
    } else {
        w.remove(second);
        w.reopen(first);
        w.complete(first);
        w.deliver_new();
    }
    CHECK(w.listed().empty());
}

TEST_CASE("a task that does not repeat, is missing, active again or another's brings nothing") {
    World w(any_backend());
    NewTask once;
    once.title = "once";
    const auto id = w.create(once).id;
    w.complete(id);
    w.deliver_new();
    CHECK(w.live().size() == 1);

    const auto daily = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.complete(daily);
    Event event = *w.events().back();
    REQUIRE(event.type == "task.completed");
    w.reopen(daily);
    w.deliver(event);
    CHECK(w.live().size() == 2);
    w.complete(daily);
    event.task_id = 4711;
    w.deliver(event);
    event.task_id = daily;
    event.user_id = carillon::test::add_user(*w.database);
    w.deliver(event);
    CHECK(w.live().size() == 2);
}

TEST_CASE("a task that was completed and then deleted still has its successor") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.complete(id);
    w.remove(id);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-06T08:00:00Z"});
}

TEST_CASE("a new recurrence starts a new series there") {
    World w(any_backend());
    const auto id = w.create(repeating("2027-01-05T08:00:00Z", Frequency::daily)).id;
    w.complete(id);
    w.deliver_new();
    const auto second = w.live().back().id;
    TaskPatch patch;
    patch.recurrence = repeating("2027-01-06T08:00:00Z", Frequency::weekly).recurrence;
    w.update(second, patch);
    w.complete(second);
    w.deliver_new();
    CHECK(w.listed() == Texts{"2: 2027-01-13T08:00:00Z"});
    CHECK(w.live().back().parent_task_id == second);
}
