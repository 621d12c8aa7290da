#include "bench.hpp"

#include <set>

using namespace carillon;
using namespace carillon::dapr::test;
using namespace std::chrono_literals;

namespace {

/// A bus in front of a sidecar, with an inbox that nothing reaches.
struct Bench {
    explicit Bench(Sidecar::Reply reply, dapr::BusOptions options = {}) : sidecar(std::move(reply)) {
        bus = dapr::make_bus(dapr::make_sidecar(loop.executor(), sidecar.port, "of the sidecar"), *inbox, metrics,
                             std::move(options));
    }
    std::vector<bool> publish(std::vector<std::shared_ptr<const Event>> events) {
        return loop.run(bus->publish(std::move(events)));
    }

    SystemClock clock;
    Metrics metrics;
    TestDatabase database{Backend::sqlite};
    Loop loop;
    Sidecar sidecar;
    std::unique_ptr<Inbox> inbox = make_inbox(*database, clock, metrics, loop.executor());
    std::unique_ptr<dapr::Bus> bus;
};

http::Response fine(const http::Request&) { return http::Response::no_content(); }

struct Entry {
    std::string id, key, user;
    std::int64_t sequence;
};
std::vector<Entry> entries_of(const std::string& body) {
    std::vector<Entry> all;
    const auto parsed = bj::parse(body);
    for (const auto& value : parsed.as_array()) {
        const auto& entry = value.as_object();
        const auto e = parse_cloudevent(std::string(entry.at("event").as_string()));
        REQUIRE(e.has_value());
        all.push_back({std::string(entry.at("entryId").as_string()),
                       std::string(entry.at("metadata").as_object().at("partitionKey").as_string()), e->user_id,
                       e->sequence});
    }
    return all;
}

}  // namespace

TEST_CASE("events go out keyed by user, one of each user at a time, their own bytes") {
    Bench bench(fine);
    const auto accepted = bench.publish(
        {event("a", 1), event("b", 1), event("a", 2), event("a", 3, "reminder.triggered"), event("b", 2)});
    CHECK(accepted == std::vector<bool>(5, true));
    std::map<std::string, std::int64_t> last;
    for (const auto& request : bench.sidecar.seen()) {
        std::set<std::string> users;
        for (const auto& entry : entries_of(request.body)) {
            CHECK(users.insert(entry.user).second);
            CHECK(entry.key == entry.user);
            CHECK(entry.sequence == ++last[entry.user]);
        }
    }
    CHECK(last == std::map<std::string, std::int64_t>{{"a", 3}, {"b", 2}});
    const auto seen = bench.sidecar.seen();
    CHECK(seen.size() == 3);
    CHECK(seen[0].path == "/v1.0-alpha1/publish/bulk/pubsub-kafka/task-events");
    CHECK(seen[2].path == "/v1.0-alpha1/publish/bulk/pubsub-kafka/reminder-events");
    CHECK(bj::parse(seen[2].body).as_array()[0].as_object().at("event").as_string() ==
          to_cloudevent(*event("a", 3, "reminder.triggered")));
    CHECK(bench.bus->state() == "ok");
}

TEST_CASE("a failed entry stops its user's later ones and nobody else's") {
    Bench bench([](const http::Request& request) {
        bj::array failed;
        for (const auto& entry : entries_of(request.body)) {
            if (entry.user == "a" && entry.sequence == 2)
                failed.push_back(bj::object{{"entryId", entry.id}, {"error", "leader gone"}});
        }
        if (failed.empty()) return http::Response::no_content();
        return http::Response::json(500,
                                    bj::object{{"failedEntries", failed}, {"errorCode", "ERR_PUBSUB_PUBLISH_MESSAGE"}});
    });
    const auto accepted =
        bench.publish({event("a", 1), event("b", 1), event("a", 2), event("b", 2), event("a", 3), event("b", 3)});
    CHECK(accepted == std::vector<bool>{true, true, false, true, false, true});
    CHECK(bench.bus->state() == "ok");
}

TEST_CASE("a refused request ends the round, and the circuit opens until a call succeeds") {
    std::atomic<bool> broken{true};
    Bench bench([&](const http::Request& request) {
        if (!broken) return http::Response::no_content();
        bj::array failed;
        for (const auto& entry : entries_of(request.body)) failed.push_back(bj::object{{"entryId", entry.id}});
        return http::Response::json(500, bj::object{{"failedEntries", failed}});
    });
    CHECK(bench.publish({event("a", 1), event("b", 1), event("a", 2)}) == std::vector<bool>(3, false));
    CHECK(bench.bus->state() == "away");
    const auto asked = bench.sidecar.seen().size();
    CHECK(asked == 1);
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{false});
    CHECK(bench.sidecar.seen().size() == asked);  // at once, without a call
    CHECK_THAT(bench.metrics.text(), Catch::Contains("carillon_dapr_circuit_open{part=\"pubsub\"} 1"));
    broken = false;
    std::this_thread::sleep_for(150ms);
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{true});
    CHECK(bench.bus->state() == "ok");
}

TEST_CASE("a sidecar that refuses every publish is away, and what is wrong is told") {
    std::atomic<int> status{401};
    Bench bench([&](const http::Request&) { return http::Response{status, {}, {}, {}}; });
    CHECK(bench.bus->why_away().empty());
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{false});
    CHECK(bench.bus->state() == "away");
    CHECK_THAT(bench.bus->why_away(), Catch::Contains("HTTP 401") && Catch::Contains("DAPR_API_TOKEN"));
    CHECK_THAT(bench.metrics.text(), Catch::Contains("carillon_dapr_failures_total{part=\"pubsub\",status=\"401\"} 1"));
    status = 204;
    std::this_thread::sleep_for(150ms);
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{true});
    CHECK(bench.bus->why_away().empty());
}

TEST_CASE("a sidecar that does not answer, or is not there, is given up after the limit") {
    std::promise<void> let_go;
    auto held = let_go.get_future().share();
    dapr::BusOptions options;
    options.publish_limit = 50ms;
    {
        Bench bench(
            [held](const http::Request&) {
                held.wait();
                return http::Response::no_content();
            },
            options);
        CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{false});
        let_go.set_value();
    }
    Bench bench(fine);
    bench.bus = dapr::make_bus(dapr::make_sidecar(bench.loop.executor(), 1, ""), *bench.inbox, bench.metrics);
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{false});
    CHECK(bench.bus->state() == "away");
}

TEST_CASE("where the API is stable it is found there") {
    Bench bench([](const http::Request& request) {
        if (request.path.starts_with("/v1.0-alpha1")) return http::Response{404, {}, {}, {}};
        return http::Response::no_content();
    });
    CHECK(bench.publish({event("a", 1)}) == std::vector<bool>{true});
    CHECK(bench.publish({event("a", 2)}) == std::vector<bool>{true});
    const auto seen = bench.sidecar.seen();
    REQUIRE(seen.size() == 3);  // the first asked twice, the second knew
    CHECK(seen[2].path == "/v1.0/publish/bulk/pubsub-kafka/task-events");
}
