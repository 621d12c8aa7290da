// Batch, other users' ids, and properties over random operations.
#include "tag/tag.hpp"
#include "world.hpp"

#include <map>
#include <random>

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

namespace {

std::string path_of(std::int64_t id) { return "/api/todos/" + std::to_string(id); }

}  // namespace

TEST_CASE("batch: each command for itself, in order, one answer each") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"t"})"));
    const auto gone = id_of(w.create(R"({"title":"gone"})"));
    const auto foreign = id_of(object_of(w.send_as(w.other, Method::post, "/api/todos", R"({"title":"foreign"})")));
    const auto n = std::to_string(id), g = std::to_string(gone), f = std::to_string(foreign);
    const auto response = w.send(
        Method::post, "/api/todos/batch",
        R"({"commands":[{"op":"create","todo":{"title":"new","tags":["x"]}},{"op":"create","todo":{"title":"","nope":1}},{"op":"update","id":)" +
            n + R"(,"todo":{"priority":"high"}},{"op":"update","id":)" + n +
            R"(,"todo":{"reminder_at":"2000-01-01T00:00:00Z"}},{"op":"complete","id":)" + n +
            R"(},{"op":"delete","id":)" + g + R"(},{"op":"complete","id":)" + f +
            R"(},{"op":"fly","id":1},7,{"op":"delete"},{"op":"delete","id":)" + g + "}]}");
    REQUIRE(response.status == 200);
    const auto results = object_of(response).at("results").as_array();
    REQUIRE(results.size() == 11);
    const auto at = [&](std::size_t i) -> const boost::json::object& { return results[i].as_object(); };
    const std::vector<int> statuses = {201, 422, 200, 422, 200, 204, 404, 422, 422, 422, 404};
    for (std::size_t i = 0; i < statuses.size(); ++i) {
        INFO(i);
        CHECK(at(i).at("status") == statuses[i]);
        CHECK(at(i).contains("problem") == (statuses[i] >= 400));
        CHECK(at(i).contains("todo") == (statuses[i] == 200 || statuses[i] == 201));
    }
    const auto fields = [&](std::size_t i) {
        std::string out;
        for (const auto& e : at(i).at("problem").as_object().at("errors").as_array())
            out += std::string(e.as_object().at("field").as_string()) + " ";
        return out;
    };
    CHECK(fields(1) == "commands.1.todo.title commands.1.todo.nope ");
    CHECK(fields(3) == "commands.3.todo.reminder_at ");
    CHECK(fields(7) == "commands.7.op ");
    CHECK(fields(8) == "commands.8 ");
    CHECK(fields(9) == "commands.9.id ");
    CHECK(at(4).at("todo").as_object().at("status") == "completed");
    std::string types;
    for (const auto& event : w.events()) types += event.type + " ";
    CHECK(types == "task.created task.created task.created task.updated task.completed task.deleted ");
    w.check_counters();
}

TEST_CASE("a command of a batch that is refused half way leaves nothing behind") {
    World w(any_backend());
    auto fill = [&](db::Transaction& tx) -> Result<void> {
        for (int i = 1; i < tag::max_per_user; ++i) {
            if (auto made = tag::use_in(tx, w.who.user_id, "t" + std::to_string(i), 0, 0); !made) return made.error();
        }
        return {};
    };
    REQUIRE(w.database->write_now(fill).has_value());
    const auto response = w.send(
        Method::post, "/api/todos/batch",
        R"({"commands":[{"op":"create","todo":{"title":"t","tags":["fits","one-too-many"]}},{"op":"create","todo":{"title":"u"}}]})");
    REQUIRE(response.status == 200);
    const auto results = object_of(response).at("results").as_array();
    CHECK(results[0].as_object().at("status") == 422);
    CHECK(bj::serialize(results[0]).find("\"field\":\"commands.0.todo.tags\"") != std::string::npos);
    CHECK(results[1].as_object().at("status") == 201);
    CHECK(w.get("/api/tags").at("items").as_array().size() == tag::max_per_user - 1);
    CHECK(w.events().size() == 1);
    w.check_counters();
}

TEST_CASE("batches that are none") {
    World w(any_backend());
    const auto wrong = [&](const std::string& body) {
        const auto response = w.send(Method::post, "/api/todos/batch", body);
        CHECK(response.status == 422);
        return wrong_fields(response);
    };
    CHECK(wrong("{}") == "commands");
    CHECK(wrong(R"({"commands":null})") == "commands");
    CHECK(wrong(R"({"commands":{}})") == "commands");
    CHECK(wrong(R"({"commands":[]})") == "commands");
    CHECK(wrong(R"({"commands":[{"op":"delete","id":1}],"more":1})") == "more");
    std::string many = R"({"op":"delete","id":1})";
    for (int i = 0; i < 100; ++i) many += R"(,{"op":"delete","id":1})";
    CHECK(wrong("{\"commands\":[" + many + "]}") == "commands");
    CHECK(w.events().empty());
}

TEST_CASE("another user's task answers 404 everywhere, and nothing of either changes") {
    World w(any_backend());
    const auto id = id_of(w.create(
        R"({"title":"mine","due_date":"2027-02-01T10:00:00Z","recurrence":{"rule":"daily"},"tags":["secret"]})"));
    const auto deleted = id_of(w.create(R"({"title":"deleted"})"));
    w.send(Method::del, path_of(deleted));
    const auto tag = w.get("/api/tags").at("items").as_array().at(0).as_object().at("id").as_int64();
    const auto mine = w.everything(w.who.user_id), theirs = w.everything(w.other.user_id);
    const auto tag_path = "/api/tags/" + std::to_string(tag);
    const auto status = [&](Method method, const std::string& target, const std::string& body = {}) {
        return w.send_as(w.other, method, target, body).status;
    };
    CHECK(status(Method::get, path_of(id)) == 404);
    CHECK(status(Method::patch, path_of(id), R"({"title":"x"})") == 404);
    CHECK(status(Method::put, path_of(id), R"({"title":"x"})") == 404);
    CHECK(status(Method::del, path_of(id)) == 404);
    for (const std::string verb : {"complete", "reopen", "skip"})
        CHECK(status(Method::post, path_of(id) + "/" + verb) == 404);
    CHECK(status(Method::post, path_of(deleted) + "/restore") == 404);
    CHECK(status(Method::post, path_of(id) + "/snooze", R"({"until":"2027-02-01T09:00:00Z"})") == 404);
    CHECK(status(Method::get, path_of(id) + "/occurrences") == 404);
    CHECK(status(Method::patch, tag_path, R"({"name":"x"})") == 404);
    CHECK(status(Method::del, tag_path) == 404);
    CHECK(object_of(w.send_as(w.other, Method::get, "/api/todos?tag=secret")).at("total") == 0);
    CHECK(object_of(w.send_as(w.other, Method::get, "/api/todos?search=mine")).at("total") == 0);
    CHECK(object_of(w.send_as(w.other, Method::get, "/api/todos")).at("total") == 0);
    CHECK(object_of(w.send_as(w.other, Method::get, "/api/tags")).at("items").as_array().empty());
    auto revert = [&](db::Transaction& tx) { return w.tasks->revert_in(tx, w.other, id, Todo{}); };
    CHECK(w.database->write_now(revert).error().code == Errc::not_found);
    CHECK(w.everything(w.who.user_id) == mine);
    CHECK(w.everything(w.other.user_id) == theirs);
}

TEST_CASE("counters equal a recount and the events replay to the same state, after random operations") {
    World w(any_backend());
    std::mt19937 random(3);
    const std::vector<std::string> tags = {"a", "b", "c", "Ä", "ä"}, priorities = {"low", "medium", "high"};
    const auto fields = [&] {
        std::string list;
        for (const auto& tag : tags) {
            if (random() % 3 == 0) list += (list.empty() ? "\"" : ",\"") + tag + "\"";
        }
        return "\"priority\":\"" + priorities[random() % 3] + "\",\"tags\":[" + list + "],\"due_date\":" +
               (random() % 2 ? "null,\"recurrence\":null"
                             : R"("2027-03-0)" + std::to_string(1 + random() % 9) + R"(T10:00:00Z")");
    };
    std::vector<std::int64_t> ids;
    for (int i = 0; i < 250; ++i) {
        w.clock.advance(std::chrono::seconds(1));
        if (ids.size() < 5 || random() % 6 == 0) {
            ids.push_back(id_of(w.create("{\"title\":\"t" + std::to_string(i) + "\"," + fields() + "}")));
            continue;
        }
        const auto path = path_of(ids[random() % ids.size()]);
        switch (random() % 8) {
            case 0:
                w.send(Method::post, path + "/complete");
                break;
            case 1:
                w.send(Method::post, path + "/reopen");
                break;
            case 2:
                w.send(Method::del, path);
                break;
            case 3:
                w.send(Method::post, path + "/restore");
                break;
            case 4:
                w.send(Method::put, path, "{\"title\":\"p\"," + fields() + "}");
                break;
            case 5: {
                const auto list = w.get("/api/tags").at("items").as_array();
                if (list.empty()) break;
                const auto tag =
                    "/api/tags/" + std::to_string(list[random() % list.size()].as_object().at("id").as_int64());
                if (random() % 3 == 0)
                    w.send(Method::del, tag);
                else
                    w.send(Method::patch, tag, "{\"name\":\"" + tags[random() % tags.size()] + "\"}");
                break;
            }
            case 6:
                w.send(Method::patch, path, R"({"status":"completed","title":"both"})");
                break;
            default:
                w.send(Method::patch, path, "{" + fields() + "}");
        }
    }
    w.check_counters();
    std::map<std::int64_t, bj::value> replayed;
    for (const auto& event : w.events()) {
        const auto id = event.data.at("taskId").as_int64();
        if (event.type == "task.deleted")
            replayed.erase(id);
        else
            replayed[id] = event.data.at("todo");
    }
    std::map<std::int64_t, bj::value> now;
    const auto page = w.get("/api/todos?limit=100");
    for (const auto& item : page.at("items").as_array()) now[id_of(item.as_object())] = item;
    CHECK(now == replayed);
    // Sequences have no gap: one user's events count up by one.
    auto read = [&](db::Session& s) -> Result<bool> {
        const auto row = *s.query_one<std::int64_t, std::int64_t>(
            "SELECT count(*), max(sequence) FROM outbox WHERE user_id = :u", w.who.user_id);
        return std::get<0>(row) == std::get<1>(row);
    };
    CHECK(*w.database->read_now(read));
}
