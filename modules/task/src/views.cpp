#include "views.hpp"

#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "listing.hpp"

#include <algorithm>

namespace carillon::task::views {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

constexpr std::int64_t max_per_user = 100;
constexpr std::int64_t last_position = 1'000'000;
constexpr std::size_t longest_query = 2000;

struct View {
    std::int64_t id = 0;
    std::string name;
    std::string query;
    std::int64_t position = 0;
};

/// What a request says of a view; all of it may be absent.
struct Change {
    std::optional<std::string> name;
    std::optional<std::string> query;
    std::optional<std::int64_t> position;
};

void append(std::string& out, const View& view) {
    out.append("{\"id\":").append(std::to_string(view.id)).append(",\"name\":");
    json::append_string(out, view.name);
    out.append(",\"query\":");
    json::append_string(out, view.query);
    out.append(",\"position\":").append(std::to_string(view.position)).append("}");
}

Response answer(int status, const View& view) {
    std::string body;
    append(body, view);
    return Response::json(status, std::move(body));
}

/// Takes what only the page knows out of `query`; what is left are parameters of GET /api/todos.
void read_page_parameters(http::Query& page) {
    page.choice("view", {"list", "board", "month"});
    page.choice("group", {"day", "priority", "tag", "none"});
    page.choice("due", {"late", "today", "tomorrow", "week", "later", "none"});
}

/// What is wrong with the query of a view, or nothing.
std::optional<std::string> query_problem(std::string_view text) {
    const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!visible || text.starts_with('?') || text.find('#') != std::string_view::npos)
        return "must be a query such as tag=home&status=active, percent-encoded";
    auto decoded = http::decode_query(text);
    if (!decoded) return decoded.error().detail;
    Request page, list;
    for (auto& pair : *decoded) {
        const auto& name = pair.first;
        if (name == "page" || name == "cursor" || name == "limit") return "must not hold " + name;
        const bool of_page = name == "view" || name == "group" || name == "due";
        (of_page ? page : list).query.push_back(std::move(pair));
    }
    http::Query parameters(page);
    read_page_parameters(parameters);
    std::string problems;
    const auto note = [&problems](const Error& error) {
        for (const auto& field : error.fields)
            problems += (problems.empty() ? "" : "; ") + field.field + " " + field.message;
    };
    if (const auto sound = parameters.finish(); !sound) note(sound.error());
    if (const auto sound = listing::read(list); !sound) note(sound.error());
    if (problems.empty()) return std::nullopt;
    return problems;
}

Result<Change> read(const Request& request, bool whole) {
    if (auto sound = http::Query(request).finish(); !sound) return sound.error();
    const auto body = json::parse_body(request.body, request.header("Content-Type"));
    if (!body) return body.error();
    json::Fields fields(*body);
    if (whole) {
        fields.required("name");
        fields.required("query");
    }
    Change change;
    change.name = fields.text("name", {1, 100, false, true});
    change.query = fields.text("query", {0, longest_query, false, false});
    if (change.query) {
        if (auto problem = query_problem(*change.query)) fields.error("query", std::move(*problem));
    }
    change.position = fields.integer("position", 0, last_position);
    if (auto sound = fields.finish(); !sound) return sound.error();
    return change;
}

std::optional<View> find_in(db::Session& session, std::string_view user_id, std::int64_t id) {
    auto row = session.query_one<std::int64_t, std::string, std::string, std::int64_t>(
        "SELECT id, name, query, position FROM views WHERE user_id = :user AND id = :id", user_id, id);
    if (!row) return std::nullopt;
    auto& [found, name, query, position] = *row;
    return View{found, std::move(name), std::move(query), position};
}

Result<Response> create_in(db::Transaction& tx, const std::string& user_id, const Change& change) {
    const auto [count, last] = *tx.query_one<std::int64_t, std::int64_t>(
        "SELECT count(*), COALESCE(max(position), -1) FROM views WHERE user_id = :user", user_id);
    if (count >= max_per_user) return Error{Errc::conflict, "There are 100 saved views; delete some first."};
    View view{0, *change.name, *change.query, change.position.value_or(std::min(last + 1, last_position))};
    view.id = std::get<0>(*tx.query_one<std::int64_t>(
        "INSERT INTO views (user_id, name, query, position) VALUES (:user, :name, :query, :position) RETURNING id",
        user_id, view.name, view.query, view.position));
    return answer(201, view).with("Location", "/api/views/" + std::to_string(view.id));
}

Result<Response> patch_in(db::Transaction& tx, const std::string& user_id, std::int64_t id, const Change& change) {
    auto view = find_in(tx, user_id, id);
    if (!view) return not_found();
    if (change.name) view->name = *change.name;
    if (change.query) view->query = *change.query;
    if (change.position) view->position = *change.position;
    tx.exec("UPDATE views SET name = :name, query = :query, position = :position WHERE user_id = :user AND id = :id",
            view->name, view->query, view->position, user_id, id);
    return answer(200, *view);
}

awaitable<Response> list(db::Database& database, Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
    auto work = [&](db::Session& session) -> Result<Response> {
        std::string body = "{\"items\":[";
        for (auto& [id, name, query, position] : session.query<std::int64_t, std::string, std::string, std::int64_t>(
                 "SELECT id, name, query, position FROM views WHERE user_id = :user ORDER BY position, id",
                 request.principal.user_id)) {
            if (body.back() != '[') body += ',';
            append(body, {id, std::move(name), std::move(query), position});
        }
        return Response::json(200, body + "]}");
    };
    auto result = co_await database.read(std::move(work));
    co_return result ? std::move(*result) : http::problem(result.error());
}

awaitable<Response> create(db::Database& database, Request& request) {
    const auto change = read(request, true);
    if (!change) co_return http::problem(change.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
        return create_in(tx, request.principal.user_id, *change);
    };
    co_return co_await http::transact(database, request, std::move(work));
}

awaitable<Response> patch(db::Database& database, Request& request) {
    const auto change = read(request, false);
    if (!change) co_return http::problem(change.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
        return patch_in(tx, request.principal.user_id, *id, *change);
    };
    co_return co_await http::transact(database, request, std::move(work));
}

awaitable<Response> remove(db::Database& database, Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<Response> {
        const auto gone =
            tx.exec("DELETE FROM views WHERE user_id = :user AND id = :id", request.principal.user_id, *id);
        if (gone == 0) return not_found();
        return Response::no_content();
    };
    co_return co_await http::transact(database, request, std::move(work));
}

}  // namespace

std::vector<http::Route> routes(db::Database& database) {
    return {
        {Method::get, "/api/views", Access::user, [&database](Request& request) { return list(database, request); }},
        {Method::post, "/api/views", Access::user, [&database](Request& request) { return create(database, request); }},
        {Method::patch, "/api/views/{id}", Access::user,
         [&database](Request& request) { return patch(database, request); }},
        {Method::del, "/api/views/{id}", Access::user,
         [&database](Request& request) { return remove(database, request); }},
    };
}

void erase_in(db::Transaction& tx, std::string_view user_id) {
    tx.exec("DELETE FROM views WHERE user_id = :user", user_id);
}

}  // namespace carillon::task::views
