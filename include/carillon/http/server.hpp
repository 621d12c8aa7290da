// The HTTP/1.1 server: I/O threads, listeners, limits, two-step shutdown. Beast stays in src/http.
#pragma once

#include "carillon/http/router.hpp"
#include "carillon/http/upgrade.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::http {

/// N I/O contexts with one thread each. A connection lives on one of them, so nothing of it needs a lock or a strand.
class IoThreads {
public:
    /// `on_start` runs first on each thread, say to lend it a database session.
    explicit IoThreads(int count, std::function<void()> on_start = {});
    ~IoThreads();
    IoThreads(const IoThreads&) = delete;
    IoThreads& operator=(const IoThreads&) = delete;

    std::size_t size() const noexcept;
    boost::asio::io_context& context(std::size_t index);
    /// Each in turn. Any thread.
    boost::asio::any_io_executor next();
    /// Ends the threads; what is still suspended is destroyed with this object. Servers are drained before.
    void stop();
    bool stopped() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

struct Limits {
    std::size_t header = 16 * 1024;                    ///< bytes of request line and headers; more is 431
    std::size_t target = 8 * 1024;                     ///< bytes of the request target; more is 414
    std::uint64_t body = 1024 * 1024;                  ///< bytes; more is 413
    std::chrono::milliseconds header_timeout{10'000};  ///< from the first byte of a request to the end of its headers
    std::chrono::milliseconds body_timeout{30'000};    ///< from there to the end of its body
    std::chrono::milliseconds idle_timeout{75'000};    ///< between two requests
    std::chrono::milliseconds write_timeout{30'000};   ///< for a client to take an answer
    std::size_t max_connections = 20'000;              ///< open at once; more are answered 503 and closed
};

struct ServerOptions {
    Limits limits;
    bool management_only = false;              ///< serves Access::management and nothing else
    bool secure = false;                       ///< the public URL is https
    std::vector<std::string> trusted_proxies;  ///< addresses or CIDR blocks whose X-Forwarded-For/-Proto count
    std::vector<std::string> allowed_origins;  ///< for CORS; none by default
    /// What a GET of an address that no route has is answered, instead of a problem; nothing leaves it at that.
    std::function<std::optional<Response>(const Request&)> nowhere = {};
};

class Server {
public:
    /// Throws std::logic_error on two routes for one method and path, std::invalid_argument on a bad trusted proxy.
    /// `authenticate` may be empty if no route is Access::user. What routes refer to must outlive `threads`.
    Server(IoThreads& threads, std::vector<Route> routes, std::vector<UpgradeRoute> upgrades,
           Authenticator authenticate, const Clock& clock, Metrics& metrics, ServerOptions options);
    /// Closes hard what drain() left.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds `host:port` (`[::1]:8080`; port 0 picks a free one) and accepts from now on; where it listens. Throws
    /// std::runtime_error with one clear line.
    boost::asio::ip::tcp::endpoint listen(const std::string& address);
    /// Closes the listeners. Connections go on.
    void stop_accepting();
    /// Closes idle connections at once and the others after the request they are at; after `deadline` the rest is cut
    /// off. True when none had to be. Stops accepting first. Not for I/O threads.
    bool drain(std::chrono::milliseconds deadline);
    /// Open connections, WebSockets not counted.
    std::size_t connections() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace carillon::http
