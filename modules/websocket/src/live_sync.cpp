#include "carillon/http/transact.hpp"
#include "carillon/log.hpp"
#include "hub.hpp"
#include "origin.hpp"
#include "session.hpp"
#include "tickets.hpp"
#include "websocket/websocket.hpp"

#include <boost/json/serialize.hpp>

#include <limits>

namespace carillon::websocket {
namespace {

/// An upgrade's query: who it is, unless the first message is to say so. Fails with: invalid, unauthenticated.
Result<std::optional<Credentials>> credentials_in(const http::Request& request) {
    http::Query query{request};
    const auto token = query.text("token");
    const auto ticket = query.text("ticket");
    Credentials read;
    read.last_sequence = query.integer("last_sequence", 0, std::numeric_limits<std::int64_t>::max());
    if (token && ticket) query.error("ticket", "must not stand beside token");
    if (const auto ok = query.finish(); !ok) return ok.error();
    if (!token && !ticket) {
        if (!read.last_sequence) return std::nullopt;
        return invalid({{"last_sequence", "stands in the message that signs in, or beside token or ticket"}});
    }
    read.token = token.value_or("");
    read.ticket = ticket.value_or("");
    if (read.token.empty() && read.ticket.empty()) return Error{Errc::unauthenticated, "The token is empty."};
    return read;
}

class Live final : public LiveSync {
public:
    Live(db::Database& database, EventBus& bus, identity::Identity& identity, const Clock& clock, Metrics& metrics,
         Options options)
        : hub_(std::make_shared<Hub>(database, identity, clock, metrics, std::move(options))) {
        bus.listen({[hub = hub_](std::shared_ptr<const Event> event) { hub->publish(event); },
                    [hub = hub_](std::string_view user) { return hub->has_sockets_of(user); }});
        identity.on_revoked(
            [hub = hub_](const std::string& user, const std::string& credential) { hub->revoke(user, credential); });
        identity.on_account_deleted(
            [](db::Transaction& tx, const std::string& user) { forget_tickets_in(tx, user, {}); });
    }

    std::vector<http::Route> routes() override {
        auto issue = [this](http::Request& request) { return issue_ticket(request); };
        return {{http::Method::post, "/api/ws-ticket", http::Access::user, std::move(issue)}};
    }

    std::vector<http::UpgradeRoute> upgrades() override {
        auto handle = [this](http::Request request, http::BeastRequest raw, asio::ip::tcp::socket socket) {
            return upgrade(std::move(request), std::move(raw), std::move(socket));
        };
        return {{"/ws/tasks", std::move(handle)}};
    }

    awaitable<void> drain() override { return hub_->drain(std::chrono::seconds{3}); }

private:
    awaitable<http::Response> issue_ticket(http::Request& request) {
        http::Query query{request};
        if (const auto ok = query.finish(); !ok) co_return http::problem(ok.error());
        std::function<Result<http::Response>(db::Transaction&)> work =
            [this, &request](db::Transaction& tx) -> Result<http::Response> {
            const Ticket ticket = issue_ticket_in(tx, request.principal, hub_->clock.now());
            auto answer = http::Response::json(
                201, boost::json::object{{"ticket", ticket.secret}, {"expires_at", format_rfc3339(ticket.expires_at)}});
            answer.with("Cache-Control", "no-store").secrets = {"ticket"};
            return answer;
        };
        co_return co_await http::transact(hub_->database, request, std::move(work));
    }

    /// What must be wrong before a socket is opened. Fails with: forbidden, invalid, unauthenticated, unavailable.
    awaitable<Result<std::optional<Hub::SignedIn>>> admit(const http::Request& request,
                                                          std::optional<std::int64_t>& last) {
        if (!origin_allowed(request.header("Origin"), request.header("Host"), hub_->options.allowed_origins)) {
            co_return Error{Errc::forbidden, "Pages of this origin may not connect."};
        }
        auto credentials = credentials_in(request);
        if (!credentials) co_return credentials.error();
        if (!*credentials) co_return std::optional<Hub::SignedIn>{};
        last = (*credentials)->last_sequence;
        auto signed_in = co_await hub_->authenticate(std::move(**credentials));
        if (!signed_in) co_return signed_in.error();
        co_return std::optional<Hub::SignedIn>{std::move(*signed_in)};
    }

    awaitable<void> upgrade(http::Request request, http::BeastRequest raw, asio::ip::tcp::socket socket) {
        std::optional<std::int64_t> last;
        auto admitted = co_await admit(request, last);
        if (admitted && !hub_->enter()) {
            admitted = Error{Errc::unavailable, "Too many connections, or the server stops."};
        }
        if (!admitted) {
            auto refusal = http::problem(admitted.error());
            co_await http::refuse_upgrade(std::move(socket), std::move(refusal));
            co_return;
        }
        const auto executor = socket.get_executor();
        const auto session =
            std::make_shared<Session>(hub_, hub_->shard_for(executor), std::move(socket), std::move(*admitted), last);
        // On its own, so that the connection's frames and buffers are freed.
        asio::co_spawn(executor, session->run(std::move(raw)), asio::detached);
    }

    std::shared_ptr<Hub> hub_;
};

}  // namespace

std::unique_ptr<LiveSync> make_live_sync(db::Database& database, EventBus& bus, identity::Identity& identity,
                                         const Clock& clock, Metrics& metrics, Options options) {
    return std::make_unique<Live>(database, bus, identity, clock, metrics, std::move(options));
}

}  // namespace carillon::websocket
