#include "routes.hpp"

#include "carillon/http/conditional.hpp"
#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "carillon/time/zone.hpp"
#include "if_match.hpp"
#include "listing.hpp"
#include "series.hpp"
#include "validation.hpp"
#include "views.hpp"

#include <algorithm>

namespace carillon::task {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

constexpr std::int64_t default_upcoming = 5, most_upcoming = 100;

std::string etag_of(std::int64_t version) { return "\"" + std::to_string(version) + "\""; }

Response reply(Result<Response> result) { return result ? std::move(*result) : http::problem(result.error()); }

Result<void> no_query(const Request& request) { return http::Query(request).finish(); }

/// Calls that need no body take an empty one or `{}`.
Result<void> no_body(const Request& request) {
    if (request.body.empty()) return {};
    const auto body = json::parse_body(request.body, request.header("Content-Type"));
    if (!body) return body.error();
    return json::Fields(*body).finish();
}

/// One change of one task: `call(tx, id, if_match)` in a transaction of its own.
template <class Call>
awaitable<Response> change_one(db::Database& database, Request& request, Call call) {
    if (auto sound = no_query(request); !sound) co_return http::problem(sound.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    const IfMatch if_match(request);
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<Response> {
        return call(tx, *id, if_match.version_for(tx, request.principal.user_id, *id));
    };
    co_return co_await http::transact(database, request, std::move(work));
}

Result<Response> answered(const Result<Todo>& todo) {
    if (!todo) return todo.error();
    return answer(*todo);
}

std::string dates(const std::vector<Occurrence>& occurrences) {
    std::string out = "{\"items\":[";
    for (std::size_t i = 0; i < occurrences.size(); ++i) {
        out.append(i ? ",\"" : "\"").append(format_rfc3339(occurrences[i].due)).append("\"");
    }
    return out + "]}";
}

class Routes {
public:
    Routes(Service& service, db::Database& database, const Clock& clock)
        : service_(service), database_(database), clock_(clock) {}

    awaitable<Response> list(Request& request) {
        const auto query = listing::read(request);
        if (!query) co_return http::problem(query.error());
        auto work = [&](db::Session& session) -> Result<Response> {
            const auto& user = request.principal.user_id;
            if (!query->at) return listing::answer(session, user, *query, request);
            return listing::answer_past(service_.past().tasks_at(session, user, *query->at), *query, request);
        };
        auto result = co_await database_.read(listing::kind_of(*query, database_.backend()), std::move(work));
        co_return reply(std::move(result));
    }

    /// A task as it was.
    awaitable<Response> get_past(Request& request, std::int64_t id, Time at) {
        auto work = [&](db::Session& session) -> Result<Response> {
            const auto todo = service_.past().task_at(session, request.principal.user_id, id, at);
            if (!todo) return todo.error();
            auto response = Response::json(200, *todo);
            response.with("ETag", etag_of(todo->at("version").to_number<std::int64_t>()));
            return response;
        };
        auto result = co_await database_.read(std::move(work));
        co_return reply(std::move(result));
    }

    awaitable<Response> get(Request& request) {
        http::Query query(request);
        const auto at = query.instant("at");
        if (auto sound = query.finish(); !sound) co_return http::problem(sound.error());
        const auto id = http::id_param(request);
        if (!id) co_return http::problem(id.error());
        if (at) co_return co_await get_past(request, *id, *at);
        auto work = [&](db::Session& session) -> Result<Response> {
            auto row = session.query_one<std::int64_t, std::string>(
                "SELECT version, body FROM tasks WHERE user_id = :user AND id = :id AND deleted_at IS NULL",
                request.principal.user_id, *id);
            if (!row) return not_found();
            auto& [version, body] = *row;
            auto etag = etag_of(version);
            auto response =
                http::none_match(request, etag) ? Response{304, {}, {}, {}} : Response::json(200, std::move(body));
            response.with("ETag", std::move(etag));
            return response;
        };
        auto result = co_await database_.read(std::move(work));
        co_return reply(std::move(result));
    }

    awaitable<Response> create(Request& request) {
        if (auto sound = no_query(request); !sound) co_return http::problem(sound.error());
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        const auto task = parse_new_task(*body);
        if (!task) co_return http::problem(task.error());
        std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<Response> {
            const auto todo = service_.create_in(tx, request.principal, *task, {});
            if (!todo) return todo.error();
            return answer(*todo, 201);
        };
        co_return co_await http::transact(database_, request, std::move(work));
    }

    awaitable<Response> patch(Request& request) {
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        const auto patch = parse_task_patch(*body);
        if (!patch) co_return http::problem(patch.error());
        auto call = [&](db::Transaction& tx, std::int64_t id, std::optional<std::int64_t> if_match) {
            return answered(service_.update_in(tx, request.principal, id, *patch, if_match));
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    awaitable<Response> put(Request& request) {
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        const auto task = parse_task(*body, {}, ReadOnly::ignored);
        if (!task) co_return http::problem(task.error());
        auto call = [&](db::Transaction& tx, std::int64_t id, std::optional<std::int64_t> if_match) {
            return answered(service_.replace_in(tx, request.principal, id, *task, if_match));
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    awaitable<Response> remove(Request& request) {
        if (auto sound = no_body(request); !sound) co_return http::problem(sound.error());
        auto call = [&](db::Transaction& tx, std::int64_t id,
                        std::optional<std::int64_t> if_match) -> Result<Response> {
            const auto todo = service_.remove_in(tx, request.principal, id, if_match, false);
            if (!todo) return todo.error();
            return Response::no_content();
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    awaitable<Response> snooze(Request& request) {
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        json::Fields fields(*body);
        fields.required("until");
        const auto until = fields.instant("until");
        if (auto sound = fields.finish(); !sound) co_return http::problem(sound.error());
        auto call = [&](db::Transaction& tx, std::int64_t id, std::optional<std::int64_t> if_match) {
            return answered(service_.snooze_in(tx, request.principal, id, *until, if_match));
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    /// complete, reopen, skip: the same but for the verb.
    using Verb = Result<Todo> (Service::*)(db::Transaction&, const Principal&, std::int64_t,
                                           std::optional<std::int64_t>);
    awaitable<Response> act(Request& request, Verb verb) {
        if (auto sound = no_body(request); !sound) co_return http::problem(sound.error());
        auto call = [&](db::Transaction& tx, std::int64_t id, std::optional<std::int64_t> if_match) {
            return answered((service_.*verb)(tx, request.principal, id, if_match));
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    awaitable<Response> restore(Request& request) {
        if (auto sound = no_body(request); !sound) co_return http::problem(sound.error());
        auto call = [&](db::Transaction& tx, std::int64_t id, std::optional<std::int64_t>) {
            return answered(service_.restore_in(tx, request.principal, id));
        };
        co_return co_await change_one(database_, request, std::move(call));
    }

    awaitable<Response> batch(Request& request) {
        if (auto sound = no_query(request); !sound) co_return http::problem(sound.error());
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
            return run_batch(service_, tx, request.principal, *body);
        };
        co_return co_await http::transact(database_, request, std::move(work));
    }

    awaitable<Response> occurrences(Request& request) {
        http::Query query(request);
        const auto limit = query.integer("limit", 1, most_upcoming).value_or(default_upcoming);
        if (auto sound = query.finish(); !sound) co_return http::problem(sound.error());
        const auto id = http::id_param(request);
        if (!id) co_return http::problem(id.error());
        auto work = [&](db::Session& session) -> Result<Response> {
            const auto& user = request.principal.user_id;
            const auto todo = service_.find_in(session, user, *id, false);
            if (!todo) return not_found();
            const auto row = todo->series_id ? service_.series_in(session, user, *todo->series_id) : std::nullopt;
            if (!row || !todo->recurrence) return Response::json(200, dates({}));
            const auto after = std::max(clock_.now(), *todo->due_date);
            return Response::json(200, dates(series::rule_of(*row).upcoming(after, static_cast<int>(limit))));
        };
        auto result = co_await database_.read(std::move(work));
        co_return reply(std::move(result));
    }

    awaitable<Response> preview(Request& request) {
        if (auto sound = no_query(request); !sound) co_return http::problem(sound.error());
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        json::Fields fields(*body);
        fields.required("due_date");
        fields.required("recurrence");
        const auto due = fields.instant("due_date");
        const auto all_day = fields.boolean("all_day").value_or(false);
        const auto limit = fields.integer("limit", 1, most_upcoming).value_or(default_upcoming);
        std::optional<Recurrence> recurrence;
        if (const auto* value = fields.value("recurrence")) {
            auto read = parse_recurrence(*value);
            if (read)
                recurrence = std::move(*read);
            else
                fields.add(read.error().fields);
        }
        if (auto sound = fields.finish(); !sound) co_return http::problem(sound.error());
        auto work = [&](db::Session& session) -> Result<Response> {
            const auto zone = service_.zone_of(session, request.principal.user_id);
            const auto start = all_day ? end_of_day(*due, zone) : *due;
            if (!is_writable(start)) return invalid({{"due_date", "must lie in the years 0001 to 9999"}});
            const Series series(*recurrence, start, zone, all_day);
            return Response::json(
                200, dates(series.upcoming(start - std::chrono::microseconds(1), static_cast<int>(limit))));
        };
        auto result = co_await database_.read(std::move(work));
        co_return reply(std::move(result));
    }

private:
    Service& service_;
    db::Database& database_;
    const Clock& clock_;
};

}  // namespace

Response answer(const Todo& todo, int status) {
    auto response = Response::json(status, to_json(todo));
    response.with("ETag", etag_of(todo.version));
    if (status == 201) response.with("Location", "/api/todos/" + std::to_string(todo.id));
    return response;
}

std::vector<http::Route> Service::routes() {
    auto routes = std::make_shared<Routes>(*this, database_, clock_);
    const auto call = [&routes](awaitable<Response> (Routes::*method)(Request&)) -> http::Handler {
        return [routes, method](Request& request) { return ((*routes).*method)(request); };
    };
    const auto act = [&routes](Routes::Verb verb) -> http::Handler {
        return [routes, verb](Request& request) { return routes->act(request, verb); };
    };
    std::vector<http::Route> all{
        {Method::get, "/api/todos", Access::user, call(&Routes::list)},
        {Method::post, "/api/todos", Access::user, call(&Routes::create)},
        {Method::post, "/api/todos/batch", Access::user, call(&Routes::batch)},
        {Method::get, "/api/todos/{id}", Access::user, call(&Routes::get)},
        {Method::patch, "/api/todos/{id}", Access::user, call(&Routes::patch)},
        {Method::put, "/api/todos/{id}", Access::user, call(&Routes::put)},
        {Method::del, "/api/todos/{id}", Access::user, call(&Routes::remove)},
        {Method::post, "/api/todos/{id}/complete", Access::user, act(&Service::complete_in)},
        {Method::post, "/api/todos/{id}/reopen", Access::user, act(&Service::reopen_in)},
        {Method::post, "/api/todos/{id}/skip", Access::user, act(&Service::skip_in)},
        {Method::post, "/api/todos/{id}/restore", Access::user, call(&Routes::restore)},
        {Method::post, "/api/todos/{id}/snooze", Access::user, call(&Routes::snooze)},
        {Method::get, "/api/todos/{id}/occurrences", Access::user, call(&Routes::occurrences)},
        {Method::post, "/api/recurrence/preview", Access::user, call(&Routes::preview)},
    };
    for (auto& route : views::routes(database_)) all.push_back(std::move(route));
    return all;
}

}  // namespace carillon::task
