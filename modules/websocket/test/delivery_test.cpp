// Every event once and in order, or an honest "reload".
#include "harness.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;
using namespace carillon::test;

TEST_CASE("An event is one text message, the CloudEvent's own bytes") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    auto one = Client::signed_in(live, user);
    auto two = Client::signed_in(live, user);
    one->read();
    two->read();
    for (const std::size_t size : {10, 200, 70'000}) {  // the three lengths of a frame's header
        const auto event = live.commit(user, R"({"text":")" + std::string(size, 'x') + "\"}");
        live.tell(event);
        CHECK(one->read() == to_cloudevent(*event));
        CHECK(two->read() == to_cloudevent(*event));
    }
}

TEST_CASE("Nobody gets another user's events") {
    Live live{Backend::sqlite, {}, 1};
    const auto mine = add_user(*live.database), theirs = add_user(*live.database);
    auto me = Client::signed_in(live, mine);
    auto them = Client::signed_in(live, theirs);
    me->read();
    them->read();
    live.send(theirs);
    CHECK(them->read_sequence() == 1);
    live.send(mine);
    const auto text = me->read();
    CHECK(text.find(mine) != std::string::npos);
    CHECK(text.find(theirs) == std::string::npos);
}

TEST_CASE("Whatever the bus drops, doubles or swaps, the client sees each event once and in order") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    Live live{backend};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    client->read();
    std::vector<std::shared_ptr<const Event>> e{nullptr};
    for (int i = 1; i <= 9; ++i) e.push_back(live.commit(user));
    SECTION("gap") {
        live.tell(e[1]);
        live.tell(e[5]);
        for (int i = 1; i <= 9; ++i) CHECK(client->read_sequence() == i);  // to the outbox's end
    }
    SECTION("twice") {
        live.tell(e[1]);
        live.tell(e[1]);
        for (int i = 2; i <= 9; ++i) live.tell(e[static_cast<std::size_t>(i)]);
        live.tell(e[3]);
        for (int i = 1; i <= 9; ++i) CHECK(client->read_sequence() == i);
    }
    SECTION("backwards") {
        for (int i = 9; i >= 1; --i) live.tell(e[static_cast<std::size_t>(i)]);
        for (int i = 1; i <= 9; ++i) CHECK(client->read_sequence() == i);
    }
    live.send(user);
    CHECK(client->read_sequence() == 10);
}

TEST_CASE("Resume: all that was missed, or a reload") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    Live live{backend};
    const auto user = add_user(*live.database);
    for (int i = 0; i < 5; ++i) live.commit(user);

    SECTION("missed some") {
        auto client = Client::signed_in(live, user, 2);
        CHECK(client->read() == R"({"type":"resumed","recovered":true,"sequence":5})");
        for (int i = 3; i <= 5; ++i) CHECK(client->read_sequence() == i);
    }
    SECTION("missed nothing") {
        auto client = Client::signed_in(live, user, 5);
        CHECK(client->read() == R"({"type":"resumed","recovered":true,"sequence":5})");
    }
    SECTION("knows more than there is: another database") {
        auto client = Client::signed_in(live, user, 6);
        CHECK(client->read() == R"({"type":"resumed","recovered":false,"sequence":5})");
    }
    SECTION("the outbox has forgotten") {
        live.database->write_now([](db::Transaction& tx) -> Result<void> {
            tx.exec("DELETE FROM outbox WHERE sequence <= 3");
            return {};
        });
        auto client = Client::signed_in(live, user, 2);
        CHECK(client->read() == R"({"type":"resumed","recovered":false,"sequence":5})");
        auto recent = Client::signed_in(live, user, 3);
        CHECK(recent->read() == R"({"type":"resumed","recovered":true,"sequence":5})");
    }
    const auto next = live.send(user);
    CHECK(next->sequence == 6);
    auto client = Client::signed_in(live, user, 5);
    client->read();
    CHECK(client->read_sequence() == 6);
}

TEST_CASE("Resume replays up to 1,000 events, in batches") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    live.commit_many(user, 1001);
    auto client = Client::signed_in(live, user, 1);
    CHECK(client->read() == R"({"type":"resumed","recovered":true,"sequence":1001})");
    for (int i = 2; i <= 1001; ++i) REQUIRE(client->read_sequence() == i);
    auto longer_away = Client::signed_in(live, user, 0);
    CHECK(longer_away->read() == R"({"type":"resumed","recovered":false,"sequence":1001})");
    CHECK(live.metric(R"(carillon_websocket_resumes_total{recovered="true"})") == "1");
    CHECK(live.metric(R"(carillon_websocket_resumes_total{recovered="false"})") == "1");
}

TEST_CASE("A gap that the outbox cannot fill tells the client to reload") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    client->read();
    live.commit(user);
    const auto second = live.commit(user);
    live.database->write_now([](db::Transaction& tx) -> Result<void> {
        tx.exec("DELETE FROM outbox WHERE sequence = 1");
        return {};
    });
    live.tell(second);
    CHECK(client->read() == R"({"type":"resumed","recovered":false,"sequence":2})");
    live.send(user);
    CHECK(client->read_sequence() == 3);
}

TEST_CASE("An event that comes while a socket signs in is in its sequence, or follows") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    Live live{backend};
    const auto user = add_user(*live.database);
    for (std::int64_t i = 1; i <= 100; ++i) {
        std::thread writer{[&] { live.send(user); }};
        auto client = Client::signed_in(live, user);
        const auto ready = boost::json::parse(client->read()).at("sequence").as_int64();
        writer.join();
        if (ready < i) REQUIRE(client->read_sequence(2s) == i);
    }
}

TEST_CASE("The head exposes a lost tail, and brings it") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    websocket::Options options;
    options.head_interval = 100ms;
    Live live{backend, options};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    CHECK(client->read() == R"({"type":"ready","sequence":0})");
    CHECK(client->read() == R"({"type":"head","sequence":0})");
    live.commit(user);  // and nobody is told
    CHECK(client->read_sequence() == 1);
    CHECK(client->read() == R"({"type":"head","sequence":1})");
}

TEST_CASE("However often a client goes and comes back, it sees every sequence once and in order") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    const auto seed = GENERATE(1u, 2u, 3u);
    CAPTURE(seed);
    constexpr int events = 400;
    Live live{backend};
    const auto user = add_user(*live.database);
    std::thread writer{[&] {
        std::mt19937 random{seed};
        for (int i = 0; i < events; ++i) {
            const auto event = live.commit(user);
            switch (random() % 8) {
                case 0:
                    break;  // lost by the bus
                case 1:
                    live.tell(event);
                    [[fallthrough]];
                default:
                    live.tell(event);
            }
            if (i + 1 == events) live.tell(event);
        }
    }};
    std::mt19937 random{seed * 7919};
    std::int64_t last = 0;
    int visits = 0;
    bool in_order = true;
    while (last < events && in_order && visits < 1000) {
        auto client = Client::signed_in(live, user, last);
        ++visits;
        const auto answer = client->read();
        in_order = answer.find(R"("recovered":true)") != std::string::npos;
        for (auto reads = random() % 40; reads > 0 && last < events && in_order; --reads) {
            const auto next = client->read_sequence(500ms);
            if (next == 0) break;
            in_order = next == last + 1;
            last = next;
        }
        client->drop();
    }
    writer.join();
    CHECK(in_order);
    CHECK(last == events);
    CHECK(visits > 5);
}

TEST_CASE("A client that does not read is closed and costs nobody else anything") {
    websocket::Options options;
    options.max_queue = 64;
    Live live{Backend::sqlite, options, 1};
    const auto user = add_user(*live.database);
    Client slow{live, "/ws/tasks?token=" + user + "/s1", {}, 4096};
    Client quick{live, "/ws/tasks?token=" + user + "/s1"};
    REQUIRE(!quick.read().empty());
    const std::string big(64 * 1024, 'x');
    std::int64_t sent = 0;
    while (live.metric("carillon_websocket_slow_closes_total") != "1" && sent < 1000) {
        live.tell(live.commit(user, R"({"text":")" + big + "\"}"));
        ++sent;
        REQUIRE(quick.read_sequence() == sent);
    }
    CHECK(sent < 1000);
    CHECK(slow.read_close() == 1013);
    live.send(user);
    CHECK(quick.read_sequence() == sent + 1);
}

TEST_CASE("A client that hangs in the middle of a message is closed") {
    websocket::Options options;
    options.head_interval = 250ms;  // looks every 10 ms
    options.write_timeout = 50ms;
    Live live{Backend::sqlite, options};
    const auto user = add_user(*live.database);
    Client slow{live, "/ws/tasks?token=" + user + "/s1", {}, 4096};
    live.tell(live.commit(user, R"({"text":")" + std::string(7 << 20, 'x') + "\"}"));
    CHECK(eventually([&] { return live.metric("carillon_websocket_slow_closes_total") == "1"; }));
    // It never reads, so that it never sees the close frame: after the closing time the socket goes.
    CHECK(eventually([&] { return live.metric("carillon_websocket_sockets") == "0"; }, 15s));
}
