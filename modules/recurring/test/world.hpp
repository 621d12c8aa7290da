// One user's tasks with the real task service and database, and deliveries made by hand, in any order.
#pragma once

#include "carillon/events/relay.hpp"
#include "identity/identity.hpp"
#include "recurring/recurring.hpp"
#include "support/database.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace carillon::recurring::test {

using carillon::test::Backend;
using task::NewTask;
using task::Status;
using task::TaskPatch;
using task::Todo;

inline Backend any_backend() { return GENERATE(Backend::sqlite, Backend::postgresql); }
inline Time utc(std::string_view text) { return parse_rfc3339(text).value(); }

class FakeIdentity final : public identity::Identity {
public:
    identity::UserSettings settings{"UTC", std::chrono::hours(9)};
    bool stands_in(db::Session&, const Principal&) override { return true; }
    std::optional<identity::UserSettings> settings_in(db::Session&, std::string_view) override { return settings; }
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

/// Keeps the subscription, so that the test can deliver.
class HandBus final : public EventBus {
public:
    Subscription subscription;
    void subscribe(Subscription s) override { subscription = std::move(s); }
    void listen(Listener) override {}
    void start() override {}
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        co_return std::vector<bool>(events.size(), true);
    }
    awaitable<void> drain() override { co_return; }
};

struct World {
    explicit World(Backend backend);

    Todo create(const NewTask& input);
    Todo complete(std::int64_t id);
    Todo reopen(std::int64_t id);
    Todo update(std::int64_t id, const TaskPatch& patch);
    void remove(std::int64_t id);
    Todo find(std::int64_t id);  ///< deleted or not
    /// Live tasks by id.
    std::vector<Todo> live();
    /// The live tasks of one status as `number: due date`.
    std::vector<std::string> listed(Status status = Status::active);
    /// Every task, deleted or not, with its version: equal before and after where nothing may change.
    std::string everything();

    std::vector<std::shared_ptr<const Event>> events();
    void deliver(const Event& event);  ///< in one transaction, as the inbox does; must succeed
    void deliver_new();                ///< in order, until there are no more

    carillon::test::TestDatabase database;
    ManualClock clock{utc("2027-01-01T00:00:00Z")};
    FakeIdentity identity;
    boost::asio::io_context& io = carillon::test::lasting_io_context();
    std::unique_ptr<Relay> relay;
    std::unique_ptr<task::TaskService> tasks;
    HandBus bus;
    Principal who;

private:
    template <class Work>
    Todo write(Work work);
    std::int64_t delivered_ = 0;
};

/// A task due at `due` that repeats.
NewTask repeating(std::string_view due, Frequency rule, int interval = 1);

}  // namespace carillon::recurring::test
