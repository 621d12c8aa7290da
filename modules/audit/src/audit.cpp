#include "audit/audit.hpp"

#include "audit/entries.hpp"
#include "routes.hpp"

namespace carillon::audit {
namespace {

class StoredAudit final : public Audit {
public:
    StoredAudit(db::Database& database, EventBus& bus, task::TaskService& tasks) : database_(database), tasks_(tasks) {
        auto record = [](db::Transaction& tx, const Event& event) -> Result<void> {
            append(tx, event);  // an event that is there already is in order
            return {};
        };
        bus.subscribe({"audit", {}, record});
    }
    std::vector<http::Route> routes() override { return audit::routes(database_, tasks_); }
    void erase_in(db::Transaction& tx, std::string_view user_id) override { erase(tx, user_id); }

private:
    db::Database& database_;
    task::TaskService& tasks_;
};

}  // namespace

std::unique_ptr<Audit> make_audit(db::Database& database, EventBus& bus, task::TaskService& tasks) {
    return std::make_unique<StoredAudit>(database, bus, tasks);
}

}  // namespace carillon::audit
