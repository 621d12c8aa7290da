// A plain blocking HTTP client that can also send what no proper client would.
#pragma once

#include "carillon/http/server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/json/parse.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <map>
#include <string>

namespace carillon::http::test {

namespace bh = boost::beast::http;
using boost::asio::ip::tcp;

struct Reply {
    int status = 0;
    std::string body;
    std::map<std::string, std::string> headers;  // names in lower case; values of one name joined by ", "

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
    boost::json::object json() const { return boost::json::parse(body).as_object(); }
    /// The problem document, checked for what every one must have.
    boost::json::object problem() const {
        CHECK(header("content-type") == "application/problem+json");
        auto document = json();
        CHECK(document.at("status").as_int64() == status);
        CHECK_FALSE(document.at("title").as_string().empty());
        CHECK_FALSE(document.at("detail").as_string().empty());
        CHECK(std::string(document.at("type").as_string()).starts_with("/api/docs#problem-"));
        return document;
    }
};

class Client {
public:
    explicit Client(const tcp::endpoint& server) : socket_(context_) {
        socket_.connect(server);
        const timeval limit{20, 0};  // no test hangs
        setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(socket_.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }

    /// Sends as far as the server takes it.
    bool send(std::string_view bytes) {
        boost::system::error_code ec;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ec);
        return !ec;
    }
    Reply receive(bool head = false) {
        bh::response_parser<bh::string_body> parser;
        parser.skip(head);
        parser.body_limit(64 * 1024 * 1024);
        boost::system::error_code ec;
        bh::read(socket_, buffer_, parser, ec);
        INFO("reading the answer: " << ec.message());
        REQUIRE_FALSE(ec);
        Reply reply;
        const auto& message = parser.get();
        reply.status = static_cast<int>(message.result_int());
        reply.body = message.body();
        for (const auto& field : message) {
            std::string name(field.name_string());
            for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            auto& value = reply.headers[name];
            value += (value.empty() ? "" : ", ") + std::string(field.value());
        }
        return reply;
    }
    /// `head` is the request line and headers without Host, each line ended by \r\n.
    Reply ask(const std::string& head, const std::string& body = {}) {
        const auto line = head.find("\r\n") + 2;
        auto bytes = head.substr(0, line) + "Host: test\r\n" + head.substr(line);
        if (!body.empty()) bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        send(bytes + "\r\n" + body);
        return receive(head.starts_with("HEAD "));
    }
    Reply get(const std::string& target) { return ask("GET " + target + " HTTP/1.1\r\n"); }
    Reply post(const std::string& target, const std::string& body) {
        return ask("POST " + target + " HTTP/1.1\r\nContent-Type: application/json\r\n", body);
    }

    /// True when the server has closed and sent nothing more.
    bool closed() {
        char byte;
        boost::system::error_code ec;
        if (buffer_.size() > 0) return false;
        socket_.read_some(boost::asio::buffer(&byte, 1), ec);
        return ec == boost::asio::error::eof || ec == boost::asio::error::connection_reset;
    }
    void half_close() { socket_.shutdown(tcp::socket::shutdown_send); }
    tcp::socket& socket() { return socket_; }

private:
    boost::asio::io_context context_;
    tcp::socket socket_;
    boost::beast::flat_buffer buffer_;
};

/// A server on a free port of the loopback interface, for the length of a test.
struct Running {
    Running(std::vector<Route> routes, ServerOptions options = {}, std::vector<UpgradeRoute> upgrades = {},
            int threads_count = 2)
        : threads(threads_count),
          server(threads, std::move(routes), std::move(upgrades), &authenticate, clock, metrics, std::move(options)),
          endpoint(server.listen("127.0.0.1:0")) {}

    Client connect() { return Client(endpoint); }
    Reply get(const std::string& target) { return connect().get(target); }

    /// `Bearer good` is a user, anything else is not.
    static awaitable<Result<Principal>> authenticate(const Request& request) {
        if (request.header("Authorization") != "Bearer good") co_return Error{Errc::unauthenticated, "Sign in first."};
        Principal principal;
        principal.user_id = "u1";
        principal.actor = "user";
        co_return principal;
    }

    Metrics metrics;
    ManualClock clock{from_micros(1'800'000'000'000'000)};  // 2027-01-15T08:00:00Z
    IoThreads threads;
    Server server;
    tcp::endpoint endpoint;
};

inline Route route(Method method, std::string pattern, Access access, std::function<Response(Request&)> answer) {
    auto handler = [answer = std::move(answer)](Request& request) -> awaitable<Response> { co_return answer(request); };
    return {method, std::move(pattern), access, std::move(handler)};
}

/// Answers what arrived.
inline Route echo(Method method, std::string pattern, Access access = Access::open) {
    return route(method, std::move(pattern), access, [](Request& request) {
        boost::json::array query, params;
        for (const auto& [name, value] : request.query)
            query.push_back({boost::json::string(name), boost::json::string(value)});
        for (const auto& param : request.params) params.push_back(boost::json::string(param));
        boost::json::object body{{"method", std::string(to_string(request.method))},
                                 {"path", request.path},
                                 {"query", query},
                                 {"params", params},
                                 {"body", request.body},
                                 {"client", request.remote_address},
                                 {"secure", request.secure},
                                 {"user", request.principal.user_id},
                                 {"traceparent", request.principal.traceparent}};
        if (request.principal.queued_at) body["queued_at"] = format_rfc3339(*request.principal.queued_at);
        return Response::json(200, body);
    });
}

}  // namespace carillon::http::test
