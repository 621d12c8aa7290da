// The limit that reads and the fan-out are measured against: Beast alone, the same threads and flags. Every request is
// answered with the same 600 bytes of JSON; POST /send/N first has N messages of 900 bytes sent to every WebSocket.
// bare_beast PORT THREADS
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

using Socket = beast::websocket::stream<beast::tcp_stream>;

/// A thread's loop and its WebSockets.
struct Loop {
    asio::io_context context{1};
    std::vector<std::unique_ptr<Socket>> sockets;
};
using Loops = std::vector<std::unique_ptr<Loop>>;

asio::awaitable<void> send(Socket& socket, const std::string& message, int count) {
    for (int i = 0; i < count; ++i) co_await socket.async_write(asio::buffer(message), asio::use_awaitable);
}

void send_to_all(const Loops& loops, int count) {
    static const std::string message = "{\"specversion\":\"1.0\",\"data\":\"" + std::string(865, 'x') + "\"}";
    for (const auto& loop : loops)
        asio::post(loop->context, [&loop = *loop, count] {
            for (auto& socket : loop.sockets)
                asio::co_spawn(loop.context, send(*socket, message, count), asio::detached);
        });
}

asio::awaitable<void> serve(beast::tcp_stream stream, Loop& loop, const Loops& loops, const std::string& body) {
    stream.socket().set_option(tcp::no_delay(true));
    beast::flat_buffer buffer;
    try {
        for (;;) {
            stream.expires_after(std::chrono::seconds(75));
            http::request<http::string_body> request;
            co_await http::async_read(stream, buffer, request, asio::use_awaitable);
            if (beast::websocket::is_upgrade(request)) {
                stream.expires_never();
                auto& socket = *loop.sockets.emplace_back(std::make_unique<Socket>(std::move(stream)));
                socket.text(true);
                co_await socket.async_accept(request, asio::use_awaitable);
                co_return;
            }
            if (request.target().starts_with("/send/"))
                send_to_all(loops, std::atoi(std::string(request.target().substr(6)).c_str()));
            http::response<http::string_body> response{http::status::ok, request.version()};
            response.set(http::field::content_type, "application/json");
            response.keep_alive(request.keep_alive());
            response.body() = body;
            response.prepare_payload();
            co_await http::async_write(stream, response, asio::use_awaitable);
            if (!request.keep_alive()) break;
        }
    } catch (const boost::system::system_error&) {
    }
}

asio::awaitable<void> accept(tcp::acceptor& acceptor, const Loops& loops, const std::string& body) {
    for (std::size_t next = 0;; ++next) {
        auto& loop = *loops[next % loops.size()];
        auto socket = co_await acceptor.async_accept(loop.context, asio::use_awaitable);
        beast::tcp_stream stream(std::move(socket));
        asio::co_spawn(loop.context, serve(std::move(stream), loop, loops, body), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string body = "{\"text\":\"" + std::string(600 - 11, 'x') + "\"}";
    Loops loops;
    for (int i = 0; i < std::atoi(argv[2]); ++i) loops.push_back(std::make_unique<Loop>());
    tcp::acceptor acceptor(loops[0]->context,
                           {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(argv[1]))});
    asio::co_spawn(loops[0]->context, accept(acceptor, loops, body), asio::detached);
    std::puts("ready");
    std::fflush(stdout);
    std::vector<std::thread> threads;
    for (auto& loop : loops)
        threads.emplace_back([&context = loop->context] {
            const auto guard = asio::make_work_guard(context);
            context.run();
        });
    for (auto& thread : threads) thread.join();
}
