// One user's world for tests: a fresh database, a clock that stands, the real outbox, and the routes without a socket.
#pragma once

#include "carillon/events/relay.hpp"
#include "identity/identity.hpp"
#include "support/database.hpp"
#include "tag/routes.hpp"
#include "task/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace carillon::task::test {

namespace bj = boost::json;
using carillon::test::Backend;
using http::Method;

/// Knows nobody's password: time zone and reminder time as the test sets them.
class FakeIdentity final : public identity::Identity {
public:
    identity::UserSettings settings{"UTC", std::chrono::hours(9)};
    std::function<void(db::Transaction&, const std::string&)> erase;

    bool stands_in(db::Session&, const Principal&) override { return true; }
    std::optional<identity::UserSettings> settings_in(db::Session&, std::string_view) override { return settings; }
    void on_account_deleted(std::function<void(db::Transaction&, const std::string&)> callback) override {
        erase = std::move(callback);
    }

    awaitable<Result<Principal>> authenticate(const http::Request&) override { throw std::logic_error("not used"); }
    awaitable<Result<Principal>> authenticate_token(std::string) override { throw std::logic_error("not used"); }
    std::optional<std::string> user_by_email_in(db::Session&, std::string_view) override { return {}; }
    Result<std::string> add_user(std::string, std::string, std::string, std::string) override {
        throw std::logic_error("not used");
    }
    Result<void> set_password(std::string, std::string) override { throw std::logic_error("not used"); }
    void on_revoked(std::function<void(const std::string&, const std::string&)>) override {}
    std::vector<http::Route> routes() override { return {}; }
};

struct StoredEvent {
    std::string type;
    bj::object data;
    std::string text;
};

struct World {
    explicit World(Backend backend);

    /// Sends a request as `who` through the route table. `target` may hold a query; a body is sent as application/json.
    http::Response send(Method method, const std::string& target, const std::string& body = {},
                        std::vector<http::Header> headers = {});
    http::Response send_as(const Principal& principal, Method method, const std::string& target,
                           const std::string& body = {}, std::vector<http::Header> headers = {});
    bj::object get(const std::string& target);
    /// Creates a task that must be accepted; the answer.
    bj::object create(const std::string& body);
    bj::object patch(std::int64_t id, const std::string& body);
    bj::object act(std::int64_t id, const std::string& verb);

    Todo stored(std::int64_t id);
    std::vector<StoredEvent> events();
    std::string last_type();
    /// Every row a user owns in this area, as text: equal before and after where nothing may change.
    std::string everything(const std::string& user_id);
    /// Counters of task_counts and tags equal a recount. Throws where they do not.
    void check_counters();

    carillon::test::TestDatabase database;
    ManualClock clock{*parse_rfc3339("2027-01-10T10:00:00Z")};
    FakeIdentity identity;
    boost::asio::io_context& io = carillon::test::lasting_io_context();
    std::unique_ptr<Relay> relay;
    std::unique_ptr<TaskService> tasks;
    std::vector<http::Route> routes;
    Principal who, other;
};

bj::object object_of(const http::Response& response);
/// The `field` of each error of a problem, sorted and joined by spaces.
std::string wrong_fields(const http::Response& response);
std::int64_t id_of(const bj::object& todo);
std::string string_of(const bj::object& object, std::string_view key);

inline Backend any_backend() { return GENERATE(Backend::sqlite, Backend::postgresql); }

}  // namespace carillon::task::test
