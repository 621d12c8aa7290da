#include "tag/routes.hpp"

#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "tag/tag.hpp"

#include <memory>

namespace carillon::tag {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

void append(std::string& out, const Tag& tag) {
    out.append("{\"id\":").append(std::to_string(tag.id)).append(",\"name\":");
    json::append_string(out, tag.name);
    out.append(",\"active\":").append(std::to_string(tag.active));
    out.append(",\"completed\":").append(std::to_string(tag.completed));
    out.append(",\"total\":").append(std::to_string(tag.active + tag.completed)).append("}");
}

Response answer(int status, const Tag& tag) {
    std::string body;
    append(body, tag);
    return Response::json(status, std::move(body));
}

Result<std::string> read_name(const Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) return sound.error();
    const auto body = json::parse_body(request.body, request.header("Content-Type"));
    if (!body) return body.error();
    json::Fields fields(*body);
    fields.required("name");
    std::string kept;
    if (const auto given = fields.text("name", {})) {
        auto name = check_name(*given);
        if (name)
            kept = std::move(*name);
        else
            fields.error("name", name.error().detail);
    }
    if (auto sound = fields.finish(); !sound) return sound.error();
    return kept;
}

Result<Response> create_in(db::Transaction& tx, const Principal& who, const std::string& name) {
    if (find_in(tx, who.user_id, name)) return Error{Errc::conflict, "There is a tag of that name."};
    const auto tag = use_in(tx, who.user_id, name, 0, 0);
    if (!tag) return invalid({{"name", tag.error().detail}});
    auto response = answer(201, *tag);
    response.with("Location", "/api/tags/" + std::to_string(tag->id));
    return response;
}

Result<Response> rename_in(db::Transaction& tx, const Principal& who, const Retag& retag, std::int64_t id,
                           const std::string& name) {
    if (!find_in(tx, who.user_id, id)) return not_found();
    const auto other = find_in(tx, who.user_id, name);
    const bool merge = other && other->id != id;
    // The tasks first: they find the tag by the name it still has.
    if (auto done = retag(tx, who, id, name); !done) return done.error();
    if (merge) {
        tx.exec("DELETE FROM tags WHERE user_id = :user AND id = :id", who.user_id, id);
    } else {
        tx.exec("UPDATE tags SET name = :name, key = :key WHERE user_id = :user AND id = :id", name, text::fold(name),
                who.user_id, id);
    }
    return answer(200, *find_in(tx, who.user_id, merge ? other->id : id));
}

Result<Response> remove_in(db::Transaction& tx, const Principal& who, const Retag& retag, std::int64_t id) {
    if (!find_in(tx, who.user_id, id)) return not_found();
    if (auto done = retag(tx, who, id, std::nullopt); !done) return done.error();
    tx.exec("DELETE FROM tags WHERE user_id = :user AND id = :id", who.user_id, id);
    return Response::no_content();
}

awaitable<Response> list(db::Database& database, Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
    auto work = [&](db::Session& session) -> Result<Response> {
        std::string body = "{\"items\":[";
        for (auto& [id, name, active, completed] : session.query<std::int64_t, std::string, std::int64_t, std::int64_t>(
                 "SELECT id, name, active, completed FROM tags WHERE user_id = :user ORDER BY key",
                 request.principal.user_id)) {
            if (body.back() != '[') body += ',';
            append(body, {id, std::move(name), active, completed});
        }
        return Response::json(200, body + "]}");
    };
    auto result = co_await database.read(std::move(work));
    co_return result ? std::move(*result) : http::problem(result.error());
}

awaitable<Response> create(db::Database& database, Request& request) {
    const auto name = read_name(request);
    if (!name) co_return http::problem(name.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
        return create_in(tx, request.principal, *name);
    };
    co_return co_await http::transact(database, request, std::move(work));
}

awaitable<Response> rename(db::Database& database, const Retag& retag, Request& request) {
    const auto name = read_name(request);
    if (!name) co_return http::problem(name.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
        return rename_in(tx, request.principal, retag, *id, *name);
    };
    co_return co_await http::transact(database, request, std::move(work));
}

awaitable<Response> remove(db::Database& database, const Retag& retag, Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
        return remove_in(tx, request.principal, retag, *id);
    };
    co_return co_await http::transact(database, request, std::move(work));
}

}  // namespace

std::vector<http::Route> routes(db::Database& database, Retag retag) {
    auto shared = std::make_shared<const Retag>(std::move(retag));
    return {
        {Method::get, "/api/tags", Access::user, [&database](Request& request) { return list(database, request); }},
        {Method::post, "/api/tags", Access::user, [&database](Request& request) { return create(database, request); }},
        {Method::patch, "/api/tags/{id}", Access::user,
         [&database, shared](Request& request) { return rename(database, *shared, request); }},
        {Method::del, "/api/tags/{id}", Access::user,
         [&database, shared](Request& request) { return remove(database, *shared, request); }},
    };
}

}  // namespace carillon::tag
