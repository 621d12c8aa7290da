// /api/auth/sessions and /api/tokens: what acts in the user's name; and the module's route table.
#include "service.hpp"

#include "carillon/http/transact.hpp"
#include "carillon/ids.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <utility>

namespace carillon::identity {
namespace {

namespace bj = boost::json;
using Work = std::function<Result<http::Response>(db::Transaction&)>;

constexpr std::int64_t max_tokens = 100;
constexpr std::size_t max_token_name = 100;

bj::value instant_or_null(const std::optional<Time>& time) {
    return time ? bj::value(format_rfc3339(*time)) : bj::value(nullptr);
}

bj::object to_json(const Session& session, bool current) {
    return {{"id", session.id},
            {"created_at", format_rfc3339(session.created_at)},
            {"last_used_at", format_rfc3339(session.last_used_at)},
            {"expires_at", format_rfc3339(session.expires_at)},
            {"user_agent", session.user_agent},
            {"address", session.address},
            {"current", current}};
}

bj::object to_json(const ApiToken& token) {
    return {{"id", token.id},
            {"name", token.name},
            {"created_at", format_rfc3339(token.created_at)},
            {"expires_at", instant_or_null(token.expires_at)},
            {"last_used_at", instant_or_null(token.last_used_at)}};
}

http::Response list(bj::array items) { return http::Response::json(200, {{"items", std::move(items)}}); }

}  // namespace

awaitable<http::Response> Service::list_sessions(http::Request& request) {
    if (const auto fine = no_query(request); !fine) co_return http::problem(fine.error());
    auto work = [&](db::Session& db) -> Result<bj::array> {
        bj::array items;
        for (const auto& session : Repository(db).sessions(request.principal.user_id, clock_.now())) {
            items.push_back(to_json(session, session.id == request.principal.session_id));
        }
        return items;
    };
    auto items = co_await database_.read(std::move(work));
    if (!items) co_return http::problem(items.error());
    co_return list(std::move(*items));
}

awaitable<http::Response> Service::end_other_sessions(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    Work work = [&](db::Transaction& tx) -> Result<http::Response> {
        for (const auto& id : Repository(tx).end_sessions_except(who.user_id, who.session_id))
            revoke_in(tx, who.user_id, id);
        return http::Response::no_content();
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

awaitable<http::Response> Service::end_one_session(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    const std::string id = request.params.at(0);
    if (!is_uuid(id)) co_return http::problem(not_found());
    Work work = [&](db::Transaction& tx) -> Result<http::Response> {
        if (!Repository(tx).end_session(who.user_id, id)) return not_found();
        revoke_in(tx, who.user_id, id);
        return http::Response::no_content();
    };
    auto response = co_await http::transact(database_, request, std::move(work));
    if (response.status == 204 && id == who.session_id) clear_refresh_cookie(response, request, options_);
    co_return response;
}

awaitable<http::Response> Service::list_tokens(http::Request& request) {
    if (const auto fine = no_query(request); !fine) co_return http::problem(fine.error());
    auto work = [&](db::Session& db) -> Result<bj::array> {
        bj::array items;
        for (const auto& token : Repository(db).tokens(request.principal.user_id)) items.push_back(to_json(token));
        return items;
    };
    auto items = co_await database_.read(std::move(work));
    if (!items) co_return http::problem(items.error());
    co_return list(std::move(*items));
}

awaitable<http::Response> Service::create_token(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    const Time now = clock_.now();
    json::Fields fields(*body);
    fields.required("name");
    const auto name = fields.text("name", {1, max_token_name, false, true});
    std::optional<Time> expires;
    if (!fields.has_null("expires_at")) expires = fields.instant("expires_at");
    if (expires && *expires <= now) fields.error("expires_at", "must be in the future");
    if (const auto done = fields.finish(); !done) co_return http::problem(done.error());

    const ApiToken token{who.user_id, uuid_v7(now), *name, now, expires, {}};
    const std::string secret = "car_" + random_token(32);
    Work work = [&](db::Transaction& tx) -> Result<http::Response> {
        Repository rows(tx);
        rows.lock_user(who.user_id);
        if (rows.count_tokens(who.user_id) >= max_tokens)
            return Error{Errc::conflict, "There are 100 API tokens already."};
        rows.add_token(token, sha256_hex(secret));
        auto answer = to_json(token);
        answer["token"] = secret;
        auto response = http::Response::json(201, answer);
        response.with("Location", "/api/tokens/" + token.id).with("Cache-Control", "no-store").secrets = {"token"};
        return response;
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

awaitable<http::Response> Service::remove_token(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    const std::string id = request.params.at(0);
    if (!is_uuid(id)) co_return http::problem(not_found());
    Work work = [&](db::Transaction& tx) -> Result<http::Response> {
        if (!Repository(tx).remove_token(who.user_id, id)) return not_found();
        revoke_in(tx, who.user_id, id);
        return http::Response::no_content();
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

awaitable<http::Response> Service::remove_all_tokens(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    if (const auto fine = no_fields(request); !fine) co_return http::problem(fine.error());
    Work work = [&](db::Transaction& tx) -> Result<http::Response> {
        Repository rows(tx);
        for (const auto& token : rows.tokens(who.user_id)) {
            if (rows.remove_token(who.user_id, token.id)) revoke_in(tx, who.user_id, token.id);
        }
        return http::Response::no_content();
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

std::vector<http::Route> Service::routes() {
    using http::Access;
    using http::Method;
    const auto to = [this](awaitable<http::Response> (Service::*handle)(http::Request&)) -> http::Handler {
        return [this, handle](http::Request& request) { return (this->*handle)(request); };
    };
    return {
        {Method::post, "/api/auth/sign-up", Access::open, to(&Service::post_sign_up)},
        {Method::post, "/api/auth/sign-in", Access::open, to(&Service::post_sign_in)},
        {Method::post, "/api/auth/refresh", Access::open, to(&Service::post_refresh)},
        {Method::post, "/api/auth/sign-out", Access::open, to(&Service::post_sign_out)},
        {Method::post, "/api/auth/change-password", Access::user, to(&Service::change_password)},
        {Method::get, "/api/auth/me", Access::user, to(&Service::get_me)},
        {Method::patch, "/api/auth/me", Access::user, to(&Service::patch_me)},
        {Method::del, "/api/auth/me", Access::user, to(&Service::delete_me)},
        {Method::get, "/api/auth/sessions", Access::user, to(&Service::list_sessions)},
        {Method::del, "/api/auth/sessions", Access::user, to(&Service::end_other_sessions)},
        {Method::del, "/api/auth/sessions/{id}", Access::user, to(&Service::end_one_session)},
        {Method::get, "/api/tokens", Access::user, to(&Service::list_tokens)},
        {Method::post, "/api/tokens", Access::user, to(&Service::create_token)},
        {Method::del, "/api/tokens", Access::user, to(&Service::remove_all_tokens)},
        {Method::del, "/api/tokens/{id}", Access::user, to(&Service::remove_token)},
    };
}

}  // namespace carillon::identity
