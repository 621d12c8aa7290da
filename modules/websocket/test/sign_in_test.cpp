// Who may open a socket, how, and what ends it.
#include "harness.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

namespace {

/// POST /api/ws-ticket as `user`.
boost::json::object new_ticket(Live& live, const std::string& user) {
    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    socket.connect(live.endpoint);
    beast::http::request<beast::http::empty_body> request{beast::http::verb::post, "/api/ws-ticket", 11};
    request.set("Host", "localhost");
    request.set("Authorization", "Bearer " + user + "/s1");
    request.prepare_payload();
    beast::http::write(socket, request);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> response;
    beast::http::read(socket, buffer, response);
    REQUIRE(response.result_int() == 201);
    return boost::json::parse(response.body()).as_object();
}

}  // namespace

TEST_CASE("A socket signs in by its first message") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    CHECK(client->status() == 101);
    CHECK(client->read() == R"({"type":"ready","sequence":0})");
    live.send(user);
    CHECK(client->read_sequence() == 1);
}

TEST_CASE("A socket signs in by its query") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    live.commit(user);
    Client fresh{live, "/ws/tasks?token=" + user + "/s1"};
    CHECK(fresh.read() == R"({"type":"ready","sequence":1})");
    Client resumed{live, "/ws/tasks?token=" + user + "/s1&last_sequence=0"};
    CHECK(resumed.read() == R"({"type":"resumed","recovered":true,"sequence":1})");
    CHECK(resumed.read_sequence() == 1);
}

TEST_CASE("What is wrong in the query is refused before the upgrade") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    const auto [target, status] = GENERATE_COPY(table<std::string, int>({
        {"/ws/tasks?token=nonsense", 401},
        {"/ws/tasks?token=", 401},
        {"/ws/tasks?ticket=unknown", 401},
        {"/ws/tasks?token=" + user + "/s1&ticket=x", 422},
        {"/ws/tasks?token=" + user + "/s1&token=" + user + "/s1", 422},
        {"/ws/tasks?token=" + user + "/s1&last_sequence=-1", 422},
        {"/ws/tasks?token=" + user + "/s1&last_sequence=x", 422},
        {"/ws/tasks?last_sequence=1", 422},
        {"/ws/tasks?token=" + user + "/s1&colour=red", 422},
    }));
    CAPTURE(target);
    Client client{live, target};
    CHECK(client.status() == status);
    CHECK(live.metric("carillon_websocket_sockets") == "0");
}

TEST_CASE("What is wrong in a message closes the socket") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    const auto [message, code] = GENERATE_COPY(table<std::string, int>({
        {R"({"type":"auth","token":"nonsense"})", 4401},
        {R"({"type":"auth","ticket":"unknown"})", 4401},
        {R"({"type":"auth"})", 4401},
        {R"({"type":"ping"})", 4401},
        {"nonsense", 1007},
        {"{\"type\":\"auth\",\"token\":\"\xff\"}", 1007},
        {"[]", 1008},
        {"{}", 1008},
        {R"({"type":"auth","token":1})", 1008},
        {R"({"type":"auth","token":"x","last_sequence":-1})", 1008},
        {R"({"type":"auth","token":"x","last_sequence":1.5})", 1008},
        {R"({"type":"auth","token":"x","colour":"red"})", 1008},
        {R"({"type":"delete"})", 1008},
        {std::string(4097, ' '), 1009},
    }));
    CAPTURE(message);
    Client client{live};
    REQUIRE(client.status() == 101);
    client.write(message);
    CHECK(client.read_close() == code);
}

TEST_CASE("A signed-in client may ping and nothing else") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    client->read();
    client->write(R"({"type":"ping"})");
    CHECK(client->read() == R"({"type":"pong"})");
    SECTION("sign in again") {
        client->write(R"({"type":"auth","token":")" + user + "/s1\"}");
        CHECK(client->read_close() == 1008);
    }
    SECTION("binary") {
        client->write(R"({"type":"ping"})", true);
        CHECK(client->read_close() == 1003);
    }
    SECTION("too much") {
        client->write(std::string(5000, 'x'));
        CHECK(client->read_close() == 1009);
    }
    CHECK(eventually([&] { return live.metric("carillon_websocket_sockets") == "0"; }));
}

TEST_CASE("Origin: this host, the allowed ones, or none") {
    websocket::Options options;
    options.allowed_origins = {"https://tasks.example/app"};
    Live live{Backend::sqlite, options};
    const auto here = "http://127.0.0.1:" + std::to_string(live.endpoint.port());
    const auto [origin, status] = GENERATE_COPY(table<std::string, int>({
        {here, 101},
        {"https://tasks.example", 101},
        {"https://TASKS.example:443", 101},
        {"http://tasks.example", 403},
        {"https://tasks.example.evil.example", 403},
        {"http://127.0.0.1:1", 403},
        {"https://evil.example", 403},
        {"null", 403},
        {"nonsense", 403},
    }));
    CAPTURE(origin);
    Client client{live, "/ws/tasks", {{"Origin", origin}}};
    CHECK(client.status() == status);
}

TEST_CASE("A ticket opens one socket, for a minute") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    CAPTURE(name_of(backend));
    Live live{backend};
    const auto user = add_user(*live.database);
    const auto answer = new_ticket(live, user);
    const std::string ticket{answer.at("ticket").as_string()};
    CHECK(answer.at("expires_at") == "2030-01-01T00:01:00Z");
    auto stored = live.database->read_now([](db::Session& session) -> Result<std::string> {
        return std::get<0>(*session.query_one<std::string>("SELECT hash FROM ws_tickets"));
    });
    CHECK(*stored == sha256_hex(ticket));

    SECTION("once") {
        Client first{live, "/ws/tasks?ticket=" + ticket};
        CHECK(first.read() == R"({"type":"ready","sequence":0})");
        live.send(user);
        CHECK(first.read_sequence() == 1);
        CHECK(Client(live, "/ws/tasks?ticket=" + ticket).status() == 401);
    }
    SECTION("in the first message") {
        Client client{live};
        client.write(R"({"type":"auth","ticket":")" + ticket + "\"}");
        CHECK(client.read() == R"({"type":"ready","sequence":0})");
    }
    SECTION("not after a minute") {
        live.clock.advance(60s);
        CHECK(Client(live, "/ws/tasks?ticket=" + ticket).status() == 401);
        new_ticket(live, user);
        auto left = live.database->read_now([](db::Session& session) -> Result<std::int64_t> {
            return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM ws_tickets"));
        });
        CHECK(*left == 1);
    }
    SECTION("not after its session ended") {
        live.identity.revoked(user, "s1");
        Client client{live, "/ws/tasks?ticket=" + ticket};
        CHECK(client.read_close() == 4401);
    }
    SECTION("not after its account is gone") {
        live.database->write_now([&](db::Transaction& tx) -> Result<void> {
            live.identity.erased(tx, user);
            return {};
        });
        CHECK(Client(live, "/ws/tasks?ticket=" + ticket).status() == 401);
    }
}

TEST_CASE("Sign-out and revocation close the sockets of that credential") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    const auto other = add_user(*live.database);
    Client one{live, "/ws/tasks?token=" + user + "/s1"};
    Client two{live, "/ws/tasks?token=" + user + "/s2"};
    Client stranger{live, "/ws/tasks?token=" + other + "/s1"};
    for (auto* client : {&one, &two, &stranger}) REQUIRE(!client->read().empty());

    live.identity.revoked(user, "s1");
    CHECK(one.read_close() == 4401);
    live.send(user);
    CHECK(two.read_sequence() == 1);
    live.identity.revoked(user, "");
    CHECK(two.read_close() == 4401);
    live.send(other);
    CHECK(stranger.read_sequence() == 1);
}

TEST_CASE("A sign-out at another replica closes the socket here with the next head") {
    websocket::Options options;
    options.head_interval = 100ms;
    Live live{Backend::sqlite, options};
    const auto user = add_user(*live.database);
    Client one{live, "/ws/tasks?token=" + user + "/s1"};
    Client two{live, "/ws/tasks?token=" + user + "/s2"};
    for (auto* client : {&one, &two}) REQUIRE(!client->read().empty());
    live.identity.end_elsewhere("s1");
    CHECK(one.read_close() == 4401);
    for (int i = 0; i < 3; ++i) CHECK(two.read() == R"({"type":"head","sequence":0})");
}

TEST_CASE("A session that ends while its socket signs in leaves none open") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    live.identity.while_authenticating = [&] { live.identity.revoked(user, "s1"); };
    auto client = Client::signed_in(live, user);
    CHECK(client->read_close() == 4401);
}

TEST_CASE("Limits on the number of sockets") {
    websocket::Options options;
    options.max_connections = 3;
    options.max_connections_per_user = 2;
    Live live{Backend::sqlite, options};
    const auto user = add_user(*live.database);
    const auto target = "/ws/tasks?token=" + user + "/s1";
    Client one{live, target};
    CHECK(!one.read().empty());  // signed in before the next one comes
    Client two{live, target};
    CHECK(!two.read().empty());
    Client three{live, target};
    CHECK(three.read_close() == 1013);
    REQUIRE(eventually([&] { return live.metric("carillon_websocket_sockets") == "2"; }));
    Client four{live};
    CHECK(four.status() == 101);
    CHECK(Client(live).status() == 503);
}

TEST_CASE("Draining closes every socket, signed in or not") {
    Live live{Backend::sqlite};
    const auto user = add_user(*live.database);
    auto client = Client::signed_in(live, user);
    Client silent{live};
    client->read();
    auto drained = asio::co_spawn(live.threads.next(), live.live->drain(), asio::use_future);
    CHECK(client->read_close() == 1001);
    CHECK(silent.read_close() == 1001);
    CHECK(drained.wait_for(5s) == std::future_status::ready);
    CHECK(Client(live).status() == 503);
}
