// The WebSocket side of `make bench`: a client that costs little, so that what is measured is the server.
//   load idle    HOST PORT TARGET SOCKETS              holds the sockets until standard input ends
//   load fanout  HOST PORT TARGET SOCKETS MESSAGES     prints the seconds from "go" on standard input until each socket
//                                                      has that many events
//   load latency HOST PORT TARGET TOKEN RATE SECONDS   creates tasks at that rate on 16 connections; prints the
//                                                      quantiles of answer to delivery, and of request to delivery
// Each says "open" when the sockets are there. TARGET is that of the WebSocket, with its credentials.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Socket = beast::websocket::stream<tcp::socket>;

namespace {

struct Server {
    std::string host;
    tcp::endpoint endpoint;
    std::string target;
};

asio::awaitable<std::unique_ptr<Socket>> open(const Server& server) {
    auto executor = co_await asio::this_coro::executor;
    auto socket = std::make_unique<Socket>(executor);
    co_await socket->next_layer().async_connect(server.endpoint, asio::use_awaitable);
    socket->next_layer().set_option(tcp::no_delay(true));
    co_await socket->async_handshake(server.host, server.target, asio::use_awaitable);
    co_return socket;
}

std::string_view text_of(const beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

bool is_event(std::string_view message) { return message.find("\"specversion\"") != std::string_view::npos; }

/// Reads until `wanted` events have come; counts itself down in `left`.
asio::awaitable<void> receive(std::unique_ptr<Socket> socket, int wanted, int& left) {
    beast::flat_buffer buffer;
    for (int seen = 0; seen < wanted;) {
        co_await socket->async_read(buffer, asio::use_awaitable);
        if (is_event(text_of(buffer))) ++seen;
        buffer.consume(buffer.size());
    }
    --left;
}

asio::awaitable<void> open_all(const Server& server, int count, std::vector<std::unique_ptr<Socket>>& into) {
    for (int i = 0; i < count; ++i) {
        auto socket = co_await open(server);
        into.push_back(std::move(socket));
    }
}

std::vector<std::unique_ptr<Socket>> open_sockets(asio::io_context& io, const Server& server, int count) {
    std::vector<std::unique_ptr<Socket>> sockets;
    asio::co_spawn(io, open_all(server, count, sockets), [](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
    });
    io.run();
    io.restart();
    std::puts("open");
    std::fflush(stdout);
    return sockets;
}

int idle(const Server& server, int count) {
    asio::io_context io;
    const auto sockets = open_sockets(io, server, count);
    std::string line;
    std::getline(std::cin, line);
    return 0;
}

int fanout(const Server& server, int count, int messages) {
    asio::io_context io;
    auto sockets = open_sockets(io, server, count);
    std::string line;
    std::getline(std::cin, line);
    const auto start = Clock::now();
    int left = count;
    for (auto& socket : sockets) asio::co_spawn(io, receive(std::move(socket), messages, left), asio::detached);
    io.run();
    if (left != 0) return 1;
    fmt::print("{:.6f}\n", std::chrono::duration<double>(Clock::now() - start).count());
    return 0;
}

/// When the task of an id was asked for, answered and delivered.
struct Times {
    Clock::time_point asked{}, answered{}, delivered{};
};

struct Run {
    Server server;
    std::string token;
    Clock::time_point start, end;
    Clock::duration every;  ///< between the requests of one connection
    std::map<std::string, Times> tasks{};
};

std::string between(std::string_view text, std::string_view before, std::string_view after) {
    const auto from = text.find(before);
    if (from == std::string_view::npos) return {};
    const auto begin = from + before.size();
    return std::string(text.substr(begin, text.find_first_of(after, begin) - begin));
}

asio::awaitable<void> create(Run& run, int number) {
    auto executor = co_await asio::this_coro::executor;
    beast::tcp_stream stream(executor);
    co_await stream.async_connect(run.server.endpoint, asio::use_awaitable);
    stream.socket().set_option(tcp::no_delay(true));
    asio::steady_timer timer(executor);
    beast::flat_buffer buffer;
    http::request<http::string_body> request{http::verb::post, "/api/todos", 11};
    request.set(http::field::host, run.server.host);
    request.set(http::field::content_type, "application/json");
    request.set(http::field::authorization, "Bearer " + run.token);
    request.body() = R"({"title":"made to be heard of","tags":["home"],"due_date":"2099-01-01T00:00:00Z"})";
    request.prepare_payload();
    auto next = run.start + run.every * number / 16;
    for (; next < run.end; next += run.every) {
        timer.expires_at(next);
        co_await timer.async_wait(asio::use_awaitable);
        const auto asked = Clock::now();
        http::response<http::string_body> response;
        co_await http::async_write(stream, request, asio::use_awaitable);
        co_await http::async_read(stream, buffer, response, asio::use_awaitable);
        if (response.result_int() != 201) throw std::runtime_error(response.body());
        auto& times = run.tasks[between(response.body(), "\"id\":", ",}")];
        times.asked = asked;
        times.answered = Clock::now();
    }
}

asio::awaitable<void> listen(Run& run, std::unique_ptr<Socket> socket) {
    beast::flat_buffer buffer;
    for (;;) {
        co_await socket->async_read(buffer, asio::use_awaitable);
        const auto text = text_of(buffer);
        if (is_event(text)) run.tasks[between(text, "\"subject\":\"", "\"")].delivered = Clock::now();
        buffer.consume(buffer.size());
    }
}

void print_quantiles(const char* what, std::vector<double> ms) {
    std::sort(ms.begin(), ms.end());
    const auto at = [&](double q) {
        return ms[std::min(ms.size() - 1, static_cast<std::size_t>(q * static_cast<double>(ms.size())))];
    };
    fmt::print("{} {} {:.2f} {:.2f} {:.2f}\n", what, ms.size(), at(0.5), at(0.99), ms.back());
}

int latency(const Server& server, std::string token, int rate, int seconds) {
    asio::io_context io;
    auto sockets = open_sockets(io, server, 1);
    const auto start = Clock::now() + std::chrono::milliseconds(200);
    Run run{server, std::move(token), start, start + std::chrono::seconds(seconds),
            std::chrono::nanoseconds(std::chrono::seconds(16)) / rate};
    asio::co_spawn(io, listen(run, std::move(sockets[0])), asio::detached);
    for (int i = 0; i < 16; ++i)
        asio::co_spawn(io, create(run, i), [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
    io.run_until(run.end + std::chrono::seconds(2));
    std::vector<double> after_answer, after_request;
    for (const auto& [id, times] : run.tasks) {
        if (times.answered == Clock::time_point{} || times.delivered == Clock::time_point{}) {
            fmt::print(stderr, "task {} was {}\n", id,
                       times.answered == Clock::time_point{} ? "not answered" : "not delivered");
            return 1;
        }
        const auto ms = [](Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
        after_answer.push_back(ms(times.delivered - times.answered));
        after_request.push_back(ms(times.delivered - times.asked));
    }
    print_quantiles("answer", std::move(after_answer));
    print_quantiles("request", std::move(after_request));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> args(argv + 1, argv + argc);
    if (args.size() < 5) return 2;
    const auto port = static_cast<unsigned short>(std::stoi(args[2]));
    const Server server{args[1] + ":" + args[2], {asio::ip::make_address(args[1]), port}, args[3]};
    if (args[0] == "idle") return idle(server, std::stoi(args[4]));
    if (args[0] == "fanout" && args.size() == 6) return fanout(server, std::stoi(args[4]), std::stoi(args[5]));
    if (args[0] == "latency" && args.size() == 7)
        return latency(server, args[4], std::stoi(args[5]), std::stoi(args[6]));
    return 2;
}
