#include "route_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace carillon::http {

Endpoint::Endpoint(Route route, Metrics& metrics)
    : route_(std::move(route)),
      metrics_(metrics),
      seconds_(metrics.histogram("carillon_http_request_duration_seconds",
                                 "From the end of the request headers to the answer.",
                                 {{"method", std::string(to_string(route_.method))}, {"route", route_.pattern}})) {}

void Endpoint::count(int status, double seconds) const {
    seconds_.Observe(seconds);
    auto slot = static_cast<std::size_t>(std::find(statuses.begin(), statuses.end() - 1, status) - statuses.begin());
    auto* counter = counters_[slot].load(std::memory_order_acquire);
    if (!counter) {
        // The registry gives every caller the same counter for the same labels.
        counter = &metrics_.counter("carillon_http_requests_total", "Answered requests.",
                                    {{"method", std::string(to_string(route_.method))},
                                     {"route", route_.pattern},
                                     {"status", statuses[slot] ? std::to_string(status) : "other"}});
        counters_[slot].store(counter, std::memory_order_release);
    }
    counter->Increment();
}

const Endpoint* Resource::find(Method method) const noexcept {
    const auto& own = by_method[static_cast<std::size_t>(method)];
    if (!own && method == Method::head) return by_method[static_cast<std::size_t>(Method::get)].get();
    return own.get();
}

struct RouteTable::Node {
    std::string segment;
    std::vector<std::unique_ptr<Node>> children;
    std::unique_ptr<Node> any;  // {…}
    std::optional<Resource> resource;
};

RouteTable::RouteTable(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Metrics& metrics)
    : upgrades_(std::move(upgrades)),
      root_(std::make_unique<Node>()),
      nowhere_(Route{Method::get, "none", Access::open, {}}, metrics) {
    std::vector<Resource*> all;
    const auto resource_at = [this, &all](const std::string& pattern) -> Resource& {
        auto& resource = at(pattern);
        if (std::find(all.begin(), all.end(), &resource) == all.end()) all.push_back(&resource);
        return resource;
    };
    for (auto& route : routes) {
        auto& slot = resource_at(route.pattern).by_method[static_cast<std::size_t>(route.method)];
        if (slot)
            throw std::logic_error("two routes for " + std::string(to_string(route.method)) + " " + route.pattern);
        slot = std::make_unique<Endpoint>(std::move(route), metrics);
    }
    for (const auto& upgrade : upgrades_) resource_at(upgrade.path).upgrade = &upgrade;
    for (auto* resource : all) {
        for (const auto method : {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del}) {
            const bool upgraded = method == Method::get && resource->upgrade;
            if (resource->find(method) || upgraded) resource->allow.append(to_string(method)).append(", ");
        }
        resource->allow += to_string(Method::options);
    }
}

RouteTable::~RouteTable() = default;

Resource& RouteTable::at(std::string_view pattern) {
    if (!pattern.starts_with('/')) throw std::logic_error("a route that is no path: " + std::string(pattern));
    auto* node = root_.get();
    auto rest = pattern.substr(1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        const auto segment = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (segment.starts_with('{') && segment.ends_with('}')) {
            if (!node->any) node->any = std::make_unique<Node>();
            node = node->any.get();
            continue;
        }
        const auto same = [segment](const auto& child) { return child->segment == segment; };
        auto found = std::find_if(node->children.begin(), node->children.end(), same);
        if (found == node->children.end()) {
            found = node->children.insert(found, std::make_unique<Node>());
            (*found)->segment = segment;
        }
        node = found->get();
    }
    if (!node->resource) node->resource.emplace();
    return *node->resource;
}

const Resource* RouteTable::find(std::string_view path, std::vector<std::string>& params) const {
    params.clear();
    if (!path.starts_with('/')) return nullptr;
    return find(*root_, path.substr(1), params);
}

const Resource* RouteTable::find(const Node& node, std::string_view rest, std::vector<std::string>& params) {
    if (rest.empty()) return node.resource ? &*node.resource : nullptr;
    const auto end = std::min(rest.find('/'), rest.size());
    const auto segment = rest.substr(0, end);
    const auto after = rest.substr(std::min(end + 1, rest.size()));
    for (const auto& child : node.children) {
        if (child->segment != segment) continue;
        if (const auto* found = find(*child, after, params)) return found;
    }
    if (!node.any || segment.empty()) return nullptr;
    params.emplace_back(segment);
    if (const auto* found = find(*node.any, after, params)) return found;
    params.pop_back();
    return nullptr;
}

}  // namespace carillon::http
