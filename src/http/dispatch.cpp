#include "dispatch.hpp"

#include "carillon/log.hpp"
#include "carillon/text.hpp"
#include "problem.hpp"
#include "target.hpp"
#include "trace.hpp"

#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace carillon::http {
namespace {

namespace bh = boost::beast::http;
using boost::beast::iequals;

constexpr std::chrono::hours longest_queued{24 * 30};
constexpr std::chrono::minutes clock_skew{5};

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

std::optional<Method> to_method(bh::verb verb) {
    switch (verb) {
        case bh::verb::get:
            return Method::get;
        case bh::verb::head:
            return Method::head;
        case bh::verb::post:
            return Method::post;
        case bh::verb::put:
            return Method::put;
        case bh::verb::patch:
            return Method::patch;
        case bh::verb::delete_:
            return Method::del;
        case bh::verb::options:
            return Method::options;
        default:
            return std::nullopt;
    }
}

bool wants_websocket(const BeastRequest& head) {
    return head.method() == bh::verb::get && iequals(head[bh::field::upgrade], "websocket") &&
           bh::token_list{head[bh::field::connection]}.exists("upgrade");
}

/// application/json and every `+json`: merge-patch, CloudEvents.
bool is_json(std::string_view content_type) {
    const auto media = text::trim(content_type.substr(0, content_type.find(';')));
    const auto ends_with = [media](std::string_view end) {
        return media.size() >= end.size() &&
               iequals({media.data() + media.size() - end.size(), end.size()}, {end.data(), end.size()});
    };
    return iequals({media.data(), media.size()}, "application/json") || ends_with("+json");
}

/// What is wrong with the framing, where Beast lets it pass though the next hop may read it otherwise (RFC 9112
/// section 6.3).
std::optional<Error> misframed(const BeastRequest& head) {
    const auto encoding = head.equal_range(bh::field::transfer_encoding);
    for (auto field = encoding.first; field != encoding.second; ++field) {
        if (!iequals(field->value(), "chunked") || head.version() < 11) {
            return Error{Errc::bad_request, "This transfer encoding is not supported."};
        }
    }
    const auto hosts = head.count(bh::field::host);
    if (hosts > 1 || (hosts == 0 && head.version() >= 11))
        return Error{Errc::bad_request, "There must be one Host header."};
    if (head.count(bh::field::authorization) > 1)
        return Error{Errc::bad_request, "There must be only one Authorization header."};
    return std::nullopt;
}

Response not_allowed(const Resource& resource) {
    return problem(problems::method_not_allowed, "Allowed here: " + resource.allow + ".").with("Allow", resource.allow);
}

std::vector<Route> management_only(std::vector<Route> routes) {
    std::erase_if(routes, [](const Route& route) { return route.access != Access::management; });
    return routes;
}

}  // namespace

Dispatcher::Dispatcher(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Authenticator authenticate,
                       const Clock& clock, Metrics& metrics, ServerOptions options)
    : options_(std::move(options)),
      proxies_(options_.trusted_proxies),
      authenticate_(std::move(authenticate)),
      clock_(clock),
      table_(options_.management_only ? management_only(std::move(routes)) : std::move(routes), std::move(upgrades),
             metrics) {}

Call Dispatcher::begin(const BeastRequest& head, const boost::asio::ip::address& peer, const std::string& address,
                       bool has_body) const {
    Call call;
    call.endpoint = &table_.nowhere();
    call.head_only = head.method() == bh::verb::head;
    auto& request = call.request;
    request.headers.reserve(12);
    for (const auto& field : head) {
        request.headers.push_back({std::string(view(field.name_string())), std::string(view(field.value()))});
    }
    find_client(request, peer, address);
    if (!options_.allowed_origins.empty()) {
        const auto& origins = options_.allowed_origins;
        const auto found = std::find(origins.begin(), origins.end(), request.header("Origin"));
        if (found != origins.end()) call.origin = *found;
    }
    call.answer = route(call, head, has_body);
    return call;
}

std::optional<Response> Dispatcher::route(Call& call, const BeastRequest& head, bool has_body) const {
    auto& request = call.request;
    if (const auto error = misframed(head)) {
        call.misframed = true;
        return problem(*error);
    }
    if (head.target().size() > limits().target) {
        return problem(problems::target_too_long,
                       "The address is longer than " + std::to_string(limits().target) + " bytes.");
    }
    if (const auto parsed = parse_target(view(head.target()), request); !parsed) return problem(parsed.error());
    const auto trace = request.header("traceparent");
    request.principal.traceparent = is_traceparent(trace) ? std::string(trace) : make_traceparent();

    if (request.path == "*") {  // the server as a whole (RFC 9110 section 9.3.7)
        if (head.method() == bh::verb::options) return Response::no_content();
        return problem(Error{Errc::bad_request, "The request target * is for OPTIONS only."});
    }
    const auto* resource = table_.find(request.path, request.params);
    const auto method = to_method(head.method());
    if (!resource) {
        if (options_.nowhere && !has_body && (method == Method::get || call.head_only)) {
            if (auto page = options_.nowhere(request)) return page;
        }
        return problem(not_found("There is nothing at this address."));
    }
    if (!method) return not_allowed(*resource);
    request.method = *method;
    if (method == Method::options) return preflight(call, *resource);
    if (resource->upgrade && method == Method::get) {
        if (wants_websocket(head)) {
            call.upgrade = resource->upgrade;
            return std::nullopt;
        }
        if (!resource->find(Method::get)) {
            return problem(problems::upgrade_required, "Connect with a WebSocket client.")
                .with("Upgrade", "websocket")
                .with("Connection", "Upgrade");
        }
    }
    const auto* endpoint = resource->find(*method);
    if (!endpoint) return not_allowed(*resource);
    call.endpoint = endpoint;
    if (call.head_only) request.method = Method::get;
    if (!has_body) return std::nullopt;
    if (request.method == Method::get) return problem(Error{Errc::bad_request, "A GET request must not have a body."});
    if (!endpoint->route().any_media && !is_json(request.header("Content-Type"))) {
        return problem(Error{Errc::unsupported_media, "The body must be sent as application/json."});
    }
    return std::nullopt;
}

std::optional<Response> Dispatcher::read_queued_at(Request& request) const {
    const auto sent = std::find_if(request.headers.begin(), request.headers.end(),
                                   [](const Header& header) { return iequals(header.name, "Queued-At"); });
    if (sent == request.headers.end()) return std::nullopt;
    const auto queued = parse_rfc3339(sent->value);
    const auto now = clock_.now();
    const auto refuse = [](std::string why) {
        return problem(invalid({{"Queued-At", std::move(why)}}, "The header Queued-At is not valid."));
    };
    if (!queued) return refuse("must be a date and time with offset, such as 2027-02-28T08:00:00Z");
    if (*queued < now - longest_queued) return refuse("must not be older than 30 days");
    if (*queued > now + clock_skew) return refuse("must not be in the future");
    request.principal.queued_at = std::min(*queued, now);  // a client's clock may be a little ahead
    return std::nullopt;
}

std::optional<Response> Dispatcher::preflight(const Call& call, const Resource& resource) const {
    auto answer = Response::no_content().with("Allow", resource.allow);
    if (!call.origin.empty() && !call.request.header("Access-Control-Request-Method").empty()) {
        answer.with("Access-Control-Allow-Methods", resource.allow)
            .with("Access-Control-Allow-Headers",
                  "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Queued-At, traceparent")
            .with("Access-Control-Max-Age", "600");
    }
    return answer;
}

void Dispatcher::find_client(Request& request, const boost::asio::ip::address& peer, const std::string& address) const {
    request.secure = options_.secure;
    if (options_.trusted_proxies.empty() || !proxies_.trusts(peer)) {
        request.remote_address = address;
        return;
    }
    std::vector<std::string_view> forwarded_for;
    for (const auto& header : request.headers) {
        if (iequals(header.name, "X-Forwarded-For")) forwarded_for.push_back(header.value);
        if (iequals(header.name, "X-Forwarded-Proto")) request.secure = iequals(header.value, "https");
    }
    request.remote_address = proxies_.client(peer, forwarded_for);
}

awaitable<std::optional<Response>> Dispatcher::authorize(Call& call) const {
    auto& request = call.request;
    if (call.endpoint->route().access != Access::user) co_return read_queued_at(request);
    try {
        auto principal = co_await authenticate_(request);
        if (!principal) co_return problem(principal.error());
        principal->traceparent = std::move(request.principal.traceparent);
        request.principal = std::move(*principal);
        co_return read_queued_at(request);
    } catch (const std::exception& e) {
        log::error("authentication failed by a defect",
                   {{"what", e.what()}, {"traceparent", request.principal.traceparent}});
    }
    co_return problem(Error{Errc::internal, "The request could not be answered; the operator can find out why."});
}

awaitable<Response> Dispatcher::handle(Call& call) const {
    const auto& route = call.endpoint->route();
    // The handler may move the request's parts away.
    const auto trace = call.request.principal.traceparent;
    try {
        co_return co_await route.handle(call.request);
    } catch (const std::exception& e) {
        log::error("request failed by a defect", {{"what", e.what()},
                                                  {"method", boost::json::string_view(to_string(route.method))},
                                                  {"route", route.pattern},
                                                  {"traceparent", trace}});
    }
    co_return problem(Error{Errc::internal, "The request could not be answered; the operator can find out why."})
        .with("X-Trace-Id", trace.substr(3, 32));
}

void Dispatcher::finish(const Call& call, Response& answer) const {
    if (options_.allowed_origins.empty()) return;
    answer.with("Vary", "Origin");
    if (call.origin.empty()) return;
    answer.with("Access-Control-Allow-Origin", std::string(call.origin))
        .with("Access-Control-Allow-Credentials", "true")
        .with("Access-Control-Expose-Headers", "ETag, Idempotency-Replayed, Link, Location, Retry-After");
}

}  // namespace carillon::http
