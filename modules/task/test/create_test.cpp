// POST /api/todos: fields, defaults, and the bell (DESIGN 4).
#include "world.hpp"

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

TEST_CASE("a new task has the documented defaults and is what GET answers, byte for byte") {
    World w(any_backend());
    const auto response = w.send(Method::post, "/api/todos", R"({"title":"  Water the fern "})");
    REQUIRE(response.status == 201);
    const auto todo = object_of(response);
    const auto id = id_of(todo);
    CHECK(
        response.body ==
        "{\"id\":" + std::to_string(id) +
            R"(,"title":"Water the fern","description":null,"status":"active","priority":"medium","due_date":null,)"
            R"("all_day":false,"reminder_at":null,"remind":true,"recurrence":null,"tags":[],"parent_task_id":null,)"
            R"("created_at":"2027-01-10T10:00:00Z","updated_at":"2027-01-10T10:00:00Z","completed_at":null,"version":1})");
    const auto read = w.send(Method::get, "/api/todos/" + std::to_string(id));
    CHECK(read.body == response.body);
    const auto header = [](const http::Response& r, std::string_view name) {
        for (const auto& h : r.headers) {
            if (h.name == name) return h.value;
        }
        return std::string();
    };
    CHECK(header(response, "ETag") == "\"1\"");
    CHECK(header(response, "Location") == "/api/todos/" + std::to_string(id));
    CHECK(header(read, "ETag") == "\"1\"");
    CHECK(w.send(Method::get, "/api/todos/" + std::to_string(id), {}, {{"If-None-Match", "\"1\""}}).status == 304);
    CHECK(w.send(Method::get, "/api/todos/" + std::to_string(id), {}, {{"If-None-Match", "\"2\""}}).status == 200);

    const auto events = w.events();
    REQUIRE(events.size() == 1);
    CHECK(events[0].type == "task.created");
    CHECK(events[0].text.find("\"todo\":" + response.body) != std::string::npos);
    CHECK(events[0].data.at("createdAt") == 1799575200);
}

TEST_CASE("every field is stored, and the event says it in its own terms") {
    World w(any_backend());
    const auto todo = w.create(
        R"({"title":"Rent","description":"first\nsecond","priority":"high","due_date":"2027-01-31T09:00:00+01:00",
        "reminder_at":"2027-01-30T18:00:00+01:00","recurrence":{"rule":"monthly","timezone":"Europe/Berlin"},"tags":["Home","money","HOME"]})");
    CHECK(string_of(todo, "due_date") == "2027-01-31T08:00:00Z");
    CHECK(string_of(todo, "reminder_at") == "2027-01-30T17:00:00Z");
    CHECK(string_of(todo, "tags") == R"(["Home","money"])");
    CHECK(todo.at("recurrence").as_object().at("rule") == "monthly");
    const auto data = w.events().at(0).data;
    CHECK(data.at("dueDate") == 1801382400);
    CHECK(data.at("recurrence") == bj::parse(R"({"rule":"monthly","interval":1,"endDate":null})"));
    CHECK(data.at("todo") == bj::value(todo));
    const auto stored = w.stored(id_of(todo));
    CHECK(stored.occurrence == 1);
    CHECK(stored.bell_at == parse_rfc3339("2027-01-30T17:00:00Z"));
}

TEST_CASE("due date, reminder and bell follow the rules") {
    World w(any_backend());
    w.identity.settings.timezone = "Europe/Berlin";
    struct Case {
        std::string body, due, reminder, bell;
        bool silent = false;
    };
    const auto c = GENERATE(values<Case>({
        {R"("due_date":"2027-01-20T08:00:00Z")", "2027-01-20T08:00:00Z", "null", "2027-01-20T08:00:00Z"},
        {R"("due_date":"2027-01-20T08:00:00Z","remind":false)", "2027-01-20T08:00:00Z", "null", ""},
        {R"("due_date":"2027-01-20T08:00:00Z","reminder_at":"2027-01-19T08:00:00Z")", "2027-01-20T08:00:00Z",
         "2027-01-19T08:00:00Z", "2027-01-19T08:00:00Z"},
        {R"("reminder_at":"2027-01-19T08:00:00Z")", "2027-01-19T08:00:00Z", "2027-01-19T08:00:00Z",
         "2027-01-19T08:00:00Z"},
        {R"("due_date":"2027-01-20T08:00:00Z","all_day":true)", "2027-01-20T22:59:00Z", "null", "2027-01-20T08:00:00Z"},
        {R"("due_date":"2027-01-19T23:30:00Z","all_day":true)", "2027-01-20T22:59:00Z", "null", "2027-01-20T08:00:00Z"},
        {R"("due_date":"2027-01-09T08:00:00Z")", "2027-01-09T08:00:00Z", "null", ""},
        {R"("due_date":"2027-01-10T10:00:00Z")", "2027-01-10T10:00:00Z", "null", "2027-01-10T10:00:00Z"},
        {R"("all_day":true)", "null", "null", ""},
    }));
    INFO(c.body);
    const auto todo = w.create("{\"title\":\"t\"," + c.body + "}");
    CHECK(string_of(todo, "due_date") == c.due);
    CHECK(string_of(todo, "reminder_at") == c.reminder);
    const auto stored = w.stored(id_of(todo));
    CHECK((stored.bell_at ? format_rfc3339(*stored.bell_at) : "") == c.bell);
    CHECK(stored.bell_silent == c.silent);
}

TEST_CASE("a past reminder is refused when new, taken silently from an import or a queue") {
    World w(any_backend());
    const std::string body = R"({"title":"t","due_date":"2027-01-20T08:00:00Z","reminder_at":"2027-01-10T09:00:00Z"})";
    const auto refused = w.send(Method::post, "/api/todos", body);
    CHECK(refused.status == 422);
    CHECK(wrong_fields(refused) == "reminder_at");
    CHECK(w.events().empty());

    auto queued = w.who;
    queued.queued_at = parse_rfc3339("2027-01-10T08:00:00Z");
    const auto taken = w.send_as(queued, Method::post, "/api/todos", body);
    REQUIRE(taken.status == 201);
    CHECK(w.stored(id_of(object_of(taken))).bell_silent);
    queued.queued_at = parse_rfc3339("2027-01-10T09:30:00Z");
    CHECK(w.send_as(queued, Method::post, "/api/todos", body).status == 422);

    NewTask import;
    import.title = "imported";
    import.reminder_at = parse_rfc3339("2020-01-01T00:00:00Z");
    Origin origin;
    origin.accept_past_reminder = true;
    origin.import_key = "uid-1";
    auto add = [&](db::Transaction& tx) { return w.tasks->create_in(tx, w.who, import, origin); };
    const auto first = w.database->write_now(add);
    REQUIRE(first.has_value());
    CHECK(first->bell_silent);
    const auto second = w.database->write_now(add);
    REQUIRE(second.has_error());
    CHECK(second.error().code == Errc::conflict);
}

TEST_CASE("an occurrence exists once") {
    World w(any_backend());
    const auto todo =
        w.stored(id_of(w.create(R"({"title":"t","due_date":"2027-01-20T08:00:00Z","recurrence":{"rule":"daily"}})")));
    NewTask next;
    next.title = "t";
    next.recurrence = todo.recurrence;
    next.due_date = parse_rfc3339("2027-01-21T08:00:00Z");
    Origin origin;
    origin.series_id = todo.series_id;
    origin.occurrence = 2;
    origin.parent_task_id = todo.id;
    auto add = [&](db::Transaction& tx) { return w.tasks->create_in(tx, w.who, next, origin); };
    const auto second = w.database->write_now(add);
    REQUIRE(second.has_value());
    CHECK(second->parent_task_id == todo.id);
    CHECK(second->series_id == todo.series_id);
    const auto again = w.database->write_now(add);
    REQUIRE(again.has_error());
    CHECK(again.error().code == Errc::conflict);
    auto latest = [&](db::Session& s) -> Result<Todo> {
        return *w.tasks->latest_occurrence_in(s, w.who.user_id, *todo.series_id);
    };
    CHECK(w.database->read_now(latest)->id == second->id);
    // Numbers are kept after deletion.
    REQUIRE(w.send(Method::del, "/api/todos/" + std::to_string(second->id)).status == 204);
    CHECK(w.database->write_now(add).has_error());
}
