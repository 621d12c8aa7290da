#include "client.hpp"

#include <boost/json/serialize.hpp>

#include <stdexcept>

using namespace carillon;
using namespace carillon::http;
using namespace carillon::http::test;

namespace {

std::vector<Route> example() {
    return {echo(Method::get, "/api/things"),
            echo(Method::post, "/api/things"),
            echo(Method::get, "/api/things/{id}"),
            echo(Method::patch, "/api/things/{id}"),
            echo(Method::get, "/api/things/special"),
            echo(Method::post, "/api/things/{id}/parts/{part}"),
            echo(Method::get, "/api/mine", Access::user),
            echo(Method::post, "/api/mine", Access::user),
            echo(Method::get, "/"),
            echo(Method::get, "/status", Access::management),
            route(Method::get, "/empty", Access::open, [](Request&) { return Response::no_content(); }),
            route(Method::get, "/text", Access::open,
                  [](Request&) { return Response::text(200, "plain").with("Cache-Control", "max-age=60"); }),
            route(Method::get, "/broken", Access::open,
                  [](Request&) -> Response { throw std::runtime_error("secret cause"); }),
            route(Method::get, "/split", Access::open,
                  [](Request&) { return Response::text(200, "x").with("X-Bad", "a\r\nSet-Cookie: b"); })};
}

std::string string_at(const boost::json::object& object, std::string_view name) {
    return std::string(object.at({name.data(), name.size()}).as_string());
}

}  // namespace

TEST_CASE("requests reach the handler of their method and path") {
    Running running(example());
    auto client = running.connect();
    CHECK(string_at(client.get("/api/things").json(), "path") == "/api/things");
    CHECK(string_at(client.get("/api/things/").json(), "path") == "/api/things");
    CHECK(string_at(client.get("/").json(), "path") == "/");
    CHECK(string_at(client.get("http://test:80/api/things?a=b").json(), "path") == "/api/things");
    CHECK(string_at(client.get("http://test").json(), "path") == "/");
    CHECK(boost::json::serialize(client.get("/api/things/17").json().at("params")) == R"(["17"])");
    CHECK(client.get("/api/things/special").json().at("params").as_array().empty());
    CHECK(boost::json::serialize(client.post("/api/things/a/parts/b%20c", "{}").json().at("params")) ==
          R"(["a","b c"])");
    CHECK(string_at(client.post("/api/things", R"({"a":1})").json(), "body") == R"({"a":1})");
}

TEST_CASE("paths and queries are decoded once") {
    Running running(example());
    auto client = running.connect();
    CHECK(boost::json::serialize(
              client.get("/api/things?a=1&b=x%20y+z&c&=d&&%C3%BC=%F0%9F%94%94&a=2&p=%2B%26%3d").json().at("query")) ==
          R"([["a","1"],["b","x y z"],["c",""],["","d"],["ü","🔔"],["a","2"],["p","+&="]])");
    CHECK(boost::json::serialize(client.get("/api/things/a%2Fparts").json().at("params")) == R"(["a%2Fparts"])");
    CHECK(boost::json::serialize(client.get("/api/things/%2531").json().at("params")) == R"(["%31"])");
    CHECK(string_at(client.get("/api/%74hings").json(), "path") == "/api/things");
    for (const auto target :
         {"/api/%zz", "/api/things/%", "/api/things/%4", "/api/things/%00", "/api/things/a%0Ab", "/api/things/%7F",
          "/api/things/%FF", "/api/things/%C0%AF", "/api/things/%ED%A0%80", "/api/things?a=%", "/api/things?a=%FF",
          "/api/things?%G0=1", "/api/things#part", "api/things", "*"}) {
        CAPTURE(target);
        const auto reply = client.get(target);
        CHECK(reply.status == 400);
        reply.problem();
    }
}

TEST_CASE("what is not there is 404, what is not allowed is 405 with Allow") {
    Running running(example());
    auto client = running.connect();
    for (const auto target :
         {"/nothing", "/api", "/api/things/1/parts", "/api//things", "/api/things/../things", "/API/things"}) {
        CAPTURE(target);
        const auto reply = client.get(target);
        CHECK(reply.status == 404);
        reply.problem();
    }
    for (const auto method : {"DELETE", "PUT", "TRACE", "PROPFIND"}) {
        CAPTURE(method);
        const auto reply = client.ask(std::string(method) + " /api/things HTTP/1.1\r\n");
        CHECK(reply.status == 405);
        CHECK(reply.header("allow") == "GET, HEAD, POST, OPTIONS");
        reply.problem();
    }
    const auto options = client.ask("OPTIONS /api/things/1 HTTP/1.1\r\n");
    CHECK(options.status == 204);
    CHECK(options.header("allow") == "GET, HEAD, PATCH, OPTIONS");
    CHECK(client.ask("OPTIONS /nothing HTTP/1.1\r\n").status == 404);
    CHECK(client.ask("OPTIONS * HTTP/1.1\r\n").status == 204);
    CHECK(client.ask("POST /empty HTTP/1.1\r\n").header("allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("HEAD answers as GET without the body") {
    Running running(example());
    auto client = running.connect();
    const auto get = client.get("/text");
    const auto head = client.ask("HEAD /text HTTP/1.1\r\n");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(head.header("content-length") == get.header("content-length"));
    CHECK(client.ask("HEAD /nothing HTTP/1.1\r\n").status == 404);
    CHECK(client.get("/text").body == "plain");  // nothing of the HEAD is left over
}

TEST_CASE("every answer carries its safety headers") {
    Running running(example());
    auto client = running.connect();
    for (const auto target : {"/api/things", "/nothing", "/text", "/empty", "/broken"}) {
        CAPTURE(target);
        const auto reply = client.get(target);
        CHECK(reply.header("x-content-type-options") == "nosniff");
        CHECK(reply.header("referrer-policy") == "no-referrer");
        CHECK_FALSE(reply.header("date").empty());
    }
    CHECK(client.get("/api/things").header("cache-control") == "no-store");
    CHECK(client.get("/api/nothing").header("cache-control") == "no-store");
    CHECK(client.get("/text").header("cache-control") == "max-age=60");
    CHECK(client.get("/empty").header("content-length").empty());
}

TEST_CASE("a defect is a 500 that tells nothing, and the connection goes on") {
    Running running(example());
    auto client = running.connect();
    for (const auto target : {"/broken", "/split"}) {
        const auto reply = client.get(target);
        CHECK(reply.status == 500);
        reply.problem();
        CHECK(reply.body.find("secret") == std::string::npos);
        CHECK(reply.header("set-cookie").empty());
        CHECK(client.get("/text").status == 200);
    }
}

TEST_CASE("Access::user asks the authenticator, before a body is read") {
    Running running(example());
    auto client = running.connect();
    const auto refused = client.get("/api/mine");
    CHECK(refused.status == 401);
    CHECK(refused.header("www-authenticate") == "Bearer");
    refused.problem();
    CHECK(string_at(client.ask("GET /api/mine HTTP/1.1\r\nauthorization: Bearer good\r\n").json(), "user") == "u1");
    CHECK(client.post("/api/mine", "{}").status == 401);
    CHECK(client.get("/text").status == 200);
    CHECK(client.ask("GET /api/mine HTTP/1.1\r\nAuthorization: Bearer good\r\nAuthorization: Bearer x\r\n").status ==
          400);

    auto large = running.connect();
    large.send(
        "POST /api/mine HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
    CHECK(large.receive().status == 401);
}

TEST_CASE("the trace is the client's, or a new one") {
    Running running(example());
    auto client = running.connect();
    const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto sent = [&client](const std::string& value) {
        return string_at(client.ask("GET /api/things HTTP/1.1\r\ntraceparent: " + value + "\r\n").json(),
                         "traceparent");
    };
    CHECK(sent(good) == good);
    CHECK(sent("cc" + good.substr(2) + "-what-comes") == "cc" + good.substr(2) + "-what-comes");
    for (const auto& bad :
         {std::string("x"), "ff" + good.substr(2), good + "-more", "00-" + std::string(32, '0') + good.substr(35),
          good.substr(0, 36) + std::string(16, '0') + "-01",
          std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")}) {
        CAPTURE(bad);
        const auto made = sent(bad);
        CHECK(made != bad);
        CHECK(made.size() == good.size());
        CHECK(made != sent(bad));
        CHECK(sent(made) == made);
    }
}

TEST_CASE("Queued-At says when an offline client made its change") {
    Running running(example());
    auto client = running.connect();
    const auto ask = [&client](const std::string& value) {
        return client.ask("GET /api/things HTTP/1.1\r\nQueued-At: " + value + "\r\n");
    };
    CHECK(string_at(ask("2027-01-14T10:00:00+02:00").json(), "queued_at") == "2027-01-14T08:00:00Z");
    CHECK(string_at(ask("2027-01-15T08:01:00Z").json(), "queued_at") == "2027-01-15T08:00:00Z");
    CHECK(ask("2026-12-16T08:00:01Z").status == 200);
    CHECK_FALSE(client.get("/api/things").json().contains("queued_at"));
    for (const auto bad :
         {"yesterday", "2027-01-14T10:00:00", "2026-12-16T07:59:59Z", "2027-01-15T09:00:00Z", "1799999999"}) {
        CAPTURE(bad);
        const auto reply = ask(bad);
        CHECK(reply.status == 422);
        CHECK(string_at(reply.problem().at("errors").as_array().at(0).as_object(), "field") == "Queued-At");
    }
}

TEST_CASE("forwarded headers count only from a trusted proxy") {
    const std::string forged =
        "GET /api/things HTTP/1.1\r\nX-Forwarded-For: 198.51.100.7, 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
    {
        Running running(example());
        const auto reply = running.connect().ask(forged).json();
        CHECK(string_at(reply, "client") == "127.0.0.1");
        CHECK_FALSE(reply.at("secure").as_bool());
    }
    ServerOptions options;
    options.trusted_proxies = {"127.0.0.0/8", "203.0.113.9", "2001:db8::/32"};
    options.secure = true;
    Running running(example(), options);
    const auto client_of = [&running](const std::string& forwarded) {
        return string_at(running.connect().ask("GET /api/things HTTP/1.1\r\n" + forwarded).json(), "client");
    };
    CHECK(string_at(running.connect().ask(forged).json(), "client") == "198.51.100.7");
    CHECK(client_of("") == "127.0.0.1");
    CHECK(client_of("X-Forwarded-For: 1.1.1.1, 198.51.100.7\r\nX-Forwarded-For: 203.0.113.9\r\n") == "198.51.100.7");
    CHECK(client_of("X-Forwarded-For: 2001:db9::5, [2001:db8::1]:4711\r\n") == "2001:db9::5");
    CHECK(client_of("X-Forwarded-For: 198.51.100.7:1234\r\n") == "198.51.100.7");
    CHECK(client_of("X-Forwarded-For: 1.1.1.1, junk, 203.0.113.9\r\n") == "203.0.113.9");
    CHECK(client_of("X-Forwarded-For: \r\n") == "127.0.0.1");
    CHECK(running.get("/api/things").json().at("secure").as_bool());
    CHECK_FALSE(
        running.connect().ask("GET /api/things HTTP/1.1\r\nX-Forwarded-Proto: http\r\n").json().at("secure").as_bool());
    ServerOptions bad;
    bad.trusted_proxies = {"proxy.example"};
    CHECK_THROWS_AS(Running(example(), bad), std::invalid_argument);
}

TEST_CASE("CORS: nobody by default, allowed origins by name") {
    const std::string request = "GET /api/things HTTP/1.1\r\nOrigin: https://app.example\r\n";
    {
        Running running(example());
        const auto reply = running.connect().ask(request);
        CHECK(reply.header("access-control-allow-origin").empty());
    }
    ServerOptions options;
    options.allowed_origins = {"https://app.example"};
    Running running(example(), options);
    CHECK(running.connect().ask(request).header("access-control-allow-origin") == "https://app.example");
    CHECK(running.connect()
              .ask("GET /nothing HTTP/1.1\r\nOrigin: https://app.example\r\n")
              .header("access-control-allow-origin") == "https://app.example");
    const auto other = running.connect().ask("GET /api/things HTTP/1.1\r\nOrigin: https://app.example.evil\r\n");
    CHECK(other.header("access-control-allow-origin").empty());
    CHECK(other.header("vary") == "Origin");
    const auto preflight = running.connect().ask(
        "OPTIONS /api/things/1 HTTP/1.1\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PATCH\r\n");
    CHECK(preflight.status == 204);
    CHECK(preflight.header("access-control-allow-methods").find("PATCH") != std::string::npos);
    CHECK(preflight.header("access-control-allow-headers").find("Idempotency-Key") != std::string::npos);
}

TEST_CASE("a management server serves nothing else") {
    ServerOptions options;
    options.management_only = true;
    Running running(example(), options);
    CHECK(running.get("/status").status == 200);
    CHECK(running.get("/api/things").status == 404);
    CHECK(running.get("/api/mine").status == 404);
}

TEST_CASE("two routes for one method and path do not start") {
    CHECK_THROWS_AS(Running({echo(Method::get, "/a/{x}"), echo(Method::get, "/a/{y}")}), std::logic_error);
    CHECK_THROWS_AS(Running({echo(Method::get, "a")}), std::logic_error);
}

TEST_CASE("listening on what cannot be had says so in one line") {
    Running running(example());
    const auto taken = "127.0.0.1:" + std::to_string(running.endpoint.port());
    CHECK_THROWS_WITH(running.server.listen(taken), Catch::Matchers::StartsWith("cannot listen on " + taken + ": "));
    for (const auto bad :
         {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:99999", "999.1.1.1:80"}) {
        CHECK_THROWS_AS(running.server.listen(bad), std::runtime_error);
    }
    CHECK(running.server.listen("localhost:0").port() != 0);
    CHECK(running.server.listen("[::1]:0").port() != 0);
}

TEST_CASE("requests are counted by route, method and status") {
    Running running(example());
    auto client = running.connect();
    client.get("/api/things/1");
    client.get("/api/things/2?secret=1");
    client.get("/nothing/at/all");
    client.ask("POST /api/things/1/parts/2 HTTP/1.1\r\nContent-Type: text/plain\r\n", "x");
    const auto text = running.metrics.text();
    CHECK(text.find(R"(carillon_http_requests_total{method="GET",route="/api/things/{id}",status="200"} 2)") !=
          std::string::npos);
    CHECK(text.find(
              R"(carillon_http_requests_total{method="POST",route="/api/things/{id}/parts/{part}",status="415"} 1)") !=
          std::string::npos);
    CHECK(text.find(R"(route="none",status="404"} 1)") != std::string::npos);
    CHECK(text.find(R"(carillon_http_connections 1)") != std::string::npos);
    CHECK(text.find("secret") == std::string::npos);
}
