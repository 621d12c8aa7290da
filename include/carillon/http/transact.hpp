// One unsafe request, one transaction: the change, its events and the Idempotency-Key record commit together.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "carillon/http/message.hpp"

#include <functional>

namespace carillon::http {

/// Runs `work` in a write transaction and answers what it returns; an Error rolls back and becomes a problem.
/// With `Idempotency-Key` (1..255 visible ASCII characters, section 2 of draft-ietf-httpapi-idempotency-key-header):
/// the first successful answer is stored with the change for 30 days and given again with `Idempotency-Replayed: true`;
/// the same key with another method, path or body is 422; while the first is still running 409 with Retry-After.
/// Secrets of the answer (Response::secrets) and cookies are not stored. Scope of a key: request.principal.user_id.
/// `work` must not be a temporary of the co_await expression.
awaitable<Response> transact(db::Database& database, const Request& request,
                             std::function<Result<Response>(db::Transaction&)> work);

/// Removes a user's stored answers, for an account that is deleted.
void erase_idempotency_in(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::http
