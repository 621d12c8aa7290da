#include "bench.hpp"

#include "carillon/ids.hpp"

#include "../http/client.hpp"

using namespace carillon;
using namespace carillon::dapr::test;
using http::test::Reply;
using namespace std::chrono_literals;

namespace {

constexpr auto head = "POST /events/shared HTTP/1.1\r\ndapr-api-token: of the app\r\n";

/// The listener as the sidecar sees it, over an inbox with one subscription that remembers what it got.
struct Bench {
    Bench() {
        bus->subscribe({"all", {}, [this](db::Transaction&, const Event& e) -> Result<void> {
                            handled.push_back(e.id);
                            return {};
                        }});
        bus->listen({[this](const std::shared_ptr<const Event>& e) { heard.push_back(to_cloudevent(*e)); },
                     [this](std::string_view user) { return user != deaf_to; }});
        bus->start();
        server =
            std::make_unique<http::Server>(threads, bus->routes(), std::vector<http::UpgradeRoute>{},
                                           dapr::sidecar_only("of the app"), clock, metrics, http::ServerOptions{});
        endpoint = server->listen("127.0.0.1:0");
    }
    ~Bench() {
        server.reset();
        loop.run(bus->drain());
    }
    Reply ask(const std::string& request, const std::string& body = {}) {
        return http::test::Client(endpoint).ask(request, body);
    }
    Reply deliver(const std::string& body, const std::string& headers = "Content-Type: application/json\r\n") {
        return ask(head + headers, body);
    }
    std::vector<DeadLetter> dead_letters() {
        return *database->read_now([&](db::Session& session) -> Result<std::vector<DeadLetter>> {
            return inbox->dead_letters(session, 100, 0);
        });
    }

    SystemClock clock;
    Metrics metrics;
    TestDatabase database{Backend::sqlite};
    Loop loop;
    std::unique_ptr<Inbox> inbox = make_inbox(*database, clock, metrics, loop.executor());
    std::unique_ptr<dapr::Bus> bus = dapr::make_bus(dapr::make_sidecar(loop.executor(), 1, ""), *inbox, metrics);
    std::vector<std::string> handled;
    std::vector<std::string> heard;
    std::string deaf_to;
    http::IoThreads threads{1};
    std::unique_ptr<http::Server> server;
    boost::asio::ip::tcp::endpoint endpoint;
};

bj::object raw_entry(int id, const std::string& bytes, int offset = -1) {
    const auto text = std::to_string(id);
    return {
        {"entryId", text},
        {"event", to_base64(bytes)},
        {"contentType", "application/octet-stream"},
        {"metadata",
         {{"__topic", "task-events"}, {"__partition", "0"}, {"__offset", std::to_string(offset < 0 ? id : offset)}}}};
}
std::string bulk(bj::array entries) {
    return bj::serialize(bj::object{{"id", "x"}, {"topic", "task-events"}, {"entries", std::move(entries)}});
}
std::vector<std::string> statuses(const Reply& reply) {
    CHECK(reply.status == 200);
    std::vector<std::string> all;
    const auto answer = reply.json();
    for (const auto& entry : answer.at("statuses").as_array())
        all.emplace_back(entry.as_object().at("status").as_string());
    return all;
}

}  // namespace

TEST_CASE("only who shows the token may call, and wrong ones of any length are refused") {
    Bench bench;
    for (const std::string header : {"", "dapr-api-token: \r\n", "dapr-api-token: of the apq\r\n",
                                     "dapr-api-token: of the ap\r\n", "dapr-api-token: of the app1\r\n"}) {
        CHECK(bench.ask("GET /dapr/subscribe HTTP/1.1\r\n" + header).status == 401);
        CHECK(bench.ask("POST /events/shared HTTP/1.1\r\n" + header, to_cloudevent(*event("a", 1))).status == 401);
    }
    CHECK(bench.handled.empty());
    CHECK(bench.ask("GET /dapr/config HTTP/1.1\r\ndapr-api-token: of the app\r\n").status == 200);
    const auto list = bj::parse(bench.ask("GET /dapr/subscribe HTTP/1.1\r\ndapr-api-token: of the app\r\n").body);
    CHECK(list.as_array().size() == 4);
    for (const auto& subscription : list.as_array())
        CHECK(subscription.as_object().at("metadata").as_object().at("rawPayload") == "true");
}

TEST_CASE("a bulk delivery is accepted whole; what is known has no second effect") {
    Bench bench;
    const auto body = bulk({raw_entry(0, to_cloudevent(*event("a", 1))), raw_entry(1, to_cloudevent(*event("b", 1))),
                            raw_entry(2, to_cloudevent(*event("a", 2)))});
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(3, "SUCCESS"));
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(3, "SUCCESS"));
    CHECK(bench.handled == std::vector<std::string>{"evt-a-1", "evt-a-2", "evt-b-1"});
}

TEST_CASE("a record that is no event becomes one dead letter and blocks nothing") {
    Bench bench;
    const std::string junk("\xff\x00 no JSON", 10);
    const auto body = bulk({raw_entry(0, junk), raw_entry(1, to_cloudevent(*event("a", 1))), raw_entry(2, ""),
                            raw_entry(3, R"({"specversion":"1.0","id":"x"})")});
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(4, "SUCCESS"));
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(4, "SUCCESS"));
    CHECK(bench.handled == std::vector<std::string>{"evt-a-1"});
    const auto letters = bench.dead_letters();
    REQUIRE(letters.size() == 3);
    CHECK(letters[0].subscription == "unreadable");
    CHECK(letters[0].event.id == "task-events/0/0");
    CHECK_THAT(letters[2].error, Catch::Contains("source"));
    const auto replayed = bench.database->write_now([&](db::Transaction& tx) -> Result<bool> {
        const auto done = bench.inbox->replay_in(tx, letters[0].id);
        if (!done.has_value()) return done.error();
        return true;
    });
    REQUIRE(replayed.has_error());
    CHECK(replayed.error().code == Errc::conflict);
}

TEST_CASE("an event that breaks the transaction becomes a dead letter by itself") {
    Bench bench;
    auto nul = to_cloudevent(*event("a", 1));
    nul.replace(nul.find("evt-a-1"), 7, "evt-\\u0000");  // no text of SQL
    const auto body = bulk({raw_entry(0, nul), raw_entry(1, to_cloudevent(*event("b", 1)))});
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(2, "SUCCESS"));
    CHECK(std::find(bench.handled.begin(), bench.handled.end(), "evt-b-1") != bench.handled.end());
}

TEST_CASE("single deliveries: structured, raw and wrapped by the sidecar, binary") {
    Bench bench;
    const std::string json = "Content-Type: application/cloudevents+json\r\n";
    CHECK(bench.deliver(to_cloudevent(*event("a", 1)), json).json().at("status") == "SUCCESS");
    const auto wrapped = bj::serialize(bj::object{{"specversion", "1.0"},
                                                  {"type", "com.dapr.event.sent"},
                                                  {"datacontenttype", "application/octet-stream"},
                                                  {"data_base64", to_base64(to_cloudevent(*event("a", 2)))}});
    CHECK(bench.deliver(wrapped, json).json().at("status") == "SUCCESS");
    const auto e = event("a", 3);
    const auto binary = "Content-Type: application/json\r\nce-specversion: 1.0\r\nce-id: " + e->id +
                        "\r\nce-source: %2Fcarillon/tasks\r\nCe-Type: task.created\r\nce-subject: 3\r\nce-time: "
                        "2027-01-15T08:00:00Z\r\nce-partitionkey: a\r\nce-sequence: 3\r\nce-actor: user\r\n";
    CHECK(bench.deliver(e->data, binary).json().at("status") == "SUCCESS");
    CHECK(bench.handled == std::vector<std::string>{"evt-a-1", "evt-a-2", "evt-a-3"});
    CHECK(bench.dead_letters().empty());
    CHECK(bench.deliver("junk", json).json().at("status") == "SUCCESS");
    CHECK(bench.dead_letters().size() == 1);
}

TEST_CASE("while the database is away a delivery is sent back, and only then") {
    Bench bench;
    bench.database.close();
    const auto body = bulk({raw_entry(0, to_cloudevent(*event("a", 1))), raw_entry(1, "junk")});
    CHECK(statuses(bench.deliver(body)) == std::vector<std::string>(2, "RETRY"));
    CHECK(bench.deliver(to_cloudevent(*event("a", 1))).json().at("status") == "RETRY");
}

TEST_CASE("a broadcast is told to the listeners, byte for byte, and stored nowhere") {
    Bench bench;
    const auto bytes = to_cloudevent(*event("a", 1));
    const auto body = bulk({raw_entry(0, "junk"), raw_entry(1, bytes)});
    const auto reply = bench.ask(
        "POST /events/broadcast HTTP/1.1\r\nContent-Type: application/json\r\ndapr-api-token: of the app\r\n", body);
    CHECK(statuses(reply) == std::vector<std::string>(2, "SUCCESS"));
    CHECK(bench.heard == std::vector<std::string>{bytes});
    CHECK(bench.handled.empty());
    CHECK(bench.dead_letters().empty());
}

TEST_CASE("a broadcast event of a user without a client here is answered for, and not read") {
    Bench bench;
    bench.deaf_to = "b";
    const auto of = [](int id, const std::string& user) {
        auto entry = raw_entry(id, to_cloudevent(*event(user, 1)));
        entry.at("metadata").as_object()["__key"] = user;
        return entry;
    };
    const auto reply =
        bench.ask("POST /events/broadcast HTTP/1.1\r\nContent-Type: application/json\r\ndapr-api-token: of the app\r\n",
                  bulk({of(0, "a"), of(1, "b"), of(2, "a")}));
    CHECK(statuses(reply) == std::vector<std::string>(3, "SUCCESS"));
    CHECK(bench.heard == std::vector<std::string>(2, to_cloudevent(*event("a", 1))));
}
