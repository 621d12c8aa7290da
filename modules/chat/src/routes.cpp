// POST /api/parse and POST /api/chat.
#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "carillon/time/zone.hpp"
#include "chat/chat.hpp"
#include "chat/quick_add.hpp"
#include "identity/identity.hpp"

#include <memory>

namespace carillon::chat {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

/// A line as it was sent: white space and control characters are the parser's business.
std::optional<std::string> read_text(json::Fields& fields) {
    fields.required("text");
    const auto* value = fields.value("text");
    if (!value) return std::nullopt;
    if (!value->is_string()) {
        fields.error("text", "must be text");
        return std::nullopt;
    }
    std::string text(value->get_string());
    if (text::length(text) <= max_line) return text;
    fields.error("text", "must be at most 2000 characters");
    return std::nullopt;
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
        const auto text = read_text(fields);
        const auto now = fields.instant("now");
        auto zone = fields.text("zone", {0, 1024, false, false});
        if (zone && !is_time_zone(*zone)) fields.error("zone", "must be an IANA time zone such as Europe/Berlin");
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

private:
    Result<std::string> zone_in(db::Session& session, const std::string& user_id) {
        const auto settings = identity_.settings_in(session, user_id);
        return settings ? settings->timezone : "UTC";  // the account was deleted since the request was let in
    }

    db::Database& database_;
    [[maybe_unused]] task::TaskService& tasks_;
    identity::Identity& identity_;
    const Clock& clock_;
};

}  // namespace

std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity,
                                const Clock& clock) {
    auto routes = std::make_shared<Routes>(database, tasks, identity, clock);
    return {
        {Method::post, "/api/parse", Access::user, [routes](Request& request) { return routes->parse(request); }},
    };
}

}  // namespace carillon::chat
