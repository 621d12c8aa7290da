// From a request's head to its answer, without sockets: target, route, access, handler, and what every answer carries.
#pragma once

#include "carillon/http/server.hpp"
#include "proxies.hpp"
#include "route_table.hpp"

namespace carillon::http {

/// One request on its way.
struct Call {
    Request request;
    const Endpoint* endpoint = nullptr;     ///< whose metrics count it
    const UpgradeRoute* upgrade = nullptr;  ///< the connection is to be handed over
    std::optional<Response> answer;         ///< known already, without handler and body
    std::string_view origin;                ///< of an allowed origin (CORS), in the options
    bool head_only = false;
    bool misframed = false;  ///< nobody can tell where the request ends, so the connection must
};

/// Immutable once made; shared by all threads.
class Dispatcher {
public:
    Dispatcher(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Authenticator authenticate,
               const Clock& clock, Metrics& metrics, ServerOptions options);

    const Limits& limits() const noexcept { return options_.limits; }
    const Endpoint& nowhere() const noexcept { return table_.nowhere(); }
    /// Everything that can be said before the body is read. `address` is `peer` as text.
    Call begin(const BeastRequest& head, const boost::asio::ip::address& peer, const std::string& address,
               bool has_body) const;
    /// Checks the credentials where the route asks for it: a refusal, or nothing.
    awaitable<std::optional<Response>> authorize(Call& call) const;
    /// Runs the handler. Never throws: a defect is logged and answered 500.
    awaitable<Response> handle(Call& call) const;
    /// What every answer gets, refusals too.
    void finish(const Call& call, Response& answer) const;

private:
    std::optional<Response> route(Call& call, const BeastRequest& head, bool has_body) const;
    std::optional<Response> read_queued_at(Request& request) const;
    std::optional<Response> preflight(const Call& call, const Resource& resource) const;
    void find_client(Request& request, const boost::asio::ip::address& peer, const std::string& address) const;

    ServerOptions options_;
    TrustedProxies proxies_;
    Authenticator authenticate_;
    const Clock& clock_;
    RouteTable table_;
};

}  // namespace carillon::http
