#include "carillon/http/operations.hpp"

#include "carillon/embedded.hpp"
#include "client.hpp"

using namespace carillon;
using namespace carillon::http;
using namespace carillon::http::test;

namespace {

struct Operated {
    std::atomic<Readiness> readiness{Readiness::starting};
    Metrics metrics;
    Running running{make_operations_routes(readiness, metrics, [] {
        return boost::json::object{{"database", "away"}};
    })};
};

}  // namespace

TEST_CASE("readiness fails only while starting and while draining") {
    Operated operated;
    auto client = operated.running.connect();
    for (const auto& [state, status, word] : {std::tuple{Readiness::starting, 503, "starting"},
                                              {Readiness::ready, 200, "ready"},
                                              {Readiness::draining, 503, "draining"}}) {
        operated.readiness = state;
        const auto ready = client.get("/readyz");
        CHECK(ready.status == status);
        CHECK(ready.json().at("status").as_string() == word);
        CHECK(ready.json().at("detail").at("database").as_string() == "away");
        CHECK(client.get("/health").status == 200);
        CHECK(client.get("/health").json().at("status").as_string() == word);
        CHECK(client.get("/livez").status == 200);
    }
}

TEST_CASE("metrics are Prometheus text") {
    Operated operated;
    operated.metrics.counter("carillon_test_total", "For this test.").Increment();
    const auto reply = operated.running.get("/metrics");
    CHECK(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
    CHECK(reply.body.find("carillon_test_total 1") != std::string::npos);
}

TEST_CASE("the documents and the reference page are served") {
    Operated operated;
    const auto openapi = operated.running.get("/api/openapi.json");
    CHECK(openapi.header("content-type") == "application/json");
    CHECK(openapi.json().at("openapi").as_string().starts_with("3.1"));
    CHECK(operated.running.get("/api/asyncapi.json").json().contains("asyncapi"));
    const auto page = operated.running.get("/api/docs");
    CHECK(page.header("content-type") == "text/html; charset=utf-8");
    CHECK(page.header("content-security-policy").starts_with("default-src 'none'"));
    CHECK(page.body.find("<script") == std::string::npos);
    const auto document = openapi.json();
    for (const auto& path : document.at("paths").as_object()) {
        CAPTURE(path.key());
        CHECK(page.body.find("<code>" + std::string(path.key()) + "</code>") != std::string::npos);
    }
    // Every problem's `type` leads here.
    for (const auto slug : {"not-found", "invalid", "method-not-allowed", "target-too-long"}) {
        CHECK(page.body.find("id=\"problem-" + std::string(slug) + "\"") != std::string::npos);
    }
}
