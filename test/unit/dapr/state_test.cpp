#include "bench.hpp"

#include <atomic>

using namespace carillon;
using namespace carillon::dapr::test;
using namespace std::chrono_literals;

TEST_CASE("a counter is what this process counted or what the store knows, whichever is more") {
    std::atomic<bool> away{false};
    Sidecar sidecar([&](const http::Request& request) {
        if (away) return http::Response{500, {}, {}, {}};
        if (!request.path.ends_with("/bulk")) return http::Response::no_content();
        return http::Response::json(200, R"([{"key":"k","data":7,"etag":"3"}])");
    });
    SystemClock clock;
    Metrics metrics;
    Loop loop;
    const auto store =
        dapr::make_state_store(dapr::make_sidecar(loop.executor(), sidecar.port, ""), "statestore", clock, metrics);
    CHECK(loop.run(store->get("k")) == 7);
    CHECK(loop.run(store->add("k", 1, 60s)) == 8);
    const auto saved = bj::parse(sidecar.seen().back().body).as_array().at(0).as_object();
    CHECK(saved.at("value") == 8);
    CHECK(saved.at("etag") == "3");
    CHECK(saved.at("options").as_object().at("concurrency") == "first-write");

    away = true;
    CHECK(loop.run(store->get("k")) == 1);
    CHECK(loop.run(store->add("k", 1, 60s)) == 2);
    CHECK_THAT(metrics.text(), Catch::Contains("carillon_dapr_failures_total{part=\"state\",status=\"500\"} 1"));
}
