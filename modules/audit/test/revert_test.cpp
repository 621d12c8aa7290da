#include "world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::audit::test;
using carillon::test::name_of;

namespace {

std::string entry(std::int64_t id, const std::string& verb) { return "/api/audit/" + std::to_string(id) + "/" + verb; }

/// Without what every change counts up.
bj::object content(bj::object todo) {
    todo.erase("updated_at");
    todo.erase("version");
    return todo;
}

}  // namespace

TEST_CASE("the state after any entry can be rebuilt", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto created = world.change(Method::post, "/api/todos",
                                      R"({"title":"one","tags":["a","b"],"due_date":"2027-03-01T08:00:00Z"})");
    const auto target = "/api/todos/" + std::to_string(created.at("id").as_int64());
    world.change(Method::post, "/api/todos", R"({"title":"another task in between"})");
    const auto changed = world.change(Method::patch, target, R"({"title":"two","tags":["b"],"due_date":null})");
    const auto completed = world.change(Method::post, target + "/complete");
    world.change(Method::del, target);
    const auto restored = world.change(Method::post, target + "/restore");
    world.wait_for_log();
    const auto state = [&](std::int64_t id) { return world.change(Method::get, entry(id, "state")).at("todo"); };
    CHECK(state(1) == created);
    CHECK(state(3) == changed);
    CHECK(state(4) == completed);
    CHECK(state(5).is_null());
    CHECK(state(6) == restored);
}

TEST_CASE("a reminder's entry shows the task as it was then", "[audit]") {
    World world(Backend::sqlite);
    const auto created = world.change(Method::post, "/api/todos", R"({"title":"one"})");
    const auto id = created.at("id").as_int64();
    const auto rung = world.database->write_now([&](db::Transaction& tx) -> Result<bool> {
        REQUIRE(world.relay->outbox().lock_user(tx, world.who.user_id));
        world.relay->outbox().add(tx, world.who, "reminder.triggered", id, R"({"taskId":1,"title":"one"})");
        return true;
    });
    REQUIRE(rung.has_value());
    const auto changed = world.change(Method::patch, "/api/todos/" + std::to_string(id), R"({"title":"two"})");
    world.wait_for_log();
    CHECK(world.change(Method::get, entry(2, "state")).at("todo") == created);
    CHECK(world.change(Method::get, entry(3, "state")).at("todo") == changed);
    CHECK(content(world.change(Method::post, entry(3, "revert"))) == content(created));
    world.wait_for_log();
    CHECK(world.log()[0].at("event_type") == "task.updated");
}

TEST_CASE("a revert sets the task back to what it was before an entry, as a new event", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto created = world.change(Method::post, "/api/todos", R"({"title":"one","tags":["a"],"priority":"high"})");
    const auto target = "/api/todos/" + std::to_string(created.at("id").as_int64());
    const auto second = world.change(Method::patch, target, R"({"title":"two","tags":[],"description":"more"})");
    world.change(Method::patch, target, R"({"title":"three"})");
    world.wait_for_log();
    const auto response = world.send(Method::post, entry(3, "revert"));
    REQUIRE(response.status == 200);
    const auto reverted = bj::parse(response.body).as_object();
    CHECK(content(reverted) == content(second));
    REQUIRE(response.headers.size() == 1);
    CHECK(response.headers[0].name == "ETag");
    CHECK(world.change(Method::get, target) == reverted);
    CHECK(content(world.change(Method::post, entry(2, "revert"))) == content(created));
    auto log = world.log();
    REQUIRE(log.size() == 5);
    CHECK(log[0].at("event_type") == "task.updated");
    CHECK(log[0].at("payload").at("todo") == world.change(Method::get, target));

    world.change(Method::del, target);
    world.wait_for_log();
    CHECK(content(world.change(Method::post, entry(6, "revert"))) == content(created));  // undoes the delete
    CHECK(world.log()[0].at("event_type") == "task.restored");
}

TEST_CASE("what cannot be reverted says why and changes nothing", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto created = world.change(Method::post, "/api/todos", R"({"title":"one"})");
    const auto target = "/api/todos/" + std::to_string(created.at("id").as_int64());
    world.change(Method::del, target);
    world.change(Method::post, target + "/restore");
    world.wait_for_log();
    const auto creation = world.send(Method::post, entry(1, "revert"));
    CHECK(creation.status == 409);
    CHECK_THAT(creation.body, Catch::Contains("no task before"));
    const auto restoration = world.send(Method::post, entry(3, "revert"));
    CHECK(restoration.status == 409);
    CHECK_THAT(restoration.body, Catch::Contains("deleted before"));
    for (const char* id : {"0", "-1", "99", "x", "99999999999999999999"}) {
        CHECK(world.send(Method::post, "/api/audit/" + std::string(id) + "/revert").status == 404);
        CHECK(world.send(Method::get, "/api/audit/" + std::string(id) + "/state").status == 404);
    }
    for (const char* verb : {"revert", "state"}) {
        const auto method = std::string(verb) == "revert" ? Method::post : Method::get;
        CHECK(world.send_as(world.other, method, entry(2, verb)).status == 404);
    }
    CHECK(world.send(Method::post, entry(2, "revert") + "?x=1").status == 422);
    CHECK(world.send(Method::post, entry(2, "revert"), R"({"x":1})").status == 422);
    CHECK(world.send(Method::post, entry(2, "revert"), "nonsense").status == 400);
    CHECK(world.log().size() == 3);
}

TEST_CASE("a repeated revert with the same key is one event", "[audit]") {
    World world(Backend::sqlite);
    const auto created = world.change(Method::post, "/api/todos", R"({"title":"one"})");
    const auto target = "/api/todos/" + std::to_string(created.at("id").as_int64());
    world.change(Method::patch, target, R"({"title":"two"})");
    world.wait_for_log();
    const std::vector<http::Header> key{{"Idempotency-Key", "once"}};
    const auto first = world.send(Method::post, entry(2, "revert"), {}, key);
    const auto second = world.send(Method::post, entry(2, "revert"), {}, key);
    REQUIRE(first.status == 200);
    CHECK(second.body == first.body);
    CHECK(world.log().size() == 3);
}
