// POST /api/parse and POST /api/chat.
#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "carillon/time/zone.hpp"
#include "chat/chat.hpp"
#include "chat/quick_add.hpp"
#include "identity/identity.hpp"
#include "talk.hpp"

#include <memory>

namespace carillon::chat {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

/// A line as it was sent: white space and control characters are the parser's business.
std::optional<std::string> read_text(json::Fields& fields, std::string_view name) {
    fields.required(name);
    const auto* value = fields.value(name);
    if (!value) return std::nullopt;
    if (!value->is_string()) {
        fields.error(name, "must be text");
        return std::nullopt;
    }
    std::string text(value->get_string());
    if (text::length(text) <= max_line) return text;
    fields.error(name, "must be at most 2000 characters");
    return std::nullopt;
}

std::optional<std::string> read_zone(json::Fields& fields) {
    auto zone = fields.text("zone", {0, 1024, false, false});
    if (zone && !is_time_zone(*zone)) fields.error("zone", "must be an IANA time zone such as Europe/Berlin");
    return zone;
}

std::optional<Conversation> read_state(json::Fields& fields) {
    if (fields.has_null("state")) return Conversation{};
    const auto state = fields.text("state", {0, longest_state, false, false});
    if (!state) return Conversation{};
    auto conversation = decode(*state);
    if (!conversation) fields.error("state", "is not one of an earlier answer");
    return conversation;
}

std::string_view name_of(Outcome outcome) {
    constexpr std::string_view names[] = {"answered", "done", "asks", "refused"};
    return names[static_cast<int>(outcome)];
}

Response to_response(const Answer& answer) {
    std::string body = "{\"outcome\":\"" + std::string(name_of(answer.outcome)) + "\",\"reply\":";
    json::append_string(body, answer.reply);
    body += ",\"todos\":[";
    for (const auto& todo : answer.todos) body += (body.back() == '[' ? "" : ",") + task::to_json(todo);
    body += "],\"choices\":[";
    for (const auto& choice : answer.choices) {
        if (body.back() != '[') body += ',';
        json::append_string(body, choice);
    }
    body += "],\"can_undo\":" + std::string(answer.conversation.undo.empty() ? "false" : "true") + ",\"state\":";
    json::append_string(body, encode(answer.conversation));
    return Response::json(200, body + "}");
}

class Routes {
public:
    Routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity, const Clock& clock)
        : database_(database), tasks_(tasks), identity_(identity), clock_(clock) {}

    awaitable<Response> parse(Request& request) {
        if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        json::Fields fields(*body);
        const auto text = read_text(fields, "text");
        const auto now = fields.instant("now");
        auto zone = read_zone(fields);
        if (auto sound = fields.finish(); !sound) co_return http::problem(sound.error());
        if (!zone) {
            auto look = [&](db::Session& session) { return zone_in(session, request.principal.user_id); };
            auto own = co_await database_.read(std::move(look));
            if (!own) co_return http::problem(own.error());
            zone = std::move(*own);
        }
        const auto parsed = quick_add(*text, now.value_or(clock_.now()), *zone);
        co_return Response::json(200, to_json(parsed, *zone));
    }

    awaitable<Response> talk_to(Request& request) {
        if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
        const auto body = json::parse_body(request.body, request.header("Content-Type"));
        if (!body) co_return http::problem(body.error());
        json::Fields fields(*body);
        const auto message = read_text(fields, "message");
        const auto zone = read_zone(fields);
        const auto conversation = read_state(fields);
        if (auto sound = fields.finish(); !sound) co_return http::problem(sound.error());
        Principal who = request.principal;
        who.actor = "chat";
        std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<Response> {
            auto own = zone_in(tx, who.user_id);
            if (!own) return own.error();
            const std::string here = zone.value_or(*own);
            const Present present(clock_.now(), here);
            const auto answer = talk(tx, tasks_, who, present, *conversation, *message);
            if (!answer) return answer.error();
            return to_response(*answer);
        };
        co_return co_await http::transact(database_, request, std::move(work));
    }

private:
    Result<std::string> zone_in(db::Session& session, const std::string& user_id) {
        const auto settings = identity_.settings_in(session, user_id);
        return settings ? settings->timezone : "UTC";  // the account was deleted since the request was let in
    }

    db::Database& database_;
    task::TaskService& tasks_;
    identity::Identity& identity_;
    const Clock& clock_;
};

}  // namespace

std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity,
                                const Clock& clock) {
    auto routes = std::make_shared<Routes>(database, tasks, identity, clock);
    return {
        {Method::post, "/api/parse", Access::user, [routes](Request& request) { return routes->parse(request); }},
        {Method::post, "/api/chat", Access::user, [routes](Request& request) { return routes->talk_to(request); }},
    };
}

}  // namespace carillon::chat
