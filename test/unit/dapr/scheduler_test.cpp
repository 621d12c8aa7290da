#include "bench.hpp"

#include "../http/client.hpp"

using namespace carillon;
using namespace carillon::dapr::test;
using namespace std::chrono_literals;

namespace {

const Time due = from_micros(1'800'000'000'500'000);

bool eventually(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

struct Bench {
    explicit Bench(Sidecar::Reply reply, dapr::SchedulerOptions options = {})
        : sidecar(std::move(reply)),
          scheduler(dapr::make_scheduler(dapr::make_sidecar(loop.executor(), sidecar.port, ""), loop.executor(),
                                         metrics, options)) {}
    Metrics metrics;
    Loop loop;
    Sidecar sidecar;
    std::unique_ptr<dapr::Scheduler> scheduler;
};

}  // namespace

TEST_CASE("a job is posted with overwrite, without a limit of tries, and with data") {
    Bench bench([](const http::Request&) { return http::Response::no_content(); });
    bench.scheduler->schedule("reminder-7-2", due);
    bench.scheduler->cancel("reminder-7-1");
    REQUIRE(eventually([&] { return bench.sidecar.seen().size() == 2; }));
    for (const auto& request : bench.sidecar.seen()) {
        if (request.method == "DELETE") {
            CHECK(request.path == "/v1.0-alpha1/jobs/reminder-7-1");
            continue;
        }
        CHECK(request.path == "/v1.0-alpha1/jobs/reminder-7-2");
        const auto body = bj::parse(request.body).as_object();
        CHECK(body.at("dueTime") == "2027-01-15T08:00:00.5Z");
        CHECK(body.at("overwrite") == true);
        CHECK(body.at("data").as_object().at("name") == "reminder-7-2");
        const auto& policy = body.at("failurePolicy").as_object().at("constant").as_object();
        CHECK(policy.at("interval") == "1s");
        CHECK_FALSE(policy.contains("maxRetries"));
    }
}

TEST_CASE("what cannot be posted waits, one entry for each name, and goes out when the sidecar is back") {
    std::atomic<bool> away{true};
    Bench bench(
        [&](const http::Request&) {
            return http::Response{away ? 500 : 204, {}, {}, {}};
        },
        {.max_waiting = 10, .at_once = 2, .limit = 5000ms});
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 8; ++i)
            bench.scheduler->schedule("j" + std::to_string(i), due + std::chrono::seconds(round));
    }
    REQUIRE(eventually([&] { return bench.scheduler->state() == "away"; }));
    away = false;
    const auto posted = [&] {
        std::map<std::string, std::string> last;
        for (const auto& request : bench.sidecar.seen()) last[request.path] = request.body;
        return std::count_if(last.begin(), last.end(), [](const auto& request) {
            return bj::parse(request.second).as_object().at("dueTime") == "2027-01-15T08:00:19.5Z";
        });
    };
    CHECK(eventually([&] { return posted() == 8; }));
    CHECK(eventually([&] { return bench.scheduler->state() == "ok"; }));
    for (int i = 0; i < 3; ++i) bench.scheduler->schedule("fine", due);
    away = true;
    for (int i = 0; i < 100; ++i) bench.scheduler->schedule("many" + std::to_string(i), due);
    CHECK(eventually([&] {
        return bench.metrics.text().find("carillon_jobs_dropped_total 8") != std::string::npos ||
               bench.metrics.text().find("carillon_jobs_dropped_total 9") != std::string::npos;
    }));
}

TEST_CASE("a refused job is dropped and blocks no other") {
    Bench bench([](const http::Request& request) {
        return http::Response{request.path.ends_with("bad") ? 400 : 204, {}, {}, {}};
    });
    bench.scheduler->schedule("bad", due);
    bench.scheduler->schedule("good", due);
    CHECK(eventually([&] { return bench.metrics.text().find("carillon_jobs_posted_total 1") != std::string::npos; }));
    CHECK(eventually([&] { return bench.metrics.text().find("carillon_jobs_dropped_total 1") != std::string::npos; }));
    CHECK(bench.scheduler->state() == "ok");
}

TEST_CASE("where the sidecar refuses this process a job waits until it is let in") {
    std::atomic<int> status{401};
    Bench bench([&](const http::Request&) { return http::Response{status, {}, {}, {}}; });
    bench.scheduler->schedule("one", due);
    REQUIRE(eventually([&] { return bench.scheduler->state() == "away"; }));
    CHECK_THAT(bench.scheduler->why_away(), Catch::Contains("HTTP 401"));
    status = 204;
    CHECK(eventually([&] { return bench.metrics.text().find("carillon_jobs_posted_total 1") != std::string::npos; }));
    CHECK(bench.metrics.text().find("carillon_jobs_dropped_total 0") != std::string::npos);
    CHECK(bench.scheduler->state() == "ok");
}

TEST_CASE("the sidecar's callback names the job; after stop() nobody is called") {
    Bench bench([](const http::Request&) { return http::Response::no_content(); });
    std::vector<std::string> called;
    bench.scheduler->on_due([&](const std::string& name) { called.push_back(name); });
    SystemClock clock;
    Metrics metrics;
    http::IoThreads threads(1);
    http::Server server(threads, bench.scheduler->routes(), {}, dapr::sidecar_only("t"), clock, metrics, {});
    http::test::Client client(server.listen("127.0.0.1:0"));
    const std::string token = "dapr-api-token: t\r\nContent-Type: application/json\r\n";
    CHECK(client.ask("POST /job/reminder-7-2 HTTP/1.1\r\n" + token, "{}").status == 200);
    CHECK(client.ask("POST /job/reminder-7-2 HTTP/1.1\r\nContent-Type: application/json\r\n", "{}").status == 401);
    CHECK(called == std::vector<std::string>{"reminder-7-2"});
    bench.scheduler->stop();
    CHECK(client.ask("POST /job/reminder-7-2 HTTP/1.1\r\n" + token, "{}").status == 200);
    CHECK(called.size() == 1);
}
