#include "carillon/http/client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <set>

namespace carillon::http {
namespace {

namespace bh = boost::beast::http;
using boost::system::error_code;
constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

struct Channel {
    explicit Channel(const asio::any_io_executor& executor) : stream(executor) {}
    boost::beast::tcp_stream stream;
    boost::beast::flat_buffer buffer;
};

bh::verb verb(Method method) {
    const auto name = to_string(method);
    return bh::string_to_verb({name.data(), name.size()});
}

}  // namespace

/// Everything on the strand: a stream's timer is no thread's friend.
struct Client::Pool : std::enable_shared_from_this<Client::Pool> {
    Pool(asio::any_io_executor executor, ClientOptions the_options)
        : options(std::move(the_options)),
          strand(asio::make_strand(std::move(executor))),
          server(asio::ip::make_address(options.address), options.port),
          host(options.address + ":" + std::to_string(options.port)) {}

    static awaitable<Result<Answer>> exchange(std::shared_ptr<Pool> self, bh::request<bh::string_body> request,
                                              std::chrono::milliseconds limit) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!self->stopped) {
            auto channel = self->take();
            const bool kept = channel != nullptr;
            if (!kept) channel = std::make_shared<Channel>(self->strand);
            self->busy.insert(channel.get());
            Answer answer;
            const auto ec = co_await self->talk(*channel, kept, request, deadline, answer);
            self->busy.erase(channel.get());
            if (!ec) {
                self->keep(std::move(channel));
                co_return answer;
            }
            if (ec == boost::beast::error::timeout)
                co_return Error{Errc::unavailable,
                                "There was no answer within " + std::to_string(limit.count()) + " ms."};
            if (kept) continue;  // it may have been closed between two requests
            co_return Error{Errc::unavailable, ec.message()};
        }
        co_return Error{Errc::unavailable, "The client has stopped."};
    }

    awaitable<error_code> talk(Channel& channel, bool connected, bh::request<bh::string_body>& request,
                               std::chrono::steady_clock::time_point deadline, Answer& answer) {
        auto& stream = channel.stream;
        stream.expires_at(deadline);
        if (!connected) {
            const auto [failed] = co_await stream.async_connect(server, awaiting);
            if (failed) co_return failed;
            error_code ignored;
            stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
        }
        const auto [not_sent, sent] = co_await bh::async_write(stream, request, awaiting);
        if (not_sent) co_return not_sent;
        bh::response_parser<bh::string_body> parser;
        parser.body_limit(options.max_body);
        const auto [not_read, read] = co_await bh::async_read(stream, channel.buffer, parser, awaiting);
        if (not_read) co_return not_read;
        stream.expires_never();
        answer.status = static_cast<int>(parser.get().result_int());
        answer.body = std::move(parser.get().body());
        if (!parser.keep_alive()) stream.close();
        co_return error_code{};
    }

    std::shared_ptr<Channel> take() {
        if (idle.empty()) return nullptr;
        auto channel = std::move(idle.back());
        idle.pop_back();
        return channel;
    }
    void keep(std::shared_ptr<Channel> channel) {
        if (!stopped && idle.size() < options.max_idle && channel->stream.socket().is_open())
            idle.push_back(std::move(channel));
    }
    void stop() {
        stopped = true;
        idle.clear();
        for (auto* channel : busy) channel->stream.close();
    }

    const ClientOptions options;
    const asio::any_io_executor strand;
    const asio::ip::tcp::endpoint server;
    const std::string host;
    std::vector<std::shared_ptr<Channel>> idle;
    std::set<Channel*> busy;
    bool stopped = false;
};

Client::Client(asio::any_io_executor executor, ClientOptions options)
    : pool_(std::make_shared<Pool>(std::move(executor), std::move(options))) {}

Client::~Client() { stop(); }

awaitable<Result<Answer>> Client::send(Outgoing outgoing, std::chrono::milliseconds limit) {
    bh::request<bh::string_body> request(verb(outgoing.method), outgoing.target, 11);
    request.set(bh::field::host, pool_->host);
    for (const auto& header : pool_->options.headers) request.set(header.name, header.value);
    if (!outgoing.content_type.empty()) request.set(bh::field::content_type, outgoing.content_type);
    request.body() = std::move(outgoing.body);
    request.prepare_payload();
    auto exchange = Pool::exchange(pool_, std::move(request), limit);
    co_return co_await asio::co_spawn(pool_->strand, std::move(exchange), asio::use_awaitable);
}

void Client::stop() {
    asio::post(pool_->strand, [pool = pool_] { pool->stop(); });
}

}  // namespace carillon::http
