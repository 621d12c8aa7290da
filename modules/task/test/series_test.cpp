// Series (DESIGN 7), as far as they are the task module's.
#include "world.hpp"

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

namespace {

std::string path_of(std::int64_t id) { return "/api/todos/" + std::to_string(id); }

SeriesRow series_of(World& w, const Todo& todo) {
    auto read = [&](db::Session& s) -> Result<SeriesRow> {
        return *w.tasks->series_in(s, w.who.user_id, *todo.series_id);
    };
    return *w.database->read_now(read);
}

std::string dates_of(World& w, std::int64_t id, const std::string& query = {}) {
    return bj::serialize(w.get(path_of(id) + "/occurrences" + query).at("items"));
}

}  // namespace

TEST_CASE("a recurring task starts a series; the 31st does not drift") {
    World w(any_backend());
    const auto id =
        id_of(w.create(R"({"title":"t","due_date":"2027-01-31T08:00:00Z","recurrence":{"rule":"monthly"}})"));
    const auto todo = w.stored(id);
    const auto row = series_of(w, todo);
    CHECK(row.first_task_id == id);
    CHECK(row.start == parse_rfc3339("2027-01-31T08:00:00Z"));
    CHECK_FALSE(row.ended);
    CHECK(dates_of(w, id, "?limit=3") == R"(["2027-02-28T08:00:00Z","2027-03-31T08:00:00Z","2027-04-30T08:00:00Z"])");
    CHECK(w.get(path_of(id) + "/occurrences").at("items").as_array().size() == 5);
    CHECK(dates_of(w, id_of(w.create(R"({"title":"once"})"))) == "[]");
}

TEST_CASE("skip moves the same task to the next occurrence, its reminder with it") {
    World w(any_backend());
    const auto id = id_of(w.create(
        R"({"title":"t","due_date":"2027-01-31T08:00:00Z","reminder_at":"2027-01-31T07:00:00Z","recurrence":{"rule":"monthly","count":3}})"));
    auto todo = w.act(id, "skip");
    CHECK(string_of(todo, "due_date") == "2027-02-28T08:00:00Z");
    CHECK(string_of(todo, "reminder_at") == "2027-02-28T07:00:00Z");
    CHECK(string_of(todo, "status") == "active");
    CHECK(w.stored(id).occurrence == 2);
    CHECK(w.last_type() == "task.updated");
    // From where its due date was moved to, still a step.
    w.patch(id, R"({"due_date":"2027-03-01T08:00:00Z"})");
    todo = w.act(id, "skip");
    CHECK(string_of(todo, "due_date") == "2027-03-31T08:00:00Z");
    CHECK(w.stored(id).occurrence == 3);
    CHECK(w.send(Method::post, path_of(id) + "/skip").status == 409);  // count reached
    CHECK(w.send(Method::post, path_of(id_of(w.create(R"({"title":"once"})"))) + "/skip").status == 409);
    w.act(id, "complete");
    CHECK(w.send(Method::post, path_of(id) + "/skip").status == 409);
}

TEST_CASE("an overdue task skips to the first occurrence after now") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","due_date":"2027-01-01T12:00:00Z","recurrence":{"rule":"daily"}})"));
    CHECK(string_of(w.act(id, "skip"), "due_date") == "2027-01-10T12:00:00Z");
    CHECK(w.stored(id).occurrence == 10);
}

TEST_CASE("changing due_date moves one occurrence, changing recurrence starts a new series, clearing ends it") {
    World w(any_backend());
    const auto id =
        id_of(w.create(R"({"title":"t","due_date":"2027-01-11T08:00:00Z","recurrence":{"rule":"weekly"}})"));
    const auto first = w.stored(id);
    w.patch(id, R"({"due_date":"2027-01-12T09:00:00Z"})");
    CHECK(w.stored(id).series_id == first.series_id);
    CHECK(dates_of(w, id, "?limit=1") == R"(["2027-01-18T08:00:00Z"])");

    w.patch(id, R"({"recurrence":{"rule":"daily"}})");
    const auto second = w.stored(id);
    CHECK(second.series_id != first.series_id);
    CHECK(second.occurrence == 1);
    CHECK(series_of(w, first).ended);
    CHECK(series_of(w, second).start == parse_rfc3339("2027-01-12T09:00:00Z"));
    CHECK(dates_of(w, id, "?limit=1") == R"(["2027-01-13T09:00:00Z"])");

    CHECK(wrong_fields(w.send(Method::patch, path_of(id), R"({"due_date":null})")) == "recurrence");
    w.patch(id, R"({"recurrence":null})");
    CHECK(series_of(w, second).ended);
    CHECK_FALSE(w.stored(id).series_id);
    CHECK(w.patch(id, R"({"due_date":null})").at("due_date").is_null());
}

TEST_CASE("deleting the active task ends the series, restoring it goes on with it") {
    World w(any_backend());
    const auto id =
        id_of(w.create(R"({"title":"t","due_date":"2027-01-11T08:00:00Z","recurrence":{"rule":"weekly"}})"));
    const auto todo = w.stored(id);
    w.send(Method::del, path_of(id));
    CHECK(series_of(w, todo).ended);
    w.act(id, "restore");
    CHECK_FALSE(series_of(w, todo).ended);
    // A completed one is history: deleting it ends nothing.
    w.act(id, "complete");
    w.send(Method::del, path_of(id));
    CHECK_FALSE(series_of(w, todo).ended);
}

TEST_CASE("a change of the user's zone alters future occurrences only, and keeps their wall-clock time") {
    World w(any_backend());
    w.identity.settings.timezone = "Europe/Berlin";
    const auto id =
        id_of(w.create(R"({"title":"t","due_date":"2027-01-11T09:00:00+01:00","recurrence":{"rule":"daily"}})"));
    const auto all_day = id_of(w.create(
        R"({"title":"t","due_date":"2027-01-11T09:00:00+01:00","all_day":true,"recurrence":{"rule":"daily"}})"));
    const auto fixed = id_of(w.create(
        R"({"title":"t","due_date":"2027-01-11T09:00:00+01:00","recurrence":{"rule":"daily","timezone":"Europe/Berlin"}})"));
    const auto before = w.get(path_of(id));
    w.identity.settings.timezone = "Asia/Tokyo";
    CHECK(w.get(path_of(id)) == before);
    CHECK(w.patch(all_day, R"({"title":"u"})").at("due_date") == "2027-01-11T22:59:00Z");
    CHECK(dates_of(w, id, "?limit=1") == R"(["2027-01-12T00:00:00Z"])");
    CHECK(dates_of(w, all_day, "?limit=1") == R"(["2027-01-12T14:59:00Z"])");
    CHECK(dates_of(w, fixed, "?limit=1") == R"(["2027-01-12T08:00:00Z"])");
}

TEST_CASE("preview shows the first due dates and stores nothing") {
    World w(any_backend());
    const auto preview = [&](const std::string& body) {
        return bj::serialize(object_of(w.send(Method::post, "/api/recurrence/preview", body)).at("items"));
    };
    CHECK(
        preview(
            R"({"due_date":"2027-01-31T09:00:00+01:00","recurrence":{"rule":"monthly","timezone":"Europe/Berlin"},"limit":3})") ==
        R"(["2027-01-31T08:00:00Z","2027-02-28T08:00:00Z","2027-03-31T07:00:00Z"])");
    CHECK(preview(R"({"due_date":"2027-01-31T09:00:00Z","all_day":true,"recurrence":{"rule":"daily","count":2}})") ==
          R"(["2027-01-31T23:59:00Z","2027-02-01T23:59:00Z"])");
    CHECK(w.everything(w.who.user_id) == "0");
}
