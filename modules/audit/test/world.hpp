// A user's tasks and their log: fresh database, the real outbox, relay, inbox and bus, routes without a socket.
#pragma once

#include "audit/audit.hpp"
#include "carillon/events/inbox.hpp"
#include "carillon/events/relay.hpp"
#include "identity/identity.hpp"
#include "support/database.hpp"
#include "task/task.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace carillon::audit::test {

namespace bj = boost::json;
using carillon::test::Backend;
using http::Method;

/// Runs a statement; the error's text, or empty.
std::string try_sql(db::Database& database, const std::string& text);

class FakeIdentity final : public identity::Identity {
public:
    bool stands_in(db::Session&, const Principal&) override { return true; }
    std::optional<identity::UserSettings> settings_in(db::Session&, std::string_view) override {
        return identity::UserSettings{"UTC", std::chrono::hours(9)};
    }
    void on_account_deleted(std::function<void(db::Transaction&, const std::string&)>) override {}
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

class World {
public:
    explicit World(Backend backend);
    ~World();

    http::Response send(Method method, const std::string& target, const std::string& body = {},
                        std::vector<http::Header> headers = {});
    http::Response send_as(const Principal& principal, Method method, const std::string& target,
                           const std::string& body = {}, std::vector<http::Header> headers = {});
    /// A call that must succeed; the answer. The clock moves on a second.
    bj::object change(Method method, const std::string& target, const std::string& body = {});
    /// The entries of `target` once every event so far is in the log.
    bj::array log(const std::string& target = "/api/audit?limit=200");
    /// All pages, following Link.
    std::vector<std::int64_t> ids_of_all_pages(std::string target, int& pages);
    void wait_for_log();
    std::string sql(const std::string& text) { return try_sql(*database, text); }
    std::int64_t number(const std::string& text);

    boost::asio::io_context& io = carillon::test::lasting_io_context();
    carillon::test::TestDatabase database;
    ManualClock clock{*parse_rfc3339("2027-01-10T10:00:00Z")};
    FakeIdentity identity;
    std::unique_ptr<Inbox> inbox;
    std::unique_ptr<EventBus> bus;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<task::TaskService> tasks;
    std::unique_ptr<Audit> audit;
    std::vector<http::Route> routes;
    Principal who, other;

private:
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io.get_executor()};
    std::thread thread_;
};

std::string field_errors(const http::Response& response);

}  // namespace carillon::audit::test
