#include "carillon/http/server.hpp"

#include "carillon/log.hpp"
#include "connection.hpp"
#include "reply.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <charconv>
#include <future>
#include <stdexcept>

namespace carillon::http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

/// `127.0.0.1:8080`, `localhost:8080`, `[::1]:8080`, `:8080` (every interface).
tcp::endpoint resolve(const std::string& address) {
    const auto colon = address.rfind(':');
    unsigned port = 65536;
    const auto* end = address.data() + address.size();
    const bool number = colon != std::string::npos && std::from_chars(address.data() + colon + 1, end, port).ptr == end;
    if (!number || port > 65535) throw std::runtime_error("cannot listen on " + address + ": it must be host:port");
    auto host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) host = "0.0.0.0";
    asio::io_context context;
    tcp::resolver resolver(context);
    error_code ec;
    const auto found = resolver.resolve(host, "", tcp::resolver::passive, ec);
    if (ec || found.empty()) throw std::runtime_error("cannot listen on " + address + ": " + ec.message());
    return {found.begin()->endpoint().address(), static_cast<std::uint16_t>(port)};
}

/// One answer without a connection of its own, as far as the socket takes it at once.
void turn_away(tcp::socket socket) {
    auto answer = problem(Error{Errc::unavailable, "There are too many connections."});
    std::string bytes;
    write_head(bytes, answer, {false, false, true});
    bytes += answer.body;
    error_code ec;
    socket.non_blocking(true, ec);
    socket.write_some(asio::buffer(bytes), ec);
    socket.shutdown(tcp::socket::shutdown_send, ec);
}

/// True for what may pass by itself, such as no file descriptors left.
bool passes(const error_code& ec) {
    return ec == asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system ||
           ec == asio::error::no_buffer_space || ec == asio::error::no_memory;
}

}  // namespace

struct Server::Impl {
    Impl(IoThreads& io, std::shared_ptr<Shared> what_is_shared) : threads(io), shared(std::move(what_is_shared)) {
        for (std::size_t i = 0; i < io.size(); ++i) {
            hubs.push_back(std::make_shared<Hub>(io.context(i).get_executor(), shared->dispatcher.limits()));
        }
    }

    awaitable<void> accept(std::shared_ptr<tcp::acceptor> acceptor) {
        asio::steady_timer pause(acceptor->get_executor());
        while (acceptor->is_open()) {
            const auto hub = hubs[next++ % hubs.size()];
            auto [ec, socket] = co_await acceptor->async_accept(hub->executor(), awaiting);
            if (passes(ec)) {
                log::warn("cannot accept connections", {{"what", ec.message()}});
                pause.expires_after(std::chrono::milliseconds(100));
                co_await pause.async_wait(awaiting);
            }
            if (ec) continue;  // closed, or the client has gone already
            if (!shared->enter()) {
                turn_away(std::move(socket));
                continue;
            }
            auto connection = std::make_unique<Connection>(std::move(socket), shared, hub);
            asio::co_spawn(hub->executor(), Connection::run(std::move(connection)), asio::detached);
        }
    }

    void on_hubs(void (Hub::*work)()) {
        for (const auto& hub : hubs) {
            asio::post(hub->executor(), [hub, work] { ((*hub).*work)(); });
        }
    }

    IoThreads& threads;
    std::shared_ptr<Shared> shared;
    std::vector<std::shared_ptr<Hub>> hubs;
    struct Listening {
        std::shared_ptr<tcp::acceptor> acceptor;
        std::future<void> ended;  ///< of accept(), which uses what is here
    };
    std::vector<Listening> listening;  // all on the first thread
    std::size_t next = 0;
};

Server::Server(IoThreads& threads, std::vector<Route> routes, std::vector<UpgradeRoute> upgrades,
               Authenticator authenticate, const Clock& clock, Metrics& metrics, ServerOptions options)
    : impl_(std::make_unique<Impl>(
          threads, std::make_shared<Shared>(std::move(routes), std::move(upgrades), std::move(authenticate), clock,
                                            metrics, std::move(options)))) {}

Server::~Server() { drain(std::chrono::milliseconds(0)); }

tcp::endpoint Server::listen(const std::string& address) {
    const auto endpoint = resolve(address);
    auto acceptor = std::make_shared<tcp::acceptor>(impl_->threads.context(0).get_executor());
    error_code ec;
    acceptor->open(endpoint.protocol(), ec);
    if (!ec) acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor->bind(endpoint, ec);
    if (!ec) acceptor->listen(tcp::acceptor::max_listen_connections, ec);
    if (ec) throw std::runtime_error("cannot listen on " + address + ": " + ec.message());
    auto bound = acceptor->local_endpoint();
    auto ended = asio::co_spawn(acceptor->get_executor(), impl_->accept(acceptor), asio::use_future);
    impl_->listening.push_back({std::move(acceptor), std::move(ended)});
    return bound;
}

void Server::stop_accepting() {
    if (impl_->threads.stopped()) return;
    for (auto& [acceptor, ended] : std::exchange(impl_->listening, {})) {
        asio::post(acceptor->get_executor(), [acceptor = acceptor] {
            error_code ec;
            acceptor->close(ec);
        });
        ended.wait();
    }
}

bool Server::drain(std::chrono::milliseconds deadline) {
    stop_accepting();
    impl_->shared->draining = true;
    if (impl_->threads.stopped()) return connections() == 0;
    impl_->on_hubs(&Hub::close_idle);
    if (impl_->shared->wait_until_empty(deadline)) return true;
    impl_->on_hubs(&Hub::close_all);
    impl_->shared->wait_until_empty(std::chrono::seconds(5));
    return false;
}

std::size_t Server::connections() const noexcept { return impl_->shared->count(); }

}  // namespace carillon::http
