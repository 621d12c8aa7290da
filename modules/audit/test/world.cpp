#include "world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <sstream>

namespace carillon::audit::test {
namespace {

std::vector<std::string> segments(const std::string& path) {
    std::vector<std::string> out;
    std::stringstream in{path};
    for (std::string part; std::getline(in, part, '/');) out.push_back(part);
    return out;
}

bool matches(const http::Route& route, http::Request& request) {
    const auto pattern = segments(route.pattern), path = segments(request.path);
    if (route.method != request.method || pattern.size() != path.size()) return false;
    request.params.clear();
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (pattern[i].starts_with("{"))
            request.params.push_back(path[i]);
        else if (pattern[i] != path[i])
            return false;
    }
    return true;
}

}  // namespace

World::World(Backend backend) : database(backend) {
    inbox = make_inbox(*database, clock, database.metrics(), io.get_executor());
    bus = make_memory_bus(*inbox);
    relay = make_relay(*database, clock, database.metrics(), io.get_executor());
    tasks = task::make_task_service(*database, relay->outbox(), identity, clock);
    audit = make_audit(*database, *bus, *tasks, clock, database.metrics(), io.get_executor(), {});
    routes = audit->routes();
    for (auto& route : tasks->routes()) routes.push_back(std::move(route));
    who.user_id = carillon::test::add_user(*database);
    other.user_id = carillon::test::add_user(*database);
    who.actor = other.actor = "user";
    bus->start();
    relay->start(*bus);
    thread_ = std::thread([this] { io.run(); });
}

World::~World() {
    auto drain = [this]() -> awaitable<void> {
        co_await relay->drain();
        co_await bus->drain();
    };
    boost::asio::co_spawn(io, drain(), boost::asio::use_future).get();
    work_.reset();
    io.stop();
    thread_.join();
}

http::Response World::send(Method method, const std::string& target, const std::string& body,
                           std::vector<http::Header> headers) {
    return send_as(who, method, target, body, std::move(headers));
}

http::Response World::send_as(const Principal& principal, Method method, const std::string& target,
                              const std::string& body, std::vector<http::Header> headers) {
    http::Request request;
    request.method = method;
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    std::stringstream query{mark == std::string::npos ? "" : target.substr(mark + 1)};
    for (std::string pair; std::getline(query, pair, '&');) {
        const auto equals = std::min(pair.find('='), pair.size());
        request.query.emplace_back(pair.substr(0, equals), equals < pair.size() ? pair.substr(equals + 1) : "");
    }
    request.headers = std::move(headers);
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = body;
    request.principal = principal;
    for (const auto& route : routes) {
        if (matches(route, request))
            return boost::asio::co_spawn(io, route.handle(request), boost::asio::use_future).get();
    }
    throw std::logic_error("no route for " + target);
}

bj::object World::change(Method method, const std::string& target, const std::string& body) {
    const auto response = send(method, target, body);
    INFO(target << " " << body << " " << response.body);
    REQUIRE(response.status / 100 == 2);
    clock.advance(std::chrono::seconds(1));
    return response.body.empty() ? bj::object{} : bj::parse(response.body).as_object();
}

bj::array World::log(const std::string& target) {
    wait_for_log();
    const auto response = send(Method::get, target);
    INFO(target << " " << response.body);
    REQUIRE(response.status == 200);
    return bj::parse(response.body).as_array();
}

std::vector<std::int64_t> World::ids_of_all_pages(std::string target, int& pages) {
    wait_for_log();
    std::vector<std::int64_t> ids;
    for (pages = 0; !target.empty() && pages < 1000; ++pages) {
        const auto response = send(Method::get, target);
        INFO(target << " " << response.body);
        REQUIRE(response.status == 200);
        const auto page = bj::parse(response.body);
        for (const auto& entry : page.as_array()) ids.push_back(entry.at("id").as_int64());
        target.clear();
        for (const auto& [name, value] : response.headers) {
            if (name == "Link") target = value.substr(1, value.find('>') - 1);
        }
    }
    return ids;
}

void World::wait_for_log() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (number("SELECT (SELECT count(*) FROM outbox) - (SELECT count(*) FROM task_events) + "
                  "(SELECT count(*) FROM outbox WHERE published_at IS NULL)") != 0) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

std::string try_sql(db::Database& database, const std::string& text) {
    std::string error;
    const auto run = [&](db::Transaction& tx) -> Result<bool> {
        try {
            tx.exec(text);
            return true;
        } catch (const db::DatabaseError& e) {
            error = e.what();
            return Error{Errc::conflict, "refused"};
        }
    };
    const auto done = database.write_now(run);
    return done ? "" : error;
}

std::int64_t World::number(const std::string& text) {
    return *database->read_now([&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(*session.query_one<std::int64_t>(text));
    });
}

std::string field_errors(const http::Response& response) {
    std::vector<std::string> names;
    const auto problem = bj::parse(response.body).as_object();
    if (const auto* errors = problem.if_contains("errors")) {
        for (const auto& error : errors->as_array()) names.emplace_back(error.at("field").as_string());
    }
    std::sort(names.begin(), names.end());
    std::string all;
    for (const auto& name : names) all += (all.empty() ? "" : " ") + name;
    return all;
}

}  // namespace carillon::audit::test
