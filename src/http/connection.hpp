// One client's connection: reads requests, has them answered in order, keeps the limits.
#pragma once

#include "dispatch.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include <atomic>
#include <condition_variable>
#include <list>
#include <mutex>

namespace carillon::http {

class Connection;

/// What the connections of a server share.
struct Shared {
    Shared(std::vector<Route> routes, std::vector<UpgradeRoute> upgrades, Authenticator authenticate,
           const Clock& clock, Metrics& metrics, ServerOptions options);

    const Dispatcher dispatcher;
    std::atomic<bool> draining{false};
    prometheus::Gauge& connections;
    prometheus::Counter& received;
    prometheus::Counter& sent;

    bool enter();  ///< false: there are too many
    void leave();
    bool wait_until_empty(std::chrono::milliseconds time);
    std::size_t count() const noexcept { return open_; }

private:
    std::atomic<std::size_t> open_{0};
    std::mutex mutex_;
    std::condition_variable empty_;
};

/// The connections of one I/O thread, and the only timer they need: a tick that looks for those whose time is up.
class Hub : public std::enable_shared_from_this<Hub> {
public:
    Hub(boost::asio::any_io_executor executor, const Limits& limits);
    const boost::asio::any_io_executor& executor() const { return executor_; }
    // The rest on the hub's thread only.
    std::list<Connection*>::iterator add(Connection& connection);
    void remove(std::list<Connection*>::iterator place);
    void close_idle();
    void close_all();

private:
    void tick();

    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer timer_;
    std::chrono::milliseconds interval_;
    std::list<Connection*> connections_;
    bool ticking_ = false;
};

class Connection {
public:
    Connection(boost::asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared, std::shared_ptr<Hub> hub);
    ~Connection();

    /// Serves the connection to its end. On the hub's thread.
    static awaitable<void> run(std::unique_ptr<Connection> connection);

    void expire(std::chrono::steady_clock::time_point now);
    void close_if_idle();
    void close();

private:
    using Steady = std::chrono::steady_clock;
    enum class Got { all, closed, refused };

    awaitable<bool> serve_one();
    awaitable<Got> read_head();
    awaitable<Got> read_body(std::uint64_t limit);
    /// Of the route that was found, refusals included.
    std::uint64_t body_limit(const Call& call) const;
    awaitable<bool> read_more(std::size_t size);
    awaitable<bool> answer(Call& call, Response response, bool keep_alive, Steady::time_point started);
    awaitable<bool> refuse(Response response, Steady::time_point started);
    awaitable<bool> write(std::string_view head, std::string_view body);
    awaitable<void> linger();
    bool hand_over(Call& call);
    bool nothing_came();
    Got refused(boost::beast::error_code ec);
    void allow(std::chrono::milliseconds time) {
        deadline_ = Steady::now() + time;
        expired_ = false;
    }
    void unlimited() { deadline_ = Steady::time_point::max(); }

    boost::asio::ip::tcp::socket socket_;
    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Hub> hub_;
    const Dispatcher& dispatcher_;
    std::optional<std::list<Connection*>::iterator> place_;
    boost::asio::ip::address peer_;
    std::string address_;
    boost::beast::flat_buffer buffer_;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
    std::string head_;
    std::optional<Response> refusal_;
    Steady::time_point deadline_ = Steady::time_point::max();
    bool idle_ = false;  // between two requests
    bool expired_ = false;
};

}  // namespace carillon::http
