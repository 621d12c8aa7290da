#include "world.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <sstream>

namespace carillon::task::test {
namespace {

std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> out;
    std::stringstream in{std::string(path)};
    for (std::string part; std::getline(in, part, '/');) out.push_back(part);
    return out;
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
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
    relay = make_relay(*database, clock, database.metrics(), io.get_executor());
    tasks = make_task_service(*database, relay->outbox(), identity, clock);
    routes = tasks->routes();
    auto retag = [this](db::Transaction& tx, const Principal& p, std::int64_t id, std::optional<std::string> name) {
        return tasks->retag_in(tx, p, id, std::move(name));
    };
    for (auto& route : tag::routes(*database, retag)) routes.push_back(std::move(route));
    who.user_id = carillon::test::add_user(*database);
    other.user_id = carillon::test::add_user(*database);
    who.actor = other.actor = "user";
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
        const auto equals = pair.find('=');
        request.query.emplace_back(decoded(pair.substr(0, equals)),
                                   equals == std::string::npos ? "" : decoded(pair.substr(equals + 1)));
    }
    request.headers = std::move(headers);
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = body;
    request.principal = principal;
    const auto route = std::find_if(routes.begin(), routes.end(), [&](const auto& r) {
        return r.pattern.find('{') == std::string::npos && matches(r, request);
    });
    const auto found = route != routes.end() ? route : std::find_if(routes.begin(), routes.end(), [&](const auto& r) {
        return matches(r, request);
    });
    REQUIRE(found != routes.end());
    std::optional<http::Response> response;
    std::exception_ptr failure;
    auto done = [&](std::exception_ptr error, http::Response answer) {
        failure = error;
        response = std::move(answer);
    };
    boost::asio::co_spawn(io, found->handle(request), done);
    io.restart();
    io.run();
    if (failure) std::rethrow_exception(failure);
    REQUIRE(response);
    return std::move(*response);
}

bj::object World::get(const std::string& target) {
    const auto response = send(Method::get, target);
    INFO(target << " " << response.body);
    REQUIRE(response.status == 200);
    return object_of(response);
}

bj::object World::create(const std::string& body) {
    const auto response = send(Method::post, "/api/todos", body);
    INFO(body << " " << response.body);
    REQUIRE(response.status == 201);
    return object_of(response);
}

bj::object World::patch(std::int64_t id, const std::string& body) {
    const auto response = send(Method::patch, "/api/todos/" + std::to_string(id), body);
    INFO(body << " " << response.body);
    REQUIRE(response.status == 200);
    return object_of(response);
}

bj::object World::act(std::int64_t id, const std::string& verb) {
    const auto response = send(Method::post, "/api/todos/" + std::to_string(id) + "/" + verb);
    INFO(verb << " " << response.body);
    REQUIRE(response.status == 200);
    return object_of(response);
}

Todo World::stored(std::int64_t id) {
    auto read = [&](db::Session& s) -> Result<Todo> {
        auto todo = tasks->find_in(s, who.user_id, id, true);
        if (!todo) return not_found();
        return *todo;
    };
    auto todo = database->read_now(read);
    REQUIRE(todo.has_value());
    return *todo;
}

std::vector<StoredEvent> World::events() {
    auto read = [&](db::Session& s) -> Result<std::vector<StoredEvent>> {
        std::vector<StoredEvent> out;
        for (auto& [type, data] : s.query<std::string, std::string>(
                 "SELECT type, payload FROM outbox WHERE user_id = :u ORDER BY sequence", who.user_id)) {
            out.push_back({type, bj::parse(data).as_object(), data});
        }
        return out;
    };
    return *database->read_now(read);
}

std::string World::last_type() {
    const auto all = events();
    return all.empty() ? "" : all.back().type;
}

std::string World::everything(const std::string& user_id) {
    auto read = [&](db::Session& s) -> Result<std::string> {
        std::stringstream out;
        for (auto& [id, body, deleted] : s.query<std::int64_t, std::string, std::optional<std::int64_t>>(
                 "SELECT id, body, deleted_at FROM tasks WHERE user_id = :u ORDER BY id", user_id)) {
            out << id << body << deleted.value_or(0) << "\n";
        }
        for (auto& [tag, task] : s.query<std::int64_t, std::int64_t>(
                 "SELECT tag_id, task_id FROM task_tags WHERE user_id = :u ORDER BY tag_id, task_id", user_id))
            out << tag << "-" << task << "\n";
        for (auto& [name, active, completed] : s.query<std::string, std::int64_t, std::int64_t>(
                 "SELECT name, active, completed FROM tags WHERE user_id = :u ORDER BY id", user_id))
            out << name << active << completed << "\n";
        for (auto& [id, ended] :
             s.query<std::string, bool>("SELECT id, ended FROM series WHERE user_id = :u ORDER BY id", user_id))
            out << id << ended << "\n";
        for (auto& [status, priority, n] : s.query<std::int64_t, std::int64_t, std::int64_t>(
                 "SELECT status, priority, n FROM task_counts WHERE user_id = :u AND n <> 0 ORDER BY status, priority",
                 user_id))
            out << status << priority << n << "\n";
        out << std::get<0>(*s.query_one<std::int64_t>("SELECT count(*) FROM outbox WHERE user_id = :u", user_id));
        return out.str();
    };
    return *database->read_now(read);
}

void World::check_counters() {
    auto read = [&](db::Session& s) -> Result<std::string> {
        std::stringstream wrong;
        for (int status : {0, 1}) {
            for (int priority : {1, 2, 3}) {
                const auto kept = s.query_one<std::int64_t>(
                    "SELECT n FROM task_counts WHERE user_id = :u AND status = :s AND priority = :p", who.user_id,
                    status, priority);
                const auto real = *s.query_one<std::int64_t>(
                    "SELECT count(*) FROM tasks WHERE user_id = :u AND status = :s AND priority = :p AND deleted_at IS "
                    "NULL",
                    who.user_id, status, priority);
                if ((kept ? std::get<0>(*kept) : 0) != std::get<0>(real))
                    wrong << "counter " << status << priority << "\n";
            }
        }
        for (auto& [id, active, completed] : s.query<std::int64_t, std::int64_t, std::int64_t>(
                 "SELECT id, active, completed FROM tags WHERE user_id = :u", who.user_id)) {
            std::int64_t n[2] = {0, 0};
            for (auto& [status] :
                 s.query<std::int64_t>("SELECT t.status FROM task_tags g JOIN tasks t ON t.id = g.task_id WHERE "
                                       "g.user_id = :u AND g.tag_id = :t AND t.deleted_at IS NULL",
                                       who.user_id, id))
                ++n[status];
            if (n[0] != active || n[1] != completed) wrong << "tag " << id << "\n";
        }
        // Links and names agree in number.
        std::int64_t names = 0;
        tasks->each_in(s, who.user_id, [&](const Todo& todo) { names += static_cast<std::int64_t>(todo.tags.size()); });
        if (std::get<0>(*s.query_one<std::int64_t>("SELECT count(*) FROM task_tags WHERE user_id = :u", who.user_id)) !=
            names)
            wrong << "links\n";
        return wrong.str();
    };
    CHECK(*database->read_now(read) == "");
}

bj::object object_of(const http::Response& response) { return bj::parse(response.body).as_object(); }

std::string wrong_fields(const http::Response& response) {
    std::vector<std::string> fields;
    const auto problem = object_of(response);
    if (const auto* errors = problem.if_contains("errors")) {
        for (const auto& error : errors->as_array()) fields.emplace_back(error.as_object().at("field").as_string());
    }
    std::sort(fields.begin(), fields.end());
    std::string out;
    for (const auto& field : fields) out += (out.empty() ? "" : " ") + field;
    return out;
}

std::int64_t id_of(const bj::object& todo) { return todo.at("id").as_int64(); }

std::string string_of(const bj::object& object, std::string_view key) {
    const auto& value = object.at({key.data(), key.size()});
    return value.is_string() ? std::string(value.as_string()) : bj::serialize(value);
}

}  // namespace carillon::task::test
