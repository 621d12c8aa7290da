#include "reminder/reminder.hpp"

#include "planner.hpp"
#include "ringer.hpp"
#include "routes.hpp"

namespace carillon::reminder {
namespace {

class Module final : public Reminders {
public:
    Module(db::Database& database, EventBus& bus, Outbox& outbox, task::TaskService& tasks, JobScheduler& scheduler,
           const Clock& clock, Metrics& metrics, boost::asio::any_io_executor executor)
        : meters_(metrics),
          ringer_(std::make_shared<Ringer>(database, outbox, tasks, scheduler, clock, meters_, std::move(executor))),
          planner_(tasks, scheduler, clock, meters_),
          routes_(database, outbox, tasks, clock) {
        scheduler.on_due([ringer = ringer_](const std::string&) { ringer->wake(); });
        bus.subscribe({"reminder",
                       {"task.created", "task.updated", "task.completed", "task.deleted", "task.restored"},
                       [this](db::Transaction& tx, const Event& event) { return planner_.follow(tx, event); },
                       [this](db::Transaction& tx, const std::vector<const Event*>& events) {
                           return planner_.follow_all(tx, events);
                       }});
    }

    void start() override { ringer_->start(); }
    void stop() override { ringer_->stop(); }
    std::vector<http::Route> routes() override { return routes_.table(); }
    void erase_in(db::Transaction& tx, const std::string& user_id) override {
        const auto pending = repository::erase(tx, user_id);
        tx.on_commit([this, pending] { meters_.pending.Decrement(static_cast<double>(pending)); });
    }

private:
    Meters meters_;
    std::shared_ptr<Ringer> ringer_;
    Planner planner_;
    Routes routes_;
};

}  // namespace

std::unique_ptr<Reminders> make_reminders(db::Database& database, EventBus& bus, Outbox& outbox,
                                          task::TaskService& tasks, JobScheduler& scheduler, const Clock& clock,
                                          Metrics& metrics, boost::asio::any_io_executor executor) {
    return std::make_unique<Module>(database, bus, outbox, tasks, scheduler, clock, metrics, std::move(executor));
}

}  // namespace carillon::reminder
