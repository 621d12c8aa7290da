#include "world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::reminder::test;
using http::Method;

namespace {

constexpr auto list_path = "/api/reminders";
constexpr auto acknowledge_path = "/api/reminders/{id}/acknowledge";

int count_type(World& world, std::string_view type) {
    int n = 0;
    for (const auto& event : world.events(world.who.user_id)) n += event->type == type;
    return n;
}

}  // namespace

TEST_CASE("A bell stays unseen until it is acknowledged, which happens once") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto todo = world.create(world.start_time + 1h);
    world.deliver();
    CHECK(world.list("fired").empty());
    const auto pending = world.list("pending");
    REQUIRE(pending.size() == 1);
    CHECK(
        boost::json::serialize(pending.at(0)) ==
        R"({"id":1,"task_id":)" + std::to_string(todo.id) +
            R"(,"title":"Water the plants","fire_at":"2027-01-10T11:00:00Z","fired_at":null,"state":"pending","late":false,)" +
            R"("acknowledged_at":null,"due_date":"2027-01-10T11:00:00Z"})");
    const auto acknowledge = [&](const Principal& who, std::string id) {
        return world.send(who, Method::post, acknowledge_path, {std::move(id)}).status;
    };
    CHECK(acknowledge(world.who, "1") == 409);

    world.clock.set(world.start_time + 1h);
    world.wake();
    CHECK(world.list("pending").empty());
    const auto fired = world.list("fired");
    REQUIRE(fired.size() == 1);
    CHECK(fired.at(0).at("fired_at").as_string() == "2027-01-10T11:00:00Z");
    CHECK(fired.at(0).at("state").as_string() == "fired");

    CHECK(acknowledge(world.other, "1") == 404);
    for (const auto* id : {"0", "-1", "2147483648000", "99999999999999999999", "x", ""})
        CHECK(acknowledge(world.who, id) == 404);
    CHECK(world.list("fired").size() == 1);
    CHECK(count_type(world, "reminder.acknowledged") == 0);

    CHECK(acknowledge(world.who, "1") == 204);
    CHECK(acknowledge(world.who, "1") == 204);
    CHECK(world.list("fired").empty());
    CHECK(count_type(world, "reminder.acknowledged") == 1);
    const auto event = world.events(world.who.user_id).back();
    const auto data = boost::json::parse(event->data).as_object();
    CHECK(event->topic == reminder_events_topic);
    CHECK(data.at("reminderId").as_int64() == 1);
    CHECK(data.at("acknowledgedAt").as_int64() == to_unix_seconds(world.clock.now()));
    CHECK(data.at("todo").as_object().at("id").as_int64() == todo.id);
}

TEST_CASE("A bell of a deleted task can be acknowledged") {
    World world{Backend::sqlite};
    world.start();
    const auto todo = world.create(world.start_time + 1h);
    world.deliver();
    world.clock.set(world.start_time + 1h);
    world.wake();
    world.change(
        [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.remove_in(tx, world.who, todo.id); });
    world.deliver();
    REQUIRE(world.list("fired").size() == 1);
    CHECK(world.send(world.who, Method::post, acknowledge_path, {"1"}).status == 204);
    CHECK(boost::json::parse(world.events(world.who.user_id).back()->data).at("todo").is_null());
}

TEST_CASE("Pages of bells go on where they end") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    for (int i = 0; i < 5; ++i) world.create(world.start_time + 1h + std::chrono::minutes{i / 2});
    world.deliver();
    const bool fired = GENERATE(false, true);
    if (fired) {
        world.clock.set(world.start_time + 2h);
        world.wake();
    }
    const std::string state = fired ? "fired" : "pending";
    std::vector<std::int64_t> seen;
    std::string cursor;
    int pages = 0;
    do {
        std::vector<std::pair<std::string, std::string>> query{{"state", state}, {"limit", "2"}};
        if (!cursor.empty()) query.emplace_back("cursor", cursor);
        const auto answer = world.send(world.who, Method::get, list_path, {}, query);
        const auto page = boost::json::parse(answer.body).as_object();
        for (const auto& item : page.at("items").as_array()) seen.push_back(item.at("task_id").as_int64());
        cursor = page.at("next_cursor").is_null() ? "" : page.at("next_cursor").as_string().c_str();
        CHECK((std::count_if(answer.headers.begin(), answer.headers.end(),
                             [](const auto& h) { return h.name == "Link"; }) == 1) == !cursor.empty());
        ++pages;
    } while (!cursor.empty() && pages < 10);
    CHECK(pages == 3);
    std::vector<std::int64_t> expected{1, 2, 3, 4, 5};
    if (fired) expected = {5, 4, 3, 2, 1};
    CHECK(seen == expected);
    CHECK(boost::json::parse(world.send(world.other, Method::get, list_path).body).at("items").as_array().empty());
}

TEST_CASE("Wrong parameters are refused, each by name") {
    World world{Backend::sqlite};
    const auto [name, value] = GENERATE(table<std::string, std::string>({{"state", "cancelled"},
                                                                         {"state", ""},
                                                                         {"limit", "0"},
                                                                         {"limit", "101"},
                                                                         {"limit", "1e1"},
                                                                         {"cursor", "x"},
                                                                         {"cursor", "1.2.3"},
                                                                         {"cursor", "1."},
                                                                         {"cursor", "99999999999999999999.1"},
                                                                         {"colour", "red"}}));
    CAPTURE(name, value);
    const auto answer = world.send(world.who, Method::get, list_path, {}, {{name, value}});
    CHECK(answer.status == 422);
    CHECK(boost::json::parse(answer.body).at("errors").at(0).at("field").as_string() == name);
}

TEST_CASE("A deleted account's bells are removed with it") {
    World world{GENERATE(Backend::sqlite, Backend::postgresql)};
    world.start();
    const auto mine = world.create(world.start_time + 1h);
    world.deliver();
    std::swap(world.who, world.other);
    world.delivered = 0;
    const auto theirs = world.create(world.start_time + 1h);
    world.deliver();
    world.database->write_now([&](db::Transaction& tx) -> Result<void> {
        world.process->reminders->erase_in(tx, world.other.user_id);
        return {};
    });
    CHECK(world.rows(theirs.id).size() == 1);
    std::swap(world.who, world.other);
    CHECK(world.rows(mine.id).empty());
    CHECK(world.metric("carillon_reminders_pending") == "1");
}
