#include "proof_routes.hpp"

#include "proofs.hpp"

#include <limits>

namespace carillon::audit {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t most_exported = 10'000;

Response reply(Result<Response> result) { return result ? std::move(*result) : http::problem(result.error()); }

}  // namespace

std::vector<http::Route> proof_routes(db::Database& database, std::shared_ptr<const Checkpointer> checkpointer) {
    const auto get_checkpoint = [&database, checkpointer](Request& request) -> awaitable<Response> {
        if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
        auto work = [&](db::Session& session) { return checkpoint_answer(session, checkpointer->verifiers()); };
        auto result = co_await database.read(std::move(work));
        co_return reply(std::move(result));
    };
    const auto get_proof = [&database](Request& request) -> awaitable<Response> {
        if (auto sound = http::Query(request).finish(); !sound) co_return http::problem(sound.error());
        const auto id = http::id_param(request);
        if (!id) co_return http::problem(id.error());
        auto work = [&](db::Session& session) { return proof_answer(session, request.principal.user_id, *id); };
        auto result = co_await database.read(std::move(work));
        co_return reply(std::move(result));
    };
    const auto get_consistency = [&database](Request& request) -> awaitable<Response> {
        http::Query query(request);
        const auto from = query.integer("from", 1, largest);
        const auto to = query.integer("to", 1, largest);
        if (!from) query.error("from", "is required");
        if (auto sound = query.finish(); !sound) co_return http::problem(sound.error());
        auto work = [&](db::Session& session) { return consistency_answer(session, *from, to); };
        auto result = co_await database.read(std::move(work));
        co_return reply(std::move(result));
    };
    const auto get_export = [&database](Request& request) -> awaitable<Response> {
        http::Query query(request);
        const auto after = query.integer("after", 0, largest).value_or(0);
        const auto limit = static_cast<int>(query.integer("limit", 1, most_exported).value_or(most_exported));
        if (auto sound = query.finish(); !sound) co_return http::problem(sound.error());
        auto work = [&](db::Session& session) -> Result<Response> {
            return export_answer(session, request.principal.user_id, after, limit);
        };
        auto result = co_await database.read(db::ReadKind::scan, std::move(work));
        co_return reply(std::move(result));
    };
    return {
        {Method::get, "/api/audit/checkpoint", Access::user, get_checkpoint},
        {Method::get, "/api/audit/consistency", Access::user, get_consistency},
        {Method::get, "/api/audit/export", Access::user, get_export},
        {Method::get, "/api/audit/{id}/proof", Access::user, get_proof},
    };
}

}  // namespace carillon::audit
