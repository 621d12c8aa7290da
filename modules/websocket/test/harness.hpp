// The module on a real loopback server, with an identity and a bus that the test commands.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/relay.hpp"
#include "carillon/http/server.hpp"
#include "carillon/ids.hpp"
#include "support/database.hpp"
#include "websocket/websocket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/json.hpp>

#include <mutex>
#include <thread>

namespace carillon::test {

namespace asio = boost::asio;
namespace beast = boost::beast;
using namespace std::chrono_literals;

inline const Time start_of_test = *parse_rfc3339("2030-01-01T00:00:00Z");

/// Tokens are `<user id>/<session id>`.
class FakeIdentity final : public identity::Identity {
public:
    awaitable<Result<Principal>> authenticate(const http::Request& request) override {
        const auto header = request.header("Authorization");
        co_return look_up(std::string{header.substr(std::min<std::size_t>(7, header.size()))});
    }
    awaitable<Result<Principal>> authenticate_token(std::string token) override {
        auto who = look_up(token);
        if (while_authenticating) {
            while_authenticating();
            // Whatever that has posted to this thread runs first.
            co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        }
        co_return who;
    }
    bool stands_in(db::Session&, const Principal& who) override { return who.session_id != ended_elsewhere(); }
    std::optional<identity::UserSettings> settings_in(db::Session&, std::string_view) override { return std::nullopt; }
    std::optional<std::string> user_by_email_in(db::Session&, std::string_view) override { return std::nullopt; }
    Result<std::string> add_user(std::string, std::string, std::string, std::string) override { return not_found(); }
    Result<void> set_password(std::string, std::string) override { return not_found(); }
    void on_revoked(std::function<void(const std::string&, const std::string&)> ended) override {
        revoked = std::move(ended);
    }
    void on_account_deleted(std::function<void(db::Transaction&, const std::string&)> erase) override {
        erased = std::move(erase);
    }
    std::vector<http::Route> routes() override { return {}; }

    /// A session that was signed out at another replica, which tells nobody here.
    void end_elsewhere(std::string session_id) {
        const std::lock_guard lock{mutex_};
        ended_ = std::move(session_id);
    }
    std::string ended_elsewhere() {
        const std::lock_guard lock{mutex_};
        return ended_;
    }

    std::function<void(const std::string&, const std::string&)> revoked;
    std::function<void(db::Transaction&, const std::string&)> erased;
    std::function<void()> while_authenticating;  ///< what happens between the check of a token and its answer

private:
    std::mutex mutex_;
    std::string ended_;
    Result<Principal> look_up(const std::string& token) {
        const auto slash = token.find('/');
        if (slash == std::string::npos || !is_uuid(token.substr(0, slash))) {
            return Error{Errc::unauthenticated, "The token is not valid."};
        }
        Principal who;
        who.user_id = token.substr(0, slash);
        who.session_id = token.substr(slash + 1);
        who.actor = "user";
        return who;
    }
};

/// Hands on what the test tells it to: nothing, twice, or in another order.
class FakeBus final : public EventBus {
public:
    void subscribe(Subscription) override {}
    void listen(Listener listener) override { tell = std::move(listener); }
    void start() override {}
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        co_return std::vector<bool>(events.size(), true);
    }
    awaitable<void> drain() override { co_return; }

    Listener tell;
};

struct Live {
    explicit Live(Backend backend, websocket::Options options = {}, int threads_count = 2)
        : database(backend),
          relay(make_relay(*database, clock, database.metrics(), unused.get_executor())),
          live(websocket::make_live_sync(*database, bus, identity, clock, database.metrics(), std::move(options))),
          threads(threads_count),
          server(std::make_unique<http::Server>(
              threads, live->routes(), live->upgrades(),
              [this](const http::Request& request) { return identity.authenticate(request); }, clock,
              database.metrics(), http::ServerOptions{})),
          endpoint(server->listen("127.0.0.1:0")) {}
    ~Live() {
        server.reset();
        threads.stop();
        database.close();  // whose threads may post to the loops, which go before it
    }

    /// Stores the user's next event; nobody is told.
    std::shared_ptr<const Event> commit(const std::string& user, std::string data = R"({"taskId":1})") {
        auto work = [&](db::Transaction& tx) -> Result<Event> {
            relay->outbox().lock_user(tx, user);
            Principal who;
            who.user_id = user;
            who.actor = "user";
            return relay->outbox().add(tx, who, "task.created", 1, data);
        };
        return std::make_shared<const Event>(*database->write_now(std::move(work)));
    }
    /// The user's next `count` events, in one transaction; nobody is told.
    void commit_many(const std::string& user, int count) {
        database->write_now([&](db::Transaction& tx) -> Result<void> {
            relay->outbox().lock_user(tx, user);
            Principal who;
            who.user_id = user;
            who.actor = "user";
            for (int i = 0; i < count; ++i) relay->outbox().add(tx, who, "task.created", 1, R"({"taskId":1})");
            return {};
        });
    }
    void tell(const std::shared_ptr<const Event>& event) {
        if (bus.tell.wants(event->user_id)) bus.tell.hear(event);
    }
    std::shared_ptr<const Event> send(const std::string& user) {
        auto event = commit(user);
        tell(event);
        return event;
    }
    std::string metric(const std::string& name) {
        const std::string text = "\n" + database.metrics().text();
        const auto at = text.find("\n" + name + " ");
        if (at == std::string::npos) return "";
        const auto from = at + name.size() + 2;
        return text.substr(from, text.find('\n', from) - from);
    }

    TestDatabase database;
    ManualClock clock{start_of_test};
    asio::io_context unused;
    FakeIdentity identity;
    FakeBus bus;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<websocket::LiveSync> live;
    http::IoThreads threads;
    std::unique_ptr<http::Server> server;
    asio::ip::tcp::endpoint endpoint;
};

/// A WebSocket client that waits for what it reads, with a deadline.
class Client {
public:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    /// Connects; status() is 101 or why not.
    explicit Client(Live& live, std::string target = "/ws/tasks", Headers headers = {}, int receive_buffer = 0)
        : stream_(std::make_unique<beast::websocket::stream<asio::ip::tcp::socket>>(io_)) {
        auto& socket = stream_->next_layer();
        socket.open(asio::ip::tcp::v4());
        if (receive_buffer > 0) socket.set_option(asio::socket_base::receive_buffer_size{receive_buffer});
        socket.connect(live.endpoint);
        stream_->set_option(beast::websocket::stream_base::decorator([&](beast::websocket::request_type& request) {
            for (const auto& [name, value] : headers) request.set(name, value);
        }));
        beast::websocket::response_type response;
        stream_->async_handshake(response, "127.0.0.1:" + std::to_string(live.endpoint.port()), target,
                                 [this](beast::error_code error) { error_ = error; });
        run(5s);
        status_ = static_cast<int>(response.result_int());
        body_ = response.body();
    }

    /// Signs in with `token` and returns the answer.
    static std::unique_ptr<Client> signed_in(Live& live, const std::string& user,
                                             std::optional<std::int64_t> last = {}) {
        auto client = std::make_unique<Client>(live);
        client->write(R"({"type":"auth","token":")" + user + "/s1\"" +
                      (last ? ",\"last_sequence\":" + std::to_string(*last) : "") + "}");
        return client;
    }

    int status() const { return status_; }
    const std::string& body() const { return body_; }

    void write(const std::string& text, bool binary = false) {
        stream_->binary(binary);
        error_.reset();
        stream_->async_write(asio::buffer(text), [this](beast::error_code error, std::size_t) { error_ = error; });
        run(5s);
    }
    /// The next message; empty when there is none in time or the connection is over.
    std::string read(std::chrono::milliseconds patience = 5s) {
        error_.reset();
        // A read that ran out of time goes on with the next call.
        if (!reading_) {
            reading_ = true;
            stream_->async_read(buffer_, [this](beast::error_code error, std::size_t) {
                reading_ = false;
                error_ = error;
            });
        }
        run(patience);
        if (!error_ || *error_) return {};
        auto text = beast::buffers_to_string(buffer_.data());
        buffer_.consume(buffer_.size());
        return text;
    }
    /// Sequence of the next message that is an event; 0 for the end.
    std::int64_t read_sequence(std::chrono::milliseconds patience = 5s) {
        const auto until = std::chrono::steady_clock::now() + patience;
        for (;;) {
            const auto text = read(patience);
            if (text.empty() || std::chrono::steady_clock::now() > until) return 0;
            const auto json = boost::json::parse(text).as_object();
            if (json.contains("specversion")) return json.at("sequence").to_number<std::int64_t>();
        }
    }
    /// Reads until the connection is over; its close code.
    int read_close(std::chrono::milliseconds patience = 5s) {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            read(100ms);
            if (error_ && *error_) break;
        }
        return stream_->reason().code;
    }
    /// Goes away without a word.
    void drop() {
        beast::error_code ignored;
        stream_->next_layer().close(ignored);
        io_.restart();
        io_.run_for(1s);
    }

private:
    void run(std::chrono::milliseconds patience) {
        const auto until = std::chrono::steady_clock::now() + patience;
        io_.restart();
        while (!error_ && std::chrono::steady_clock::now() < until) io_.run_one_until(until);
    }

    asio::io_context io_;
    std::unique_ptr<beast::websocket::stream<asio::ip::tcp::socket>> stream_;
    beast::flat_buffer buffer_;
    std::optional<beast::error_code> error_;
    bool reading_ = false;
    int status_ = 0;
    std::string body_;
};

/// Waits for what another thread does.
template <class Predicate>
bool eventually(Predicate holds, std::chrono::milliseconds patience = 5s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}  // namespace carillon::test
