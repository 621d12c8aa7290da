#include "routes.hpp"

#include "audit/entries.hpp"
#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "carillon/log.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <limits>

namespace carillon::audit {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

const std::vector<std::string_view> event_types{"task.created",         "task.updated",  "task.completed",
                                                "task.deleted",         "task.restored", "reminder.triggered",
                                                "reminder.acknowledged"};
constexpr std::int64_t default_limit = 50, most = 200;

std::string encode(const Cursor& cursor) {
    return std::to_string(to_micros(cursor.created_at)) + "." + std::to_string(cursor.position);
}

std::optional<Cursor> decode(std::string_view text) {
    std::int64_t created = 0, position = 0;
    const auto* const end = text.data() + text.size();
    const auto [dot, bad_time] = std::from_chars(text.data(), end, created);
    if (bad_time != std::errc{} || dot == end || *dot != '.') return std::nullopt;
    const auto [rest, bad_position] = std::from_chars(dot + 1, end, position);
    if (bad_position != std::errc{} || rest != end || position < 1) return std::nullopt;
    return Cursor{from_micros(created), position};
}

Result<Filter> read_filter(const Request& request) {
    http::Query query(request);
    Filter filter;
    filter.task_id = query.integer("task_id", 1, std::numeric_limits<std::int64_t>::max());
    filter.type = query.choice("event_type", event_types);
    filter.after = query.instant("after");
    filter.before = query.instant("before");
    filter.limit = static_cast<int>(query.integer("limit", 1, most).value_or(default_limit));
    if (const auto cursor = query.text("cursor")) {
        filter.cursor = decode(*cursor);
        if (!filter.cursor) query.error("cursor", "is not a cursor of this list");
    }
    if (auto sound = query.finish(); !sound) return sound.error();
    return filter;
}

/// Made from what was read, so that nothing in it needs escaping.
std::string link_to_next(const Filter& filter, const Cursor& cursor) {
    std::string link = "</api/audit?";
    if (filter.task_id) link += "task_id=" + std::to_string(*filter.task_id) + "&";
    if (filter.type) link += "event_type=" + *filter.type + "&";
    if (filter.after) link += "after=" + format_rfc3339(*filter.after) + "&";
    if (filter.before) link += "before=" + format_rfc3339(*filter.before) + "&";
    return link + "limit=" + std::to_string(filter.limit) + "&cursor=" + encode(cursor) + ">; rel=\"next\"";
}

void append_entry(std::string& out, const Entry& entry) {
    out.append("{\"id\":").append(std::to_string(entry.position));
    out.append(",\"task_id\":").append(std::to_string(entry.task_id));
    json::append_string(out += ",\"event_type\":", entry.type);
    out.append(",\"payload\":").append(entry.payload ? *entry.payload : "null");
    json::append_string(out += ",\"created_at\":", format_rfc3339(entry.created_at));
    out.append(",\"sequence\":").append(std::to_string(entry.sequence));
    json::append_string(out += ",\"actor\":", entry.actor);
    out += '}';
}

/// Reads one entry more than asked for, to know whether there is a next page.
Response page(db::Session& session, const std::string& user_id, Filter filter) {
    const auto limit = static_cast<std::size_t>(filter.limit++);
    auto entries = list(session, user_id, filter);
    --filter.limit;
    const bool more = entries.size() > limit;
    if (more) entries.resize(limit);
    std::string body = "[";
    for (const auto& entry : entries) {
        if (body.size() > 1) body += ',';
        append_entry(body, entry);
    }
    auto response = Response::json(200, body + "]");
    if (more) response.with("Link", link_to_next(filter, {entries.back().created_at, entries.back().position}));
    return response;
}

/// The `todo` of a state entry: an object, or null where the task was deleted. Fails with: conflict (erased).
Result<boost::json::value> todo_of(const Entry& state) {
    if (!state.payload) return Error{Errc::conflict, "The content of this entry has been erased."};
    auto payload = json::parse(*state.payload);
    if (payload && payload->is_object()) {
        if (auto* todo = payload->get_object().if_contains("todo")) return std::move(*todo);
    }
    log::error("an audit entry holds no state", {{"position", state.position}});
    return Error{Errc::internal, "The entry could not be read."};
}

Result<Response> state_after(db::Session& session, const std::string& user_id, std::int64_t position) {
    const auto entry = find(session, user_id, position);
    if (!entry) return not_found("There is no such entry.");
    const auto state = last_state(session, user_id, entry->task_id, entry->sequence);
    if (!state || !state->payload) return not_found("There is no state of this entry.");
    const auto todo = todo_of(*state);
    if (!todo) return todo.error();
    return Response::json(200, "{\"todo\":" + boost::json::serialize(*todo) + "}");
}

Result<Response> revert(db::Transaction& tx, task::TaskService& tasks, const Principal& who, std::int64_t position) {
    const auto entry = find(tx, who.user_id, position);
    if (!entry) return not_found("There is no such entry.");
    const auto before = last_state(tx, who.user_id, entry->task_id, entry->sequence - 1);
    if (!before) return Error{Errc::conflict, "There was no task before this entry; delete the task instead."};
    const auto todo = todo_of(*before);
    if (!todo) return todo.error();
    if (!todo->is_object()) return Error{Errc::conflict, "The task was deleted before this entry; delete it instead."};
    const auto state = task::todo_from_json(todo->get_object());
    if (!state) return state.error();
    const auto reverted = tasks.revert_in(tx, who, entry->task_id, *state);
    if (!reverted && reverted.error().code == Errc::not_found) {
        return Error{Errc::conflict, "The task was deleted too long ago to be brought back."};
    }
    if (!reverted) return reverted.error();
    auto response = Response::json(200, task::to_json(*reverted));
    response.with("ETag", "\"" + std::to_string(reverted->version) + "\"");
    return response;
}

Response reply(Result<Response> result) { return result ? std::move(*result) : http::problem(result.error()); }

/// Nothing in the query, and no body or an empty object.
Result<void> no_input(const Request& request) {
    if (auto sound = http::Query(request).finish(); !sound) return sound;
    if (request.body.empty()) return {};
    const auto body = json::parse_body(request.body, request.header("Content-Type"));
    if (!body) return body.error();
    return json::Fields(*body).finish();
}

}  // namespace

std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks) {
    const auto get_page = [&database](Request& request) -> awaitable<Response> {
        const auto filter = read_filter(request);
        if (!filter) co_return http::problem(filter.error());
        auto work = [&](db::Session& session) -> Result<Response> {
            return page(session, request.principal.user_id, *filter);
        };
        auto result = co_await database.read(std::move(work));
        co_return reply(std::move(result));
    };
    const auto get_state = [&database](Request& request) -> awaitable<Response> {
        if (auto sound = no_input(request); !sound) co_return http::problem(sound.error());
        const auto id = http::id_param(request);
        if (!id) co_return http::problem(id.error());
        auto work = [&](db::Session& session) { return state_after(session, request.principal.user_id, *id); };
        auto result = co_await database.read(std::move(work));
        co_return reply(std::move(result));
    };
    const auto post_revert = [&database, &tasks](Request& request) -> awaitable<Response> {
        if (auto sound = no_input(request); !sound) co_return http::problem(sound.error());
        const auto id = http::id_param(request);
        if (!id) co_return http::problem(id.error());
        std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) {
            return revert(tx, tasks, request.principal, *id);
        };
        co_return co_await http::transact(database, request, std::move(work));
    };
    return {
        {Method::get, "/api/audit", Access::user, get_page},
        {Method::get, "/api/audit/{id}/state", Access::user, get_state},
        {Method::post, "/api/audit/{id}/revert", Access::user, post_revert},
    };
}

}  // namespace carillon::audit
