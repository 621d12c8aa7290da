// The module on a real database, with real tasks and outbox; the clock, the scheduler and the bus do what the test
// says.
#pragma once

#include "carillon/events/relay.hpp"
#include "identity/identity.hpp"
#include "reminder/reminder.hpp"
#include "support/database.hpp"
#include "task/task.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <mutex>
#include <thread>

namespace carillon::reminder::test {

using carillon::test::Backend;
using carillon::test::TestDatabase;
using namespace std::chrono_literals;

class FakeIdentity final : public identity::Identity {
public:
    awaitable<Result<Principal>> authenticate(const http::Request&) override { throw std::logic_error("not used"); }
    awaitable<Result<Principal>> authenticate_token(std::string) override { throw std::logic_error("not used"); }
    bool stands_in(db::Session&, const Principal&) override { return true; }
    std::optional<identity::UserSettings> settings_in(db::Session&, std::string_view) override {
        return identity::UserSettings{"UTC", std::chrono::hours{9}};
    }
    std::optional<std::string> user_by_email_in(db::Session&, std::string_view) override { return {}; }
    Result<std::string> add_user(std::string, std::string, std::string, std::string) override { return not_found(); }
    Result<void> set_password(std::string, std::string) override { return not_found(); }
    void on_revoked(std::function<void(const std::string&, const std::string&)>) override {}
    void on_account_deleted(std::function<void(db::Transaction&, const std::string&)>) override {}
    std::vector<http::Route> routes() override { return {}; }
};

/// Keeps the subscription; the test delivers.
class FakeBus final : public EventBus {
public:
    void subscribe(Subscription s) override { subscription = std::move(s); }
    void listen(Listener) override {}
    void start() override {}
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>> events) override {
        co_return std::vector<bool>(events.size(), true);
    }
    awaitable<void> drain() override { co_return; }

    Subscription subscription;
};

/// Keeps the jobs; the test wakes.
class FakeScheduler final : public JobScheduler {
public:
    void on_due(Callback callback) override { wake = std::move(callback); }
    void schedule(std::string name, Time due) override {
        const std::lock_guard lock{mutex_};
        jobs_[std::move(name)] = due;
    }
    void cancel(const std::string& name) override {
        const std::lock_guard lock{mutex_};
        jobs_.erase(name);
    }
    void stop() override {}
    std::map<std::string, Time> jobs() {
        const std::lock_guard lock{mutex_};
        return jobs_;
    }

    Callback wake;

private:
    std::mutex mutex_;
    std::map<std::string, Time> jobs_;
};

/// One process; World can end it and begin another on the same database.
struct Process {
    Process(TestDatabase& database, const Clock& clock);
    ~Process();

    boost::asio::io_context& io = carillon::test::lasting_io_context();
    FakeIdentity identity;
    FakeBus bus;
    FakeScheduler scheduler;
    Metrics metrics;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    std::unique_ptr<Relay> relay;
    std::unique_ptr<task::TaskService> tasks;
    std::unique_ptr<Reminders> reminders;
    std::thread thread;
};

struct World {
    explicit World(Backend backend);

    /// Ends the process and starts another, which has yet to start() its reminders.
    void restart();
    void start() { process->reminders->start(); }

    /// A task that rings at `bell`; its event is not delivered yet.
    task::Todo create(Time bell, std::string title = "Water the plants", task::Origin origin = {});
    template <class Change>
    task::Todo change(Change change_in) {
        auto work = [&](db::Transaction& tx) { return change_in(tx, *process->tasks); };
        auto todo = database->write_now(std::move(work));
        if (!todo) throw std::runtime_error(todo.error().detail);
        return *todo;
    }
    task::Todo move(std::int64_t id, Time bell);
    /// Hands the subscriber every event of the user that it has not had.
    void deliver();
    void deliver(const Event& event);
    std::vector<std::shared_ptr<const Event>> events(const std::string& user);
    /// The bells of the user that rang: the data of each.
    std::vector<boost::json::object> rings();

    /// Wakes the module and waits until it has seen to everything that is due now.
    void wake();
    /// The rows of a task as `revision state fire_at-start`, oldest first.
    std::vector<std::string> rows(std::int64_t task_id);
    std::string metric(const std::string& name);
    http::Response send(const Principal& principal, http::Method method, const std::string& pattern,
                        std::vector<std::string> params = {},
                        std::vector<std::pair<std::string, std::string>> query = {});
    boost::json::array list(const std::string& state);

    const Time start_time = *parse_rfc3339("2027-01-10T10:00:00Z");
    TestDatabase database;
    ManualClock clock{start_time};
    std::unique_ptr<Process> process;
    Principal who, other, sentinel;
    std::int64_t delivered = 0;
};

template <class Predicate>
bool eventually(Predicate holds, std::chrono::milliseconds patience = 20s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

}  // namespace carillon::reminder::test
