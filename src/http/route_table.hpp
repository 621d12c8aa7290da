// All routes as a tree of path segments, with what is known of each before the first request comes.
#pragma once

#include "carillon/http/router.hpp"
#include "carillon/http/upgrade.hpp"
#include "carillon/metrics.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

/// A route with its metrics; counters are looked up by status once and kept.
class Endpoint {
public:
    Endpoint(Route route, Metrics& metrics);
    const Route& route() const noexcept { return route_; }
    void count(int status, double seconds) const;

private:
    static constexpr std::array statuses{200, 201, 202, 204, 206, 301, 302, 303, 304, 400, 401, 403, 404, 405, 408,
                                         409, 410, 412, 413, 414, 415, 422, 426, 429, 431, 500, 501, 502, 503, 0};
    Route route_;
    Metrics& metrics_;
    prometheus::Histogram& seconds_;
    mutable std::array<std::atomic<prometheus::Counter*>, statuses.size()> counters_{};
};

/// One path: what answers there, by method.
struct Resource {
    std::array<std::unique_ptr<Endpoint>, 7> by_method;
    const UpgradeRoute* upgrade = nullptr;
    std::string allow;  ///< value of the Allow header

    /// HEAD is answered by GET. Nothing for OPTIONS, which the server answers, and for methods that are not allowed.
    const Endpoint* find(Method method) const noexcept;
};

class RouteTable {
public:
    /// Throws std::logic_error on two routes for one method and path.
    RouteTable(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Metrics& metrics);
    ~RouteTable();
    /// Fixed segments win over `{…}`, whose values are put into `params`. Null where nothing is.
    const Resource* find(std::string_view path, std::vector<std::string>& params) const;
    /// Stands for requests that reach no route.
    const Endpoint& nowhere() const noexcept { return nowhere_; }

private:
    struct Node;
    Resource& at(std::string_view pattern);
    static const Resource* find(const Node& node, std::string_view rest, std::vector<std::string>& params);

    std::vector<UpgradeRoute> upgrades_;
    std::unique_ptr<Node> root_;
    Endpoint nowhere_;
};

}  // namespace carillon::http
