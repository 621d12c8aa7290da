// What happens on the wire: limits, half requests, keep-alive, pipelining, shutdown.
#include "client.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/websocket.hpp>

#include <future>
#include <thread>

using namespace carillon;
using namespace carillon::http;
using namespace carillon::http::test;
using namespace std::chrono_literals;

namespace {

/// A handler that waits until it is told to go on.
class Gate {
public:
    Route route(std::string pattern) {
        auto handler = [this](Request&) -> awaitable<Response> {
            ++waiting;
            asio::steady_timer timer(co_await asio::this_coro::executor);
            while (!open) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
            co_return Response::text(200, "through");
        };
        return {Method::get, std::move(pattern), Access::open, std::move(handler)};
    }
    void wait_for(int requests) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (waiting < requests && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
        REQUIRE(waiting >= requests);
    }
    std::atomic<bool> open{false};
    std::atomic<int> waiting{0};
};

std::vector<Route> example() {
    auto any = echo(Method::post, "/upload");
    any.any_media = true;
    return {echo(Method::get, "/"), echo(Method::post, "/"), echo(Method::del, "/"), std::move(any),
            route(Method::get, "/large", Access::open,
                  [](Request&) { return Response::text(200, std::string(20'000'000, 'x')); })};
}

ServerOptions impatient() {
    ServerOptions options;
    options.limits.header_timeout = options.limits.body_timeout = options.limits.idle_timeout = 100ms;
    options.limits.write_timeout = 200ms;
    return options;
}

constexpr auto post_head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n";

bool eventually(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(1ms);
    }
    return true;
}

}  // namespace

TEST_CASE("a connection is kept unless one side says otherwise") {
    Running running(example());
    auto client = running.connect();
    for (int i = 0; i < 50; ++i) CHECK(client.get("/").status == 200);
    const auto last = client.ask("GET / HTTP/1.1\r\nConnection: close\r\n");
    CHECK(last.header("connection") == "close");
    CHECK(client.closed());

    auto old = running.connect();
    old.send("GET / HTTP/1.0\r\n\r\n");
    CHECK(old.receive().status == 200);
    CHECK(old.closed());
    auto old_kept = running.connect();
    for (int i = 0; i < 2; ++i) {
        old_kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(old_kept.receive().header("connection") == "keep-alive");
    }
}

TEST_CASE("pipelined requests are answered in order") {
    Running running(example());
    auto client = running.connect();
    std::string all;
    for (int i = 0; i < 200; ++i) {
        all += i % 2 ? "GET /?n=" + std::to_string(i) + " HTTP/1.1\r\nHost: test\r\n\r\n"
                     : std::string(post_head) + "Content-Length: 4\r\n\r\n" + std::to_string(1000 + i) + "\r\n";
    }
    client.send(all);
    for (int i = 0; i < 200; ++i) {
        const auto reply = client.receive().json();
        if (i % 2)
            CHECK(reply.at("query").at(0).at(1).as_string() == std::to_string(i));
        else
            CHECK(reply.at("body").as_string() == std::to_string(1000 + i));
    }
}

TEST_CASE("a request may come byte by byte") {
    Running running(example());
    auto client = running.connect();
    for (const char c : std::string(post_head) + "Content-Length: 7\r\n\r\n{\"a\":1}") client.send({&c, 1});
    CHECK(client.receive().json().at("body").as_string() == "{\"a\":1}");
}

TEST_CASE("chunked bodies are read, and held to the limit") {
    Running running(example());
    auto client = running.connect();
    const std::string head = std::string(post_head) + "Transfer-Encoding: chunked\r\n\r\n";
    client.send(head + "3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\nTrailer: x\r\n\r\n");
    CHECK(client.receive().json().at("body").as_string() == "{\"a\":1}");
    client.send(head + "0\r\n\r\n");
    CHECK(client.receive().json().at("body").as_string().empty());
    client.send(head + "100000\r\n" + std::string(0x100000, ' ') + "\r\n1\r\n \r\n0\r\n\r\n");
    const auto reply = client.receive();
    CHECK(reply.status == 413);
    reply.problem();
    CHECK(client.closed());
}

TEST_CASE("a body at the limit is taken, one byte more is 413, and the client gets to read it") {
    Running running(example());
    {
        auto client = running.connect();
        CHECK(client.post("/", std::string(1024 * 1024, ' ')).status == 200);
        CHECK(client.get("/").status == 200);
    }
    for (const std::size_t size : {1024 * 1024 + 1, 2 * 1024 * 1024, 6 * 1024 * 1024}) {
        auto client = running.connect();
        // All of it goes out: the server does not reset the connection while the body is still coming.
        CHECK(
            client.send(post_head + ("Content-Length: " + std::to_string(size) + "\r\n\r\n") + std::string(size, ' ')));
        const auto reply = client.receive();
        CHECK(reply.status == 413);
        CHECK(reply.header("connection") == "close");
        reply.problem();
        CHECK(client.closed());
    }
}

TEST_CASE("too long an address is 414, too many headers are 431") {
    Running running(example());
    const auto refused = [&running](const std::string& bytes) {
        auto client = running.connect();
        client.send(bytes);
        const auto reply = client.receive();
        reply.problem();
        return reply.status;
    };
    const auto get = [](std::size_t target, std::size_t header) {
        return "GET /?q=" + std::string(target, 'a') + " HTTP/1.1\r\nHost: test\r\nX: " + std::string(header, 'b') +
               "\r\n\r\n";
    };
    CHECK(running.get("/?" + std::string(8000, 'a')).status == 200);
    CHECK(refused(get(8 * 1024, 1)) == 414);
    CHECK(refused(get(100'000, 1)) == 414);
    CHECK(refused(get(1, 20'000)) == 431);
    CHECK(refused(get(1, 1'000'000)) == 431);
    std::string many = "GET / HTTP/1.1\r\nHost: test\r\n";
    for (int i = 0; i < 5000; ++i) many += "X" + std::to_string(i) + ": 1\r\n";
    CHECK(refused(many + "\r\n") == 431);
}

TEST_CASE("what is not HTTP/1.1, or could be read in two ways, is 400 and the end of the connection") {
    Running running(example());
    for (const std::string bytes :
         {"hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01"
          "b\r\n\r\n",
          "G\xC3\xBC / HTTP/1.1\r\nHost: a\r\n\r\n", "\x16\x03\x01\x02\x01\x01\x01\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x\r\n\r\nhello",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
          "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
        CAPTURE(bytes);
        auto client = running.connect();
        client.send(bytes);
        const auto reply = client.receive();
        CHECK(reply.status == 400);
        reply.problem();
        CHECK(reply.header("connection") == "close");
        CHECK(client.closed());
    }
    for (const std::string bytes : {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}) {
        auto client = running.connect();
        client.send(bytes);
        CHECK(client.receive().status == 400);
    }
    // A transfer coding that Beast does not know leaves no way to tell where the request ends.
    auto client = running.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.receive().status == 400);
    CHECK(client.closed());
}

TEST_CASE("empty lines before a request are passed over") {
    Running running(example());
    auto client = running.connect();
    client.send("\r\n\r\nGET / HTTP/1.1\r\nHost: test\r\n\r\n\r\n");
    CHECK(client.receive().status == 200);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("bodies must be JSON where a route takes nothing else") {
    Running running(example());
    auto client = running.connect();
    const auto post = [&client](const std::string& target, const std::string& type) {
        return client
            .ask("POST " + target + " HTTP/1.1\r\n" + (type.empty() ? "" : "Content-Type: " + type + "\r\n"), "{}")
            .status;
    };
    for (const auto type : {"application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json",
                            "application/cloudevents+json"})
        CHECK(post("/", type) == 200);
    for (const auto type : {"", "text/plain", "application/x-www-form-urlencoded", "json", "application/jsonp"})
        CHECK(post("/", type) == 415);
    CHECK(post("/upload", "text/calendar") == 200);
    CHECK(client.ask("POST / HTTP/1.1\r\nContent-Length: 0\r\n").status == 200);
    CHECK(client.ask("DELETE / HTTP/1.1\r\n").status == 200);
    CHECK(client.ask("GET / HTTP/1.1\r\nContent-Type: application/json\r\n", "{}").status == 400);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("Expect: 100-continue is answered only where the body is wanted") {
    Running running(example());
    auto client = running.connect();
    client.send(std::string(post_head) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    char interim[25];
    asio::read(client.socket(), asio::buffer(interim));
    CHECK(std::string(interim, sizeof interim) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{}");
    CHECK(client.receive().status == 200);

    auto refused = running.connect();
    refused.send("POST /nothing HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(refused.receive().status == 404);
    auto large = running.connect();
    large.send(std::string(post_head) + "Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    CHECK(large.receive().status == 413);
}

TEST_CASE("half a request is given up after its time") {
    Running running(example(), impatient());
    SECTION("nothing at all: closed without a word") {
        auto client = running.connect();
        CHECK(client.closed());
    }
    SECTION("half a head") {
        auto client = running.connect();
        client.send("GET / HTTP/1.1\r\nHo");
        const auto reply = client.receive();
        CHECK(reply.status == 408);
        reply.problem();
        CHECK(client.closed());
    }
    SECTION("half a body") {
        auto client = running.connect();
        client.send(std::string(post_head) + "Content-Length: 10\r\n\r\n{\"a\"");
        CHECK(client.receive().status == 408);
        CHECK(client.closed());
    }
    SECTION("a trickle does not buy time") {
        auto client = running.connect();
        const auto started = std::chrono::steady_clock::now();
        client.send("GET / HTTP/1.1\r\n");
        while (client.send("X: y\r\n") && std::chrono::steady_clock::now() - started < 10s)
            std::this_thread::sleep_for(20ms);
        CHECK(std::chrono::steady_clock::now() - started < 5s);
    }
    SECTION("idle between two requests") {
        auto client = running.connect();
        CHECK(client.get("/").status == 200);
        CHECK(client.closed());
    }
    SECTION("the client went away in the middle") {
        {
            auto client = running.connect();
            client.send(std::string(post_head) + "Content-Length: 10\r\n\r\n{\"a\"");
        }
        CHECK(eventually([&] { return running.server.connections() == 0; }));
    }
}

TEST_CASE("a client that does not read its answer is cut off") {
    Running running(example(), impatient());
    auto client = running.connect();
    client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
    CHECK(eventually([&] { return running.server.connections() == 0; }));
}

TEST_CASE("large answers arrive whole") {
    Running running(example());
    auto client = running.connect();
    const auto reply = client.get("/large");
    CHECK(reply.body.size() == 20'000'000);
    CHECK(client.get("/").status == 200);
}

TEST_CASE("a client may close its side after the request") {
    Running running(example());
    auto client = running.connect();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    client.half_close();
    CHECK(client.receive().status == 200);
    CHECK(client.closed());
}

TEST_CASE("more connections than allowed are told so") {
    ServerOptions options;
    options.limits.max_connections = 2;
    Running running(example(), options);
    auto one = running.connect(), two = running.connect();
    CHECK(one.get("/").status == 200);
    CHECK(two.get("/").status == 200);
    {
        auto three = running.connect();
        const auto reply = three.receive();
        CHECK(reply.status == 503);
        CHECK_FALSE(reply.header("retry-after").empty());
    }
    CHECK(one.ask("GET / HTTP/1.1\r\nConnection: close\r\n").status == 200);
    CHECK(one.closed());
    CHECK(eventually([&] { return running.server.connections() == 1; }));
    CHECK(running.get("/").status == 200);
}

TEST_CASE("drain finishes what is in flight and closes what is idle") {
    Gate gate;
    auto routes = example();
    routes.push_back(gate.route("/slow"));
    Running running(std::move(routes));
    auto busy = running.connect(), idle = running.connect();
    CHECK(idle.get("/").status == 200);
    busy.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    gate.wait_for(1);
    auto drained = std::async(std::launch::async, [&] { return running.server.drain(10s); });
    CHECK(idle.closed());
    CHECK_THROWS(running.connect());
    CHECK(drained.wait_for(0s) == std::future_status::timeout);
    gate.open = true;
    const auto reply = busy.receive();
    CHECK(reply.status == 200);
    CHECK(reply.header("connection") == "close");
    CHECK(busy.closed());
    CHECK(drained.get());
}

TEST_CASE("drain cuts off what does not end in time") {
    Gate gate;
    auto routes = example();
    routes.push_back(gate.route("/slow"));
    Running running(std::move(routes));
    auto busy = running.connect(), half = running.connect();
    half.send("GET / HTTP/1.1\r\n");
    busy.send("GET /slow HTTP/1.1\r\nHost: test\r\n\r\n");
    gate.wait_for(1);
    auto drained = std::async(std::launch::async, [&] { return running.server.drain(50ms); });
    CHECK(busy.closed());
    CHECK(half.closed());
    gate.open = true;
    CHECK_FALSE(drained.get());
    CHECK(running.server.connections() == 0);
}

TEST_CASE("an upgrade hands the connection over") {
    namespace websocket = boost::beast::websocket;
    std::atomic<int> served{0};
    auto handle = [&served](Request request, BeastRequest raw, tcp::socket socket) -> awaitable<void> {
        if (request.header("Origin") == "https://evil.example") {
            auto refusal = problem(Error{Errc::forbidden, "Not from there."});
            co_await refuse_upgrade(std::move(socket), std::move(refusal));
            co_return;
        }
        websocket::stream<tcp::socket> stream(std::move(socket));
        co_await stream.async_accept(raw, asio::use_awaitable);
        ++served;
        const auto answer = request.path + " " + request.query.at(0).second;
        co_await stream.async_write(asio::buffer(answer), asio::use_awaitable);
    };
    Running running(example(), {}, {{"/live", handle}});
    {
        asio::io_context context;
        websocket::stream<tcp::socket> stream(context);
        stream.next_layer().connect(running.endpoint);
        stream.handshake("test", "/live?token=t");
        boost::beast::flat_buffer buffer;
        stream.read(buffer);
        CHECK(std::string(static_cast<const char*>(buffer.data().data()), buffer.size()) == "/live t");
        CHECK(served == 1);
        CHECK(running.server.connections() == 0);
    }
    auto client = running.connect();
    const auto plain = client.get("/live");
    CHECK(plain.status == 426);
    CHECK(plain.header("upgrade") == "websocket");
    plain.problem();
    CHECK(client.ask("POST /live HTTP/1.1\r\n").header("allow") == "GET, OPTIONS");
    const std::string handshake =
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    auto evil = running.connect();
    CHECK(evil.ask("GET /live HTTP/1.1\r\nOrigin: https://evil.example\r\n" + handshake).status == 403);
    CHECK(evil.closed());
    CHECK(client.ask("GET / HTTP/1.1\r\n" + handshake).status == 200);  // nothing to upgrade to
}
