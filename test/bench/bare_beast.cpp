// The limit a read is measured against: Beast alone, the same threads and flags, one fixed answer of 600 bytes of JSON.
// bare_beast PORT THREADS
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

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

asio::awaitable<void> serve(beast::tcp_stream stream, const std::string& body) {
    stream.socket().set_option(tcp::no_delay(true));
    beast::flat_buffer buffer;
    try {
        for (;;) {
            stream.expires_after(std::chrono::seconds(75));
            http::request<http::string_body> request;
            co_await http::async_read(stream, buffer, request, asio::use_awaitable);
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

asio::awaitable<void> accept(tcp::acceptor& acceptor, std::vector<std::unique_ptr<asio::io_context>>& contexts,
                             const std::string& body) {
    for (std::size_t next = 0;; ++next) {
        auto& context = *contexts[next % contexts.size()];
        auto socket = co_await acceptor.async_accept(context, asio::use_awaitable);
        beast::tcp_stream stream(std::move(socket));
        asio::co_spawn(context, serve(std::move(stream), body), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string body = "{\"text\":\"" + std::string(600 - 11, 'x') + "\"}";
    std::vector<std::unique_ptr<asio::io_context>> contexts;
    for (int i = 0; i < std::atoi(argv[2]); ++i) contexts.push_back(std::make_unique<asio::io_context>(1));
    tcp::acceptor acceptor(*contexts[0],
                           {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::atoi(argv[1]))});
    asio::co_spawn(*contexts[0], accept(acceptor, contexts, body), asio::detached);
    std::puts("ready");
    std::fflush(stdout);
    std::vector<std::thread> threads;
    for (auto& context : contexts)
        threads.emplace_back([&context] {
            const auto guard = asio::make_work_guard(*context);
            context->run();
        });
    for (auto& thread : threads) thread.join();
}
