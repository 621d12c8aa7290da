// /api/auth/me and change-password: the signed-in user's own account.
#include "service.hpp"

#include "carillon/http/transact.hpp"

#include <utility>

namespace carillon::identity {
namespace {

Error gone() { return {Errc::unauthenticated, "The account has been deleted."}; }

http::Response profile(const User& user) {
    return http::Response::json(200, to_profile(user)).with("Cache-Control", "no-store");
}

/// The request as it may be kept beside an Idempotency-Key: a fast hash of a body with passwords would undo argon2id.
http::Request without_secrets(const http::Request& request) {
    http::Request copy = request;
    copy.body.clear();
    return copy;
}

bool is_replayed(const http::Response& response) {
    for (const auto& header : response.headers) {
        if (header.name == "Idempotency-Replayed") return true;
    }
    return false;
}

}  // namespace

std::optional<Error> needs_session(const Principal& principal) {
    if (principal.token_id.empty()) return std::nullopt;
    return Error{Errc::forbidden, "An API token may not do this; sign in with the password."};
}

awaitable<Result<std::string>> Service::check_own_password(std::string user_id, std::string password,
                                                           std::string field) {
    std::string subject = "password of " + user_id;
    auto attempt = co_await throttle_.take(std::move(subject), options_.wrong_passwords_per_account);
    if (!attempt) co_return attempt.error();
    auto look = [&](db::Session& session) -> Result<std::string> {
        return Repository(session).password_hash(user_id).value_or("");
    };
    auto stored = co_await database_.read(std::move(look));
    if (!stored) co_return stored.error();
    const auto verdict = co_await passwords_.verify(*stored, std::move(password));
    if (verdict && !verdict->matches) co_return invalid({{std::move(field), "is not the password"}});
    co_await throttle_.give_back(std::move(*attempt));
    if (!verdict) co_return verdict.error();
    co_return std::move(*stored);
}

awaitable<http::Response> Service::change_password(http::Request& request) {
    const Principal& who = request.principal;
    if (const auto refused = needs_session(who)) co_return http::problem(*refused);
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    auto find = [&](db::Session& session) -> Result<User> {
        const auto user = Repository(session).user(who.user_id);
        if (!user) return gone();
        return *user;
    };
    const auto user = co_await database_.read(std::move(find));
    if (!user) co_return http::problem(user.error());

    json::Fields fields(*body);
    const auto current = read_password(fields, "current_password");
    fields.required("new_password");
    const auto chosen = fields.text("new_password", {0, 1024, false, false});
    if (chosen) {
        if (const auto problem = password_problem(*chosen, user->email, user->name))
            fields.error("new_password", *problem);
        if (chosen == current) fields.error("new_password", "must differ from the current one");
    }
    if (const auto done = fields.finish(); !done) co_return http::problem(done.error());

    // A repeat after success finds the current password changed already: then its key decides, in transact().
    const std::string current_field = "current_password", key_field = "Idempotency-Key";
    const auto verified = co_await check_own_password(who.user_id, *current, current_field);
    const bool repeat =
        !verified && verified.error().code == Errc::invalid && !request.header("Idempotency-Key").empty();
    if (!verified && !repeat) co_return http::problem(verified.error());
    Result<std::string> hash = std::string();
    if (verified) hash = co_await passwords_.hash(*chosen);
    if (!hash) co_return http::problem(hash.error());

    std::function<Result<http::Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<http::Response> {
        if (!verified) return verified.error();
        Repository rows(tx);
        if (!rows.replace_hash(who.user_id, *verified, *hash, clock_.now())) {
            return Error{Errc::conflict, "The password was changed by another request."};
        }
        for (const auto& id : rows.end_sessions_except(who.user_id, who.session_id)) revoke_in(tx, who.user_id, id);
        return http::Response::no_content();
    };
    const auto kept = without_secrets(request);
    auto response = co_await http::transact(database_, kept, std::move(work));
    if (!is_replayed(response)) co_return response;
    // The kept record cannot tell one new password from another, the account can.
    const auto same = co_await check_own_password(who.user_id, *chosen, key_field);
    if (!same && same.error().code == Errc::invalid) {
        co_return http::problem(invalid({{"Idempotency-Key", "was used with another body"}}));
    }
    if (!same) co_return http::problem(same.error());
    co_return response;
}

awaitable<http::Response> Service::get_me(http::Request& request) {
    if (const auto fine = no_query(request); !fine) co_return http::problem(fine.error());
    auto work = [&](db::Session& session) -> Result<http::Response> {
        const auto user = Repository(session).user(request.principal.user_id);
        if (!user) return gone();
        return profile(*user);
    };
    auto response = co_await database_.read(std::move(work));
    if (!response) co_return http::problem(response.error());
    co_return std::move(*response);
}

awaitable<http::Response> Service::patch_me(http::Request& request) {
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    if (body->contains("email")) {
        if (const auto refused = needs_session(request.principal)) co_return http::problem(*refused);
    }
    std::function<Result<http::Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<http::Response> {
        Repository rows(tx);
        auto user = rows.lock_user(request.principal.user_id);
        if (!user) return gone();
        const auto changed = patch_user(std::move(*user), *body);
        if (!changed) return changed.error();
        try {
            if (!rows.update_user(*changed)) return email_taken();
        } catch (const db::DatabaseError& e) {  // another replica took the address between the look and the change
            if (e.kind() != db::DatabaseError::Kind::unique) throw;
            return email_taken();
        }
        return profile(*changed);
    };
    co_return co_await http::transact(database_, request, std::move(work));
}

// No Idempotency-Key is looked at: the account and all its tokens are gone, so that a repeat is a 401.
awaitable<http::Response> Service::delete_me(http::Request& request) {
    const std::string user_id = request.principal.user_id;
    if (const auto refused = needs_session(request.principal)) co_return http::problem(*refused);
    const auto body = body_of(request);
    if (!body) co_return http::problem(body.error());
    json::Fields fields(*body);
    const auto password = read_password(fields, "password");
    if (const auto done = fields.finish(); !done) co_return http::problem(done.error());
    const std::string field = "password";
    const auto verified = co_await check_own_password(user_id, *password, field);
    if (!verified) co_return http::problem(verified.error());

    auto work = [&](db::Transaction& tx) -> Result<bool> {
        Repository rows(tx);
        if (!rows.lock_user(user_id)) return gone();
        for (const auto& erase : erase_) erase(tx, user_id);
        rows.erase_user(user_id, clock_.now());
        revoke_in(tx, user_id, "");
        return true;
    };
    const auto done = co_await database_.write(std::move(work));
    if (!done) co_return http::problem(done.error());
    auto response = http::Response::no_content();
    clear_refresh_cookie(response, request, options_);
    co_return response;
}

}  // namespace carillon::identity
