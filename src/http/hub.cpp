#include "connection.hpp"

#include <algorithm>

namespace carillon::http {

Shared::Shared(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Authenticator authenticate,
               const Clock& clock, Metrics& metrics, ServerOptions options)
    : dispatcher(std::move(routes), std::move(upgrades), std::move(authenticate), clock, metrics, std::move(options)),
      connections(metrics.gauge("carillon_http_connections", "Open HTTP connections, WebSockets not counted.")),
      received(metrics.counter("carillon_http_received_bytes_total", "Bytes of requests.")),
      sent(metrics.counter("carillon_http_sent_bytes_total", "Bytes of answers.")) {}

bool Shared::enter() {
    if (open_.fetch_add(1) >= dispatcher.limits().max_connections) {
        --open_;
        return false;
    }
    connections.Increment();
    return true;
}

void Shared::leave() {
    connections.Decrement();
    if (open_.fetch_sub(1) != 1) return;
    const std::lock_guard lock(mutex_);
    empty_.notify_all();
}

bool Shared::wait_until_empty(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, time, [this] { return open_ == 0; });
}

Hub::Hub(boost::asio::any_io_executor executor, const Limits& limits)
    : executor_(std::move(executor)), timer_(executor_) {
    using std::chrono::milliseconds;
    const auto shortest =
        std::min({limits.header_timeout, limits.body_timeout, limits.idle_timeout, limits.write_timeout});
    interval_ = std::clamp(shortest / 4, milliseconds(5), milliseconds(1000));
}

std::list<Connection*>::iterator Hub::add(Connection& connection) {
    connections_.push_back(&connection);
    if (!ticking_) tick();
    return std::prev(connections_.end());
}

void Hub::remove(std::list<Connection*>::iterator place) { connections_.erase(place); }

void Hub::close_idle() {
    for (auto* connection : connections_) connection->close_if_idle();
}

void Hub::close_all() {
    for (auto* connection : connections_) connection->close();
}

void Hub::tick() {
    ticking_ = !connections_.empty();
    if (!ticking_) return;
    timer_.expires_after(interval_);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
        if (ec) return;
        const auto now = std::chrono::steady_clock::now();
        for (auto* connection : self->connections_) connection->expire(now);
        self->tick();
    });
}

}  // namespace carillon::http
