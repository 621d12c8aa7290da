// Refused input changes nothing and says why (DESIGN 2.8): every field of a task's body by table, in POST, PUT and
// PATCH.
#include "world.hpp"

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

namespace {

struct Bad {
    std::string field, value;
    std::string wrong = {};  ///< field named, where it is not `field`
};

std::string repeated(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

std::vector<Bad> bad_values() {
    std::vector<Bad> bad;
    const auto add = [&bad](const std::string& field, std::vector<std::string> values) {
        for (auto& value : values) bad.push_back({field, std::move(value)});
    };
    const std::vector<std::string> not_text = {"1", "true", "[]", "{}", "1000000000000", "-1", "1.5"};
    add("title",
        {"null", "\"\"", "\"   \"", "\"\\u00a0\\u2003\"", "\"a\\u0000b\"", "\"a\\u0007\"", "\"a\\nb\"", "\"a\\u007f\"",
         "\"a\\u0085b\"", "\"a\\uffffb\"", "\"" + std::string(201, 'x') + "\"", "\"" + repeated("ж", 201) + "\""});
    add("title", not_text);
    add("description", not_text);
    add("description", {"\"a\\u0000\"", "\"a\\u001b\"", "\"" + std::string(10'001, 'x') + "\""});
    add("priority", {"null", "\"\"", "\"urgent\"", "\"High\"", "3", "true", "[]"});
    for (const std::string field : {"due_date", "reminder_at"}) {
        add(field, {"\"\"", "\" \"", "\"tomorrow\"", "1", "-1", "1000000000000", "true", "[]", "{}", "\"2027-02-01\"",
                    "\"2027-02-01T10:00:00\"", "\"2027-02-30T10:00:00Z\"", "\"0000-01-01T00:00:00Z\"",
                    "\"10000-01-01T00:00:00Z\"", "\"2027-02-01T25:00:00Z\"", "\"2027-02-01T10:00:00Z\\u0000\""});
    }
    add("all_day", {"null", "1", "\"true\"", "[]", "{}"});
    add("remind", {"null", "0", "\"false\"", "[]", "{}"});
    add("recurrence", {"1", "\"daily\"", "true", "[]"});
    bad.push_back({"recurrence", R"({"rule":"hourly"})", "recurrence.rule"});
    bad.push_back({"recurrence", R"({"rule":"daily","interval":0})", "recurrence.interval"});
    bad.push_back({"recurrence", R"({"rule":"daily","colour":1})", "recurrence.colour"});
    add("tags", {"null", "1", "\"a\"", "{}", "true"});
    bad.push_back({"tags", R"(["a",1])", "tags.1"});
    bad.push_back({"tags", R"([""])", "tags.0"});
    bad.push_back({"tags", R"(["  "])", "tags.0"});
    bad.push_back({"tags", R"(["a b"])", "tags.0"});
    bad.push_back({"tags", R"(["a\u0000"])", "tags.0"});
    bad.push_back({"tags", R"(["-"])", "tags.0"});
    bad.push_back({"tags", R"([null])", "tags.0"});
    bad.push_back({"tags", "[\"" + std::string(51, 'x') + "\"]", "tags.0"});
    bad.push_back({"tags", R"(["a","b","c","d","e","f","g","h","i","j","k"])", "tags"});
    add("colour", {"1", "null"});
    return bad;
}

}  // namespace

TEST_CASE("bad values of every field are refused by POST, PUT and PATCH, and nothing is stored") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","due_date":"2027-03-01T10:00:00Z","tags":["kept"]})"));
    const auto before = w.everything(w.who.user_id);
    const auto path = "/api/todos/" + std::to_string(id);
    for (const auto& bad : bad_values()) {
        const auto wrong = bad.wrong.empty() ? bad.field : bad.wrong;
        const auto pair = "\"" + bad.field + "\":" + bad.value;
        const auto due =
            bad.field == "recurrence" ? std::string(R"("due_date":"2027-03-01T10:00:00Z",)") : std::string();
        const auto whole = bad.field == "title" ? "{" + pair + "}" : "{\"title\":\"t\"," + due + pair + "}";
        INFO(pair.substr(0, 120));
        for (const auto& response : {w.send(Method::post, "/api/todos", whole), w.send(Method::put, path, whole),
                                     w.send(Method::patch, path, "{" + pair + "}")}) {
            CHECK(response.status == 422);
            CHECK(response.content_type == "application/problem+json");
            CHECK(wrong_fields(response) == wrong);
        }
    }
    CHECK(w.everything(w.who.user_id) == before);
}

TEST_CASE("read-only fields: refused by POST and PATCH, ignored by PUT") {
    World w(any_backend());
    const auto todo = w.create(R"({"title":"t"})");
    const auto path = "/api/todos/" + std::to_string(id_of(todo));
    const auto before = w.everything(w.who.user_id);
    for (const std::string field : {"id", "created_at", "updated_at", "completed_at", "version", "parent_task_id"}) {
        const auto pair = "\"" + field + "\":7";
        CHECK(wrong_fields(w.send(Method::post, "/api/todos", "{\"title\":\"t\"," + pair + "}")) == field);
        CHECK(wrong_fields(w.send(Method::patch, path, "{" + pair + "}")) == field);
    }
    CHECK(wrong_fields(w.send(Method::post, "/api/todos", R"({"title":"t","status":"active"})")) == "status");
    CHECK(wrong_fields(w.send(Method::patch, path, R"({"status":"done"})")) == "status");
    CHECK(wrong_fields(w.send(Method::patch, path, R"({"status":null})")) == "status");
    // What GET gave, sent back: nothing changes, no event.
    const auto put = w.send(Method::put, path, bj::serialize(todo));
    CHECK(put.status == 200);
    CHECK(object_of(put) == todo);
    CHECK(w.everything(w.who.user_id) == before);
    auto completed = todo;
    completed["status"] = "completed";
    CHECK(object_of(w.send(Method::put, path, bj::serialize(completed))).at("status") == "active");
}

TEST_CASE("all wrong fields are named at once") {
    World w(any_backend());
    const auto response = w.send(
        Method::post, "/api/todos",
        R"({"title":"","priority":1,"due_date":"x","tags":["a b","ok",2],"recurrence":{"rule":"x","interval":0},"nope":1})");
    CHECK(response.status == 422);
    CHECK(wrong_fields(response) == "due_date nope priority recurrence.interval recurrence.rule tags.0 tags.2 title");
    CHECK(wrong_fields(w.send(Method::post, "/api/todos", "{}")) == "title");
    CHECK(w.events().empty());
}

TEST_CASE("bodies that are no JSON object, or of another type") {
    World w(any_backend());
    const auto status = [&](const std::string& body) { return w.send(Method::post, "/api/todos", body).status; };
    CHECK(status("{\"title\":") == 400);
    CHECK(status("[]") == 422);
    CHECK(status("\"x\"") == 422);
    CHECK(status(R"({"title":"a","title":"b"})") == 422);
    CHECK(status(R"({"title":"\ud800"})") == 400);
    CHECK(status("{\"title\":\"\xff\"}") == 400);
    CHECK(status(repeated("[", 10'000)) == 400);
    CHECK(w.send(Method::post, "/api/todos").status == 400);
    CHECK(w.events().empty());
}

TEST_CASE("fields that contradict each other") {
    World w(any_backend());
    const auto wrong = [&](const std::string& body) {
        return wrong_fields(w.send(Method::post, "/api/todos", "{\"title\":\"t\"," + body + "}"));
    };
    CHECK(wrong(R"("due_date":"2027-03-01T10:00:00Z","reminder_at":"2027-03-01T10:00:01Z")") == "reminder_at");
    CHECK(wrong(R"("recurrence":{"rule":"daily"})") == "recurrence");
    CHECK(wrong(R"("due_date":"9999-12-31T23:59:30Z","all_day":true,"reminder_at":"9999-12-31T23:59:30Z")") ==
          "reminder_at");
    w.identity.settings.timezone = "America/New_York";
    CHECK(wrong(R"("due_date":"9999-12-31T23:59:30Z","all_day":true)") == "due_date");
    w.identity.settings.timezone = "Pacific/Kiritimati";
    CHECK(wrong(R"("due_date":"0001-01-01T00:00:00Z","all_day":true)") == "");
}

TEST_CASE("ids, bodies and parameters of the other calls") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t","due_date":"2027-03-01T10:00:00Z"})"));
    const auto path = "/api/todos/" + std::to_string(id);
    const auto before = w.everything(w.who.user_id);
    for (const std::string wrong : {"0", "-1", "abc", "1e3", "1.0", "9223372036854775808", "%20", "+1", "999999"}) {
        INFO(wrong);
        CHECK(w.send(Method::get, "/api/todos/" + wrong).status == 404);
        CHECK(w.send(Method::patch, "/api/todos/" + wrong, R"({"title":"x"})").status == 404);
        CHECK(w.send(Method::del, "/api/todos/" + wrong).status == 404);
        for (const std::string verb : {"complete", "reopen", "skip", "restore"})
            CHECK(w.send(Method::post, "/api/todos/" + wrong + "/" + verb).status == 404);
    }
    for (const std::string verb : {"complete", "reopen", "skip", "restore"}) {
        CHECK(w.send(Method::post, path + "/" + verb + "?x=1").status == 422);
        CHECK(w.send(Method::post, path + "/" + verb, R"({"x":1})").status == 422);
        CHECK(w.send(Method::post, path + "/" + verb, "nope").status == 400);
    }
    for (const std::string value :
         {"null", "1", "\"\"", "\"tomorrow\"", "\"2027-02-01T10:00:00\"", "\"2027-01-10T10:00:00Z\"",
          "\"2000-01-01T00:00:00Z\"", "\"10000-01-01T00:00:00Z\""}) {
        INFO(value);
        const auto response = w.send(Method::post, path + "/snooze", "{\"until\":" + value + "}");
        CHECK(response.status == 422);
        CHECK(wrong_fields(response) == "until");
    }
    CHECK(wrong_fields(w.send(Method::post, path + "/snooze", "{}")) == "until");
    for (const std::string query : {"?status=done",
                                    "?status=",
                                    "?priority=1",
                                    "?tag=",
                                    "?tag=a%20b",
                                    "?due_before=2027-01-01",
                                    "?due_after=x",
                                    "?search=",
                                    "?search=%20",
                                    "?search=%00",
                                    "?search=%FF",
                                    "?sort=name",
                                    "?order=up",
                                    "?page=0",
                                    "?page=-1",
                                    "?page=1000000000000",
                                    "?page=x",
                                    "?limit=0",
                                    "?limit=101",
                                    "?limit=1.5",
                                    "?cursor=",
                                    "?cursor=nope",
                                    "?colour=1",
                                    "?limit=1&limit=2",
                                    "?status=all&status=all"}) {
        INFO(query);
        CHECK(w.send(Method::get, "/api/todos" + query).status == 422);
    }
    CHECK(wrong_fields(w.send(Method::get, "/api/todos?page=0&limit=0&nope=1")) == "limit nope page");
    CHECK(w.send(Method::get, path + "?x=1").status == 422);
    CHECK(w.send(Method::get, path + "/occurrences?limit=0").status == 422);
    CHECK(w.send(Method::get, path + "/occurrences?limit=101").status == 422);
    CHECK(wrong_fields(w.send(Method::post, "/api/recurrence/preview", "{}")) == "due_date recurrence");
    CHECK(wrong_fields(w.send(Method::post, "/api/recurrence/preview",
                              R"({"due_date":1,"recurrence":{"rule":"x"},"limit":0,"all_day":2,"y":1})")) ==
          "all_day due_date limit recurrence.rule y");
    CHECK(w.everything(w.who.user_id) == before);
}
