#include "world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::audit::test;
using carillon::test::name_of;

namespace {

constexpr const char* all_columns = "position, event_id, user_id, task_id, type, payload, created_at, sequence, actor";

/// The whole log as one text.
std::string snapshot(World& world) {
    return *world.database->read_now([](db::Session& session) -> Result<std::string> {
        std::string all;
        session.each<std::int64_t, std::string, std::string, std::optional<std::string>, std::int64_t>(
            "SELECT position, event_id, type, payload, created_at FROM task_events ORDER BY position", {},
            [&](std::int64_t position, std::string event, std::string type, std::optional<std::string> payload,
                std::int64_t created) {
                all +=
                    std::to_string(position) + event + type + payload.value_or("NULL") + std::to_string(created) + "\n";
            });
        return all;
    });
}

}  // namespace

TEST_CASE("the log cannot be changed by SQL", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    world.change(Method::post, "/api/todos", R"({"title":"one"})");
    world.change(Method::post, "/api/todos", R"({"title":"two"})");
    world.wait_for_log();
    const auto before = snapshot(world);
    const std::string copy = std::string("INSERT INTO task_events (") + all_columns + ") SELECT ";
    std::vector<std::string> attacks{
        "DELETE FROM task_events",
        "DELETE FROM task_events WHERE position = 2",
        "UPDATE task_events SET payload = '{}'",
        "UPDATE task_events SET payload = payload",
        "UPDATE task_events SET payload = NULL, actor = 'nobody'",
        "UPDATE task_events SET position = position + 10",
        "UPDATE task_events SET payload = NULL, position = 3 WHERE position = 2",
        "UPDATE task_events SET payload = NULL, event_id = 'x' WHERE position = 1",
        "UPDATE task_events SET user_id = 'x'",
        "UPDATE task_events SET task_id = 7",
        "UPDATE task_events SET type = 'x'",
        "UPDATE task_events SET created_at = 1",
        "UPDATE task_events SET sequence = 9",
        // At a position that is taken, that leaves a gap, or before the first one.
        copy +
            "1, 'evt-x', user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = 1",
        copy +
            "4, 'evt-x', user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = 1",
        copy +
            "0, 'evt-x', user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = 1",
        copy +
            "3, event_id, user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = "
            "1",
        copy +
            "1, 'evt-x', user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = 1 "
            "ON CONFLICT (position) DO UPDATE SET payload = '{}'",
        copy +
            "3, event_id, user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events WHERE position = "
            "1 "
            "ON CONFLICT (event_id) DO UPDATE SET payload = '{}'",
    };
    if (backend == Backend::sqlite) {
        for (std::string verb : {"REPLACE", "INSERT OR REPLACE"}) {
            attacks.push_back(verb + copy.substr(6) +
                              "1, 'evt-x', user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events "
                              "WHERE position = 1");
            attacks.push_back(verb + copy.substr(6) +
                              "3, event_id, user_id, task_id, type, '{}', created_at, sequence, actor FROM task_events "
                              "WHERE position = 1");
        }
        attacks.push_back("UPDATE OR REPLACE task_events SET position = 1 WHERE position = 2");
        attacks.push_back("UPDATE task_events SET rowid = 9 WHERE position = 2");
    } else {
        attacks.push_back("TRUNCATE task_events");
    }
    for (const auto& attack : attacks) {
        INFO(attack);
        // The table's own word, not a mistake in the attack.
        CHECK_THAT(world.sql(attack), Catch::Contains("task_events: ") || Catch::Contains("task_events_event_id_key"));
        CHECK(snapshot(world) == before);
    }
}

TEST_CASE("an erased user's entries lose their content and nothing else", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto todo = world.change(Method::post, "/api/todos", R"({"title":"secret plan"})");
    const auto id = std::to_string(todo.at("id").as_int64());
    world.change(Method::patch, "/api/todos/" + id, R"({"title":"another"})");
    REQUIRE(world.send_as(world.other, Method::post, "/api/todos", R"({"title":"kept"})").status == 201);
    world.wait_for_log();
    for (int twice = 0; twice < 2; ++twice) {
        const auto erased = world.database->write_now([&](db::Transaction& tx) -> Result<bool> {
            world.audit->erase_in(tx, world.who.user_id);
            return true;
        });
        REQUIRE(erased.has_value());
    }
    const auto log = world.log();
    REQUIRE(log.size() == 2);
    CHECK(log[0].at("payload").is_null());
    CHECK(log[0].at("event_type") == "task.updated");
    CHECK(world.number("SELECT count(*) FROM task_events WHERE payload IS NULL") == 2);
    CHECK(snapshot(world).find("secret") == std::string::npos);
    CHECK(world.sql("UPDATE task_events SET payload = '{}' WHERE position = 1") != "");
    const auto reverted = world.send(Method::post, "/api/audit/2/revert");
    CHECK(reverted.status == 409);
    CHECK_THAT(reverted.body, Catch::Contains("erased"));
    CHECK(world.send(Method::get, "/api/audit/2/state").status == 404);
}
