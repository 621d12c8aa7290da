#include "routes.hpp"

#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "repository.hpp"

#include <fmt/format.h>

#include <charconv>

namespace carillon::reminder {
namespace {

constexpr std::int64_t max_page = 100;
constexpr std::int64_t default_page = 50;

/// `<µs>.<id>`: opaque to clients.
std::string to_cursor(const Position& position) { return fmt::format("{}.{}", to_micros(position.time), position.id); }

std::optional<Position> parse_cursor(std::string_view text) {
    std::int64_t time = 0, id = 0;
    const char* const end = text.data() + text.size();
    const auto [dot, bad_time] = std::from_chars(text.data(), end, time);
    if (bad_time != std::errc{} || dot == end || *dot != '.') return std::nullopt;
    const auto [rest, bad_id] = std::from_chars(dot + 1, end, id);
    if (bad_id != std::errc{} || rest != end || id < 1) return std::nullopt;
    return Position{from_micros(time), id};
}

json::bj::value time_or_null(const std::optional<Time>& time) {
    return time ? json::bj::value(format_rfc3339(*time)) : json::bj::value(nullptr);
}

json::bj::object to_json(const Reminder& r) {
    return {{"id", r.id},
            {"task_id", r.task_id},
            {"title", r.title},
            {"fire_at", format_rfc3339(r.fire_at)},
            {"fired_at", time_or_null(r.fired_at)},
            {"state", to_string(r.state)},
            {"late", r.late},
            {"acknowledged_at", time_or_null(r.acknowledged_at)},
            {"due_date", time_or_null(r.due_at)}};
}

http::Response to_page(std::vector<Reminder> rows, const std::string& state, std::int64_t limit) {
    std::optional<std::string> next;
    if (static_cast<std::int64_t>(rows.size()) > limit) {
        rows.resize(static_cast<std::size_t>(limit));
        const auto& last = rows.back();
        next = to_cursor({state == "fired" ? *last.fired_at : last.fire_at, last.id});
    }
    json::bj::array items;
    for (const auto& row : rows) items.push_back(to_json(row));
    json::bj::object page{{"items", std::move(items)}, {"next_cursor", nullptr}};
    if (next) page["next_cursor"] = *next;
    auto response = http::Response::json(200, page);
    if (next) {
        response.with("Link",
                      fmt::format(R"(</api/reminders?state={}&limit={}&cursor={}>; rel="next")", state, limit, *next));
    }
    return response;
}

}  // namespace

std::vector<http::Route> Routes::table() {
    auto list_all = [this](http::Request& request) { return list(request); };
    auto hear = [this](http::Request& request) { return acknowledge(request); };
    return {{http::Method::get, "/api/reminders", http::Access::user, std::move(list_all)},
            {http::Method::post, "/api/reminders/{id}/acknowledge", http::Access::user, std::move(hear)}};
}

awaitable<http::Response> Routes::list(http::Request& request) {
    http::Query query{request};
    const std::string state = query.choice("state", {"fired", "pending"}).value_or("fired");
    const auto limit = query.integer("limit", 1, max_page).value_or(default_page);
    std::optional<Position> after;
    if (const auto cursor = query.text("cursor")) {
        after = parse_cursor(*cursor);
        if (!after) query.error("cursor", "is none that this list gave out");
    }
    if (const auto ok = query.finish(); !ok) co_return http::problem(ok.error());
    auto work = [&](db::Session& session) -> Result<std::vector<Reminder>> {
        const auto& user = request.principal.user_id;
        const int rows = static_cast<int>(limit) + 1;
        return state == "fired" ? repository::unseen(session, user, after, rows)
                                : repository::upcoming(session, user, after, rows);
    };
    auto rows = co_await database_.read(std::move(work));
    if (!rows) co_return http::problem(rows.error());
    co_return to_page(std::move(*rows), state, limit);
}

awaitable<http::Response> Routes::acknowledge(http::Request& request) {
    http::Query query{request};
    if (const auto ok = query.finish(); !ok) co_return http::problem(ok.error());
    const auto id = http::id_param(request);
    if (!id) co_return http::problem(id.error());
    std::function<Result<http::Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<http::Response> {
        const auto done = acknowledge_in(tx, request.principal, *id);
        if (!done) return done.error();
        return http::Response::no_content();
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

/// Fails with: not_found, conflict (it has not rung yet).
Result<void> Routes::acknowledge_in(db::Transaction& tx, const Principal& who, std::int64_t id) {
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    const auto reminder = repository::find(tx, who.user_id, id);
    if (!reminder || reminder->state == State::cancelled) return not_found();
    if (reminder->state == State::pending) return Error{Errc::conflict, "The reminder has not rung yet."};
    const Time now = clock_.now();
    if (!repository::acknowledge(tx, *reminder, now)) return {};
    const auto todo = tasks_.find_in(tx, who.user_id, reminder->task_id);
    outbox_.add(
        tx, who, "reminder.acknowledged", reminder->task_id,
        fmt::format(R"({{"taskId":{},"userId":"{}","reminderId":{},"acknowledgedAt":{},"todo":{}}})", reminder->task_id,
                    who.user_id, id, to_unix_seconds(now), todo ? task::to_json(*todo) : "null"));
    return {};
}

}  // namespace carillon::reminder
