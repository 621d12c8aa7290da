#include "recurring/recurring.hpp"
#include "service.hpp"

namespace carillon::recurring {

void subscribe(EventBus& bus, task::TaskService& tasks) {
    auto handle = [service = std::make_shared<Service>(tasks)](db::Transaction& tx, const Event& event) {
        return service->settle(tx, event);
    };
    bus.subscribe({"recurring", {"task.completed", "task.updated"}, std::move(handle)});
}

void erase_in(db::Transaction& tx, std::string_view user_id) {
    tx.exec("DELETE FROM recurring_successors WHERE user_id = :user", user_id);
}

}  // namespace carillon::recurring
