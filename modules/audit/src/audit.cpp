#include "audit/audit.hpp"

#include "audit/entries.hpp"
#include "audit/history.hpp"
#include "checkpointer.hpp"
#include "proof_routes.hpp"
#include "routes.hpp"

namespace carillon::audit {
namespace {

class StoredAudit final : public Audit {
public:
    StoredAudit(db::Database& database, EventBus& bus, task::TaskService& tasks,
                std::shared_ptr<Checkpointer> checkpointer)
        : database_(database), tasks_(tasks), checkpointer_(std::move(checkpointer)) {
        auto record = [checkpointer = checkpointer_](db::Transaction& tx, const Event& event) -> Result<void> {
            // An event that is there already is in order.
            if (append(tx, event)) tx.on_commit([checkpointer] { checkpointer->wake(); });
            return {};
        };
        auto record_all = [checkpointer = checkpointer_](db::Transaction& tx,
                                                         const std::vector<const Event*>& events) -> Result<void> {
            if (append_all(tx, events) > 0) tx.on_commit([checkpointer] { checkpointer->wake(); });
            return {};
        };
        bus.subscribe({"audit", {}, record, record_all});
        auto one = [](db::Session& session, std::string_view user, std::int64_t task, Time at) {
            return task_at(session, user, task, at);
        };
        tasks.remember({audit::tasks_at, one});
    }
    void start() override { checkpointer_->start(); }
    awaitable<void> drain() override { return checkpointer_->drain(); }
    std::vector<http::Route> routes() override {
        auto all = audit::routes(database_, tasks_);
        for (auto& route : proof_routes(database_, checkpointer_)) all.push_back(std::move(route));
        return all;
    }
    void erase_in(db::Transaction& tx, std::string_view user_id) override { erase(tx, user_id); }

private:
    db::Database& database_;
    task::TaskService& tasks_;
    std::shared_ptr<Checkpointer> checkpointer_;
};

}  // namespace

std::unique_ptr<Audit> make_audit(db::Database& database, EventBus& bus, task::TaskService& tasks, const Clock& clock,
                                  Metrics& metrics, boost::asio::any_io_executor executor, Options options) {
    auto checkpointer =
        std::make_shared<Checkpointer>(database, clock, metrics, std::move(executor), std::move(options));
    return std::make_unique<StoredAudit>(database, bus, tasks, std::move(checkpointer));
}

}  // namespace carillon::audit
