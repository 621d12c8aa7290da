// PATCH, PUT, complete, reopen, delete, restore, snooze (DESIGN 4 and 5).
#include "world.hpp"

#include <chrono>

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;
using namespace std::chrono_literals;

namespace {

std::string path_of(std::int64_t id) { return "/api/todos/" + std::to_string(id); }

bj::object changes_of(World& w) { return w.events().back().data.at("changes").as_object(); }

}  // namespace

TEST_CASE("PATCH changes what it names; the event says only that, in the event's terms") {
    World w(any_backend());
    const auto id = id_of(w.create(
        R"({"title":"t","description":"d","priority":"low","due_date":"2027-02-01T10:00:00Z","tags":["a","b"]})"));
    w.clock.advance(1s);
    const auto todo = w.patch(id, R"({"title":"u","description":null,"tags":["b","c"]})");
    CHECK(string_of(todo, "title") == "u");
    CHECK(todo.at("description").is_null());
    CHECK(string_of(todo, "tags") == R"(["b","c"])");
    CHECK(string_of(todo, "priority") == "low");
    CHECK(string_of(todo, "updated_at") == "2027-01-10T10:00:01Z");
    CHECK(todo.at("version") == 2);
    CHECK(
        changes_of(w) ==
        bj::parse(
            R"({"title":{"old":"t","new":"u"},"description":{"old":"d","new":null},"tags":{"old":["a","b"],"new":["b","c"]}})"));
    CHECK(w.events().back().data.at("todo") == bj::value(todo));
    CHECK(w.get(path_of(id)) == todo);
    w.patch(id, R"({"due_date":"2027-02-01T10:00:05Z"})");
    CHECK(changes_of(w) == bj::parse(R"({"dueDate":{"old":1801476000,"new":1801476005}})"));
    w.check_counters();
}

TEST_CASE("nothing changed: no event, the same version, 200") {
    World w(any_backend());
    w.identity.settings.timezone = "Europe/Berlin";
    const auto todo = w.create(
        R"({"title":"t","due_date":"2027-02-01T10:00:00Z","all_day":true,"recurrence":{"rule":"daily"},"tags":["Home"]})");
    const auto before = w.everything(w.who.user_id);
    for (const std::string body :
         {"{}", R"({"title":" t "})", R"({"tags":["HOME","home"]})", R"({"status":"active"})",
          R"({"recurrence":{"rule":"daily","interval":1}})", R"({"due_date":"2027-02-01T12:00:00+01:00"})",
          R"({"description":null,"reminder_at":null})"}) {
        INFO(body);
        CHECK(w.patch(id_of(todo), body) == todo);
    }
    CHECK(w.everything(w.who.user_id) == before);
}

TEST_CASE("PATCH with fields and status is updated, then completed") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t"})"));
    const auto todo = w.patch(id, R"({"title":"u","status":"completed"})");
    CHECK(string_of(todo, "status") == "completed");
    CHECK(string_of(todo, "completed_at") == "2027-01-10T10:00:00Z");
    CHECK(todo.at("version") == 3);
    const auto events = w.events();
    REQUIRE(events.size() == 3);
    CHECK(events[1].type == "task.updated");
    CHECK(events[1].data.at("todo").as_object().at("status") == "active");
    CHECK(events[2].type == "task.completed");
    CHECK(events[2].data.at("isRecurring") == false);
    w.patch(id, R"({"status":"active"})");
    CHECK(w.last_type() == "task.updated");
    CHECK(changes_of(w) ==
          bj::parse(R"({"status":{"old":"completed","new":"active"},"completedAt":{"old":1799575200,"new":null}})"));
}

TEST_CASE("PUT sets every writable field, absent ones to their default") {
    World w(any_backend());
    const auto id = id_of(w.create(
        R"({"title":"t","description":"d","priority":"high","due_date":"2027-02-01T10:00:00Z","remind":false,"tags":["a"]})"));
    const auto response = w.send(Method::put, path_of(id), R"({"title":"u"})");
    REQUIRE(response.status == 200);
    const auto todo = object_of(response);
    CHECK(todo.at("description").is_null());
    CHECK(todo.at("due_date").is_null());
    CHECK(string_of(todo, "priority") == "medium");
    CHECK(todo.at("remind") == true);
    CHECK(string_of(todo, "tags") == "[]");
    w.check_counters();
}

TEST_CASE("moving the due date alone moves an explicit reminder with it") {
    World w(any_backend());
    const auto id =
        id_of(w.create(R"({"title":"t","due_date":"2027-02-01T10:00:00Z","reminder_at":"2027-02-01T09:00:00Z"})"));
    auto todo = w.patch(id, R"({"due_date":"2027-02-03T12:00:00Z"})");
    CHECK(string_of(todo, "reminder_at") == "2027-02-03T11:00:00Z");
    CHECK(w.stored(id).bell_at == parse_rfc3339("2027-02-03T11:00:00Z"));
    // Not alone: checked as asked for.
    CHECK(wrong_fields(w.send(Method::patch, path_of(id),
                              R"({"due_date":"2027-02-01T12:00:00Z","reminder_at":"2027-02-03T11:00:00Z"})")) ==
          "reminder_at");
    // Into the past: kept, counted as late.
    todo = w.patch(id, R"({"due_date":"2027-01-10T10:30:00Z"})");
    CHECK(string_of(todo, "reminder_at") == "2027-01-10T09:30:00Z");
    CHECK(w.stored(id).bell_silent);
    // Clearing the due date clears the reminder, which would set it again.
    todo = w.patch(id, R"({"due_date":null})");
    CHECK(todo.at("reminder_at").is_null());
    CHECK_FALSE(w.stored(id).bell_at);
    todo = w.patch(id, R"({"reminder_at":"2027-02-05T10:00:00Z"})");
    CHECK(string_of(todo, "due_date") == "2027-02-05T10:00:00Z");
}

TEST_CASE("an unchanged past reminder may be sent back in PUT; another past one may not") {
    World w(any_backend());
    const auto todo =
        w.create(R"({"title":"t","due_date":"2027-02-01T10:00:00Z","reminder_at":"2027-01-10T11:00:00Z"})");
    w.clock.advance(2h);
    auto put = todo;
    put["title"] = "u";
    CHECK(w.send(Method::put, path_of(id_of(todo)), bj::serialize(put)).status == 200);
    CHECK(w.stored(id_of(todo)).bell_at == parse_rfc3339("2027-01-10T11:00:00Z"));
    CHECK_FALSE(w.stored(id_of(todo)).bell_silent);  // it rang, or is about to: a new title does not silence it
    put["reminder_at"] = "2027-01-10T11:00:01Z";
    CHECK(wrong_fields(w.send(Method::put, path_of(id_of(todo)), bj::serialize(put))) == "reminder_at");
}

TEST_CASE("a change that leaves the times alone leaves the bell alone") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","due_date":"2027-01-10T10:00:10Z"})"));
    w.clock.advance(20s);
    w.patch(id, R"({"title":"u"})");
    CHECK(w.stored(id).bell_at == parse_rfc3339("2027-01-10T10:00:10Z"));
    w.patch(id, R"({"remind":false})");
    CHECK_FALSE(w.stored(id).bell_at);
    w.patch(id, R"({"remind":true})");
    CHECK_FALSE(w.stored(id).bell_at);  // due in the past: reminds of nothing
}

TEST_CASE("completing twice is a no-op; reopening too") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","tags":["a"],"due_date":"2027-02-01T10:00:00Z"})"));
    const auto once = w.act(id, "complete");
    const auto before = w.everything(w.who.user_id);
    w.clock.advance(1h);
    CHECK(w.act(id, "complete") == once);
    CHECK(w.patch(id, R"({"status":"completed"})") == once);
    CHECK(w.everything(w.who.user_id) == before);
    w.check_counters();
    const auto open = w.act(id, "reopen");
    CHECK(open.at("completed_at").is_null());
    const auto reopened = w.everything(w.who.user_id);
    CHECK(w.act(id, "reopen") == open);
    CHECK(w.everything(w.who.user_id) == reopened);
    w.check_counters();
}

TEST_CASE("a bell that passed while the task was completed or deleted does not ring afterwards") {
    World w(any_backend());
    const auto plain = id_of(w.create(R"({"title":"t","due_date":"2027-01-10T11:00:00Z"})"));
    const auto explicit_one =
        id_of(w.create(R"({"title":"t","due_date":"2027-01-10T12:00:00Z","reminder_at":"2027-01-10T11:00:00Z"})"));
    w.act(plain, "complete");
    w.send(Method::del, path_of(explicit_one));
    w.clock.advance(90min);
    w.act(plain, "reopen");
    w.act(explicit_one, "restore");
    CHECK_FALSE(w.stored(plain).bell_at);
    CHECK(w.stored(explicit_one).bell_silent);
}

TEST_CASE("delete and restore: the same id, all of it, for 30 days") {
    World w(any_backend());
    const auto todo =
        w.create(R"({"title":"t","description":"findme","tags":["a","b"],"due_date":"2027-02-01T10:00:00Z"})");
    const auto id = id_of(todo);
    CHECK(w.act(id, "restore") == todo);  // not deleted: nothing happens
    CHECK(w.events().size() == 1);
    CHECK(w.send(Method::del, path_of(id)).status == 204);
    CHECK(w.events().back().data == bj::parse("{\"taskId\":" + std::to_string(id) + ",\"userId\":\"" + w.who.user_id +
                                              "\",\"deletedAt\":1799575200,\"todo\":null}"));
    w.check_counters();
    for (const auto& response :
         {w.send(Method::get, path_of(id)), w.send(Method::del, path_of(id)),
          w.send(Method::patch, path_of(id), R"({"title":"x"})"), w.send(Method::post, path_of(id) + "/complete")}) {
        CHECK(response.status == 404);
    }
    CHECK(w.get("/api/todos").at("total") == 0);
    CHECK(w.get("/api/todos?search=findme").at("total") == 0);
    w.clock.advance(24h * 30);
    const auto restored = w.act(id, "restore");
    CHECK(w.last_type() == "task.restored");
    CHECK(w.events().back().data.at("todo") == bj::value(restored));
    CHECK(string_of(restored, "tags") == R"(["a","b"])");
    CHECK(restored.at("version") == 3);
    CHECK(w.get("/api/todos?search=findme").at("total") == 1);
    CHECK(w.get("/api/todos?tag=A").at("total") == 1);
    w.check_counters();
    w.send(Method::del, path_of(id));
    w.clock.advance(24h * 30 + 1us);
    CHECK(w.send(Method::post, path_of(id) + "/restore").status == 404);
}

TEST_CASE("If-Match: 412 unless it names the current version, and nothing changes") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t"})"));
    w.patch(id, R"({"title":"u"})");
    const auto before = w.everything(w.who.user_id);
    const auto try_with = [&](const std::string& tag) {
        return w.send(Method::patch, path_of(id), R"({"title":"v"})", {{"If-Match", tag}}).status;
    };
    for (const std::string tag : {"\"1\"", "W/\"2\"", "2", "\"x\"", "\"\"", "\"1\", \"3\""}) {
        INFO(tag);
        CHECK(try_with(tag) == 412);
        CHECK(w.send(Method::del, path_of(id), {}, {{"If-Match", tag}}).status == 412);
        CHECK(w.send(Method::put, path_of(id), R"({"title":"v"})", {{"If-Match", tag}}).status == 412);
        for (const std::string verb : {"complete", "reopen", "skip"})
            CHECK(w.send(Method::post, path_of(id) + "/" + verb, {}, {{"If-Match", tag}}).status == 412);
    }
    CHECK(w.everything(w.who.user_id) == before);
    CHECK(try_with("\"2\"") == 200);
    CHECK(try_with("\"2\"") == 412);
    CHECK(try_with("\"9\", \"3\"") == 200);
    CHECK(try_with("*") == 200);
    CHECK(w.send(Method::patch, path_of(99999), R"({"title":"v"})", {{"If-Match", "\"1\""}}).status == 404);
}

TEST_CASE("snooze goes past the due date, and a later change of something else does not undo it") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","due_date":"2027-01-10T11:00:00Z","remind":false})"));
    const auto response = w.send(Method::post, path_of(id) + "/snooze", R"({"until":"2027-01-10T12:00:00Z"})");
    REQUIRE(response.status == 200);
    const auto todo = object_of(response);
    CHECK(string_of(todo, "reminder_at") == "2027-01-10T12:00:00Z");
    CHECK(string_of(todo, "due_date") == "2027-01-10T11:00:00Z");
    CHECK(todo.at("remind") == true);
    CHECK(w.last_type() == "task.updated");
    CHECK(w.stored(id).bell_at == parse_rfc3339("2027-01-10T12:00:00Z"));
    CHECK(w.send(Method::patch, path_of(id), R"({"title":"u"})").status == 200);
    auto put = w.get(path_of(id));
    put["title"] = "v";
    CHECK(w.send(Method::put, path_of(id), bj::serialize(put)).status == 200);
    w.act(id, "complete");
    CHECK(w.send(Method::post, path_of(id) + "/snooze", R"({"until":"2027-01-10T13:00:00Z"})").status == 409);
}

TEST_CASE("revert sets every writable field of an earlier state, as one event") {
    World w(any_backend());
    const auto first = w.create(
        R"({"title":"t","tags":["a"],"due_date":"2027-01-10T11:00:00Z","reminder_at":"2027-01-10T10:30:00Z"})");
    const auto id = id_of(first);
    const auto state = w.stored(id);
    w.patch(id, R"({"title":"u","tags":["b"],"due_date":null,"status":"completed"})");
    w.clock.advance(2h);
    auto revert = [&](const Todo& to) {
        auto work = [&](db::Transaction& tx) { return w.tasks->revert_in(tx, w.who, id, to); };
        return w.database->write_now(work);
    };
    const auto n = w.events().size();
    const auto back = revert(state);
    REQUIRE(back.has_value());
    CHECK(w.events().size() == n + 1);
    CHECK(w.last_type() == "task.updated");
    CHECK(back->title == "t");
    CHECK(back->tags == std::vector<std::string>{"a"});
    CHECK(back->status == Status::active);
    CHECK(back->reminder_at == state.reminder_at);
    CHECK(back->bell_silent);
    CHECK(revert(state)->version == back->version);  // nothing changed
    w.check_counters();
    w.send(Method::del, path_of(id));
    CHECK(revert(state).has_value());
    CHECK(w.last_type() == "task.restored");
    CHECK(w.get(path_of(id)).at("title") == "t");
    auto done = state;
    done.status = Status::completed;
    done.completed_at = w.clock.now();
    CHECK(revert(done)->status == Status::completed);
    CHECK(w.last_type() == "task.completed");
    w.check_counters();
}

TEST_CASE("an Idempotency-Key makes a repeated call one change") {
    World w(any_backend());
    const std::vector<http::Header> key = {{"Idempotency-Key", "k-1"}};
    const auto first = w.send(Method::post, "/api/todos", R"({"title":"t"})", key);
    const auto second = w.send(Method::post, "/api/todos", R"({"title":"t"})", key);
    CHECK(first.status == 201);
    CHECK(second.status == 201);
    CHECK(first.body == second.body);
    CHECK(w.get("/api/todos").at("total") == 1);
    CHECK(w.send(Method::post, "/api/todos", R"({"title":"u"})", key).status == 422);
}

TEST_CASE("a deleted account leaves nothing behind") {
    World w(any_backend());
    w.create(R"({"title":"word","tags":["a"],"due_date":"2027-02-01T10:00:00Z","recurrence":{"rule":"daily"}})");
    auto erase = [&](db::Transaction& tx) -> Result<void> {
        w.identity.erase(tx, w.who.user_id);
        return {};
    };
    REQUIRE(w.database->write_now(erase).has_value());
    CHECK(w.get("/api/todos").at("total") == 0);
    CHECK(w.get("/api/todos?search=word").at("total") == 0);
    CHECK(w.get("/api/tags").at("items").as_array().empty());
    w.check_counters();
}
