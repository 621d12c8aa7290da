// Tags through tasks: rename, merge and removal reach every task (DESIGN 4 and 5).
#include "world.hpp"

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

namespace {

std::int64_t tag_id(World& w, const std::string& name) {
    const auto list = w.get("/api/tags");
    for (const auto& tag : list.at("items").as_array()) {
        if (string_of(tag.as_object(), "name") == name) return tag.as_object().at("id").as_int64();
    }
    FAIL("no tag " + name);
    return 0;
}

std::string tags_of(World& w) {
    std::string out;
    const auto list = w.get("/api/tags");
    for (const auto& tag : list.at("items").as_array()) {
        const auto& t = tag.as_object();
        out += std::string(t.at("name").as_string()) + ":" + std::to_string(t.at("active").as_int64()) + "/" +
               std::to_string(t.at("completed").as_int64()) + " ";
        CHECK(t.at("total").as_int64() == t.at("active").as_int64() + t.at("completed").as_int64());
    }
    return out;
}

std::string names_of(World& w, std::int64_t id) { return string_of(w.get("/api/todos/" + std::to_string(id)), "tags"); }

}  // namespace

TEST_CASE("a tag is spelled as it was first, counted, and stays listed when unused") {
    World w(any_backend());
    const auto one = id_of(w.create(R"({"title":"t","tags":["Home","über"]})"));
    const auto two = id_of(w.create(R"({"title":"t","tags":["HOME","ÜBER"]})"));
    CHECK(names_of(w, two) == R"(["Home","über"])");
    w.act(two, "complete");
    CHECK(tags_of(w) == "Home:1/1 über:1/1 ");
    w.patch(one, R"({"tags":[]})");
    w.send(Method::del, "/api/todos/" + std::to_string(two));
    CHECK(tags_of(w) == "Home:0/0 über:0/0 ");
    w.check_counters();
}

TEST_CASE("rename: the same tag, one task.updated for each task") {
    World w(any_backend());
    const auto one = id_of(w.create(R"({"title":"t","tags":["a","home"]})"));
    const auto two = id_of(w.create(R"({"title":"t","tags":["home"]})"));
    w.create(R"({"title":"t","tags":["a"]})");
    const auto id = tag_id(w, "home");
    const auto n = w.events().size();
    const auto response = w.send(Method::patch, "/api/tags/" + std::to_string(id), R"({"name":"house"})");
    REQUIRE(response.status == 200);
    CHECK(object_of(response) ==
          bj::parse("{\"id\":" + std::to_string(id) + R"(,"name":"house","active":2,"completed":0,"total":2})"));
    CHECK(names_of(w, one) == R"(["a","house"])");
    CHECK(names_of(w, two) == R"(["house"])");
    const auto events = w.events();
    REQUIRE(events.size() == n + 2);
    CHECK(events.back().type == "task.updated");
    CHECK(events.back().data.at("changes") == bj::parse(R"({"tags":{"old":["home"],"new":["house"]}})"));
    CHECK(w.get("/api/todos?tag=house").at("total") == 2);
    CHECK(w.get("/api/todos?tag=home").at("total") == 0);
    CHECK(w.get("/api/todos?search=house").at("total") == 2);
    CHECK(w.get("/api/todos?search=home").at("total") == 0);
    w.send(Method::patch, "/api/tags/" + std::to_string(id), R"({"name":"HOUSE"})");
    CHECK(names_of(w, two) == R"(["HOUSE"])");
    const auto before = w.everything(w.who.user_id);
    w.send(Method::patch, "/api/tags/" + std::to_string(id), R"({"name":"HOUSE"})");
    CHECK(w.everything(w.who.user_id) == before);
    w.check_counters();
}

TEST_CASE("rename to the name of another merges; delete takes it off every task") {
    World w(any_backend());
    const auto both = id_of(w.create(R"({"title":"t","tags":["x","home","house"]})"));
    const auto one = id_of(w.create(R"({"title":"t","tags":["house"]})"));
    w.act(one, "complete");
    const auto home = tag_id(w, "home");
    const auto response =
        w.send(Method::patch, "/api/tags/" + std::to_string(tag_id(w, "house")), R"({"name":"HOME"})");
    REQUIRE(response.status == 200);
    CHECK(object_of(response).at("id") == home);
    CHECK(names_of(w, both) == R"(["x","home"])");
    CHECK(names_of(w, one) == R"(["home"])");
    CHECK(tags_of(w) == "home:1/1 x:1/0 ");
    w.check_counters();
    CHECK(w.send(Method::del, "/api/tags/" + std::to_string(home)).status == 204);
    CHECK(names_of(w, both) == R"(["x"])");
    CHECK(tags_of(w) == "x:1/0 ");
    CHECK(w.send(Method::del, "/api/tags/" + std::to_string(home)).status == 404);
    w.check_counters();
}

TEST_CASE("more tasks than are read at once are all renamed") {
    World w(any_backend());
    auto add = [&](db::Transaction& tx) -> Result<void> {
        NewTask task;
        task.title = "t";
        task.tags = {"old"};
        for (int i = 0; i < 401; ++i) {
            if (auto made = w.tasks->create_in(tx, w.who, task); !made) return made.error();
        }
        return {};
    };
    REQUIRE(w.database->write_now(add).has_value());
    w.send(Method::patch, "/api/tags/" + std::to_string(tag_id(w, "old")), R"({"name":"new"})");
    CHECK(w.get("/api/todos?tag=new").at("total") == 401);
    CHECK(w.get("/api/todos?search=new").at("total") == 401);
    CHECK(w.events().size() == 802);
    w.check_counters();
}
