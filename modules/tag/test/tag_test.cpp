// The tag module by itself; what tags do to tasks is tested in modules/task/test.
#include "tag/tag.hpp"
#include "support/database.hpp"
#include "tag/routes.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

using namespace carillon;
using carillon::test::Backend;
using http::Method;

namespace {

struct World {
    explicit World(Backend backend)
        : database(backend), user(test::add_user(*database)), other(test::add_user(*database)) {
        auto retag = [this](db::Transaction&, const Principal&, std::int64_t,
                            std::optional<std::string>) -> Result<void> {
            ++retagged;
            return {};
        };
        routes = tag::routes(*database, retag);
    }
    http::Response send(Method method, const std::string& body, const std::string& id = {}) {
        http::Request request;
        request.method = method;
        request.path = "/api/tags" + (id.empty() ? "" : "/" + id);
        if (!id.empty()) request.params = {id};
        request.principal.user_id = user;
        request.body = body;
        if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
        for (const auto& route : routes) {
            if (route.method != method || (route.pattern == "/api/tags") != id.empty()) continue;
            boost::asio::io_context io;
            std::optional<http::Response> response;
            auto done = [&](std::exception_ptr error, http::Response answer) {
                if (error) std::rethrow_exception(error);
                response = std::move(answer);
            };
            boost::asio::co_spawn(io, route.handle(request), done);
            io.run();
            return std::move(*response);
        }
        throw std::logic_error("no route");
    }
    test::TestDatabase database;
    std::string user, other;
    std::vector<http::Route> routes;
    int retagged = 0;
};

boost::json::object object_of(const http::Response& response) { return boost::json::parse(response.body).as_object(); }

}  // namespace

TEST_CASE("create, list, rename, delete") {
    World w(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto made = w.send(Method::post, R"({"name":"  Zeta "})");
    REQUIRE(made.status == 201);
    const auto id = std::to_string(object_of(made).at("id").as_int64());
    CHECK(object_of(made) ==
          boost::json::parse("{\"id\":" + id + R"(,"name":"Zeta","active":0,"completed":0,"total":0})"));
    REQUIRE(made.headers.size() == 1);
    CHECK(made.headers[0].value == "/api/tags/" + id);
    CHECK(w.send(Method::post, R"({"name":"ZETA"})").status == 409);
    CHECK(w.send(Method::post, R"({"name":"日本"})").status == 201);
    CHECK(w.send(Method::post, R"({"name":"alpha-1"})").status == 201);
    const auto items = object_of(w.send(Method::get, {})).at("items").as_array();
    REQUIRE(items.size() == 3);
    CHECK(items[0].as_object().at("name") == "alpha-1");
    CHECK(items[1].as_object().at("name") == "Zeta");
    CHECK(object_of(w.send(Method::patch, R"({"name":"beta"})", id)).at("name") == "beta");
    CHECK(w.retagged == 1);
    CHECK(w.send(Method::del, {}, id).status == 204);
    CHECK(w.retagged == 2);
    CHECK(w.send(Method::del, {}, id).status == 404);
    CHECK(w.send(Method::patch, R"({"name":"x"})", id).status == 404);
    CHECK(object_of(w.send(Method::get, {})).at("items").as_array().size() == 2);
}

TEST_CASE("bad names are refused, and nothing is stored") {
    World w(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto kept = std::to_string(object_of(w.send(Method::post, R"({"name":"kept"})")).at("id").as_int64());
    const auto before = w.send(Method::get, {}).body;
    for (const std::string value : {"null", "1", "true", "[]", "{}", "\"\"", "\"  \"", "\"a b\"", "\"a\\u0000\"",
                                    "\"a\\u0007\"", "\"-\"", "\"a_b\"", "\"a,b\"", "\"😀\"", "1000000000000", "-1"}) {
        for (const auto& response : {w.send(Method::post, "{\"name\":" + value + "}"),
                                     w.send(Method::patch, "{\"name\":" + value + "}", kept)}) {
            INFO(value);
            CHECK(response.status == 422);
            CHECK(response.body.find("\"field\":\"name\"") != std::string::npos);
        }
    }
    CHECK(w.send(Method::post, "{\"name\":\"" + std::string(51, 'x') + "\"}").status == 422);
    CHECK(w.send(Method::post, "{}").status == 422);
    CHECK(w.send(Method::post, R"({"name":"a","colour":"red"})").status == 422);
    CHECK(w.send(Method::post, "{").status == 400);
    CHECK(w.send(Method::get, {}).body == before);
    CHECK(w.retagged == 0);
    CHECK(w.send(Method::post, "{\"name\":\"" + std::string(50, 'x') + "\"}").status == 201);
}

TEST_CASE("use counts; the same folded name is the same tag; at most 1,000 of them") {
    World w(GENERATE(Backend::sqlite, Backend::postgresql));
    auto work = [&](db::Transaction& tx) -> Result<void> {
        const auto first = tag::use_in(tx, w.user, "Straße", 1, 0);
        const auto second = tag::use_in(tx, w.user, "STRASSE", 0, 2);
        CHECK(first->id == second->id);
        CHECK(second->name == "Straße");
        CHECK(second->active == 1);
        CHECK(second->completed == 2);
        CHECK(tag::count_in(tx, w.user, "straße", -1, 1) == first->id);
        CHECK_FALSE(tag::count_in(tx, w.user, "none", 1, 0));
        CHECK_FALSE(tag::find_in(tx, w.other, "Straße"));
        CHECK_FALSE(tag::find_in(tx, w.other, first->id));
        for (int i = 1; i < tag::max_per_user; ++i)
            CHECK(tag::use_in(tx, w.user, "t" + std::to_string(i), 1, 0).has_value());
        CHECK(tag::use_in(tx, w.user, "t5", 1, 0).has_value());
        const auto full = tag::use_in(tx, w.user, "one-more", 1, 0);
        REQUIRE(full.has_error());
        CHECK(full.error().code == Errc::invalid);
        return full.error();  // rolls back
    };
    CHECK(w.database->write_now(work).has_error());
    CHECK(object_of(w.send(Method::get, {})).at("items").as_array().empty());
}
