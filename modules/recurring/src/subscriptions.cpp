#include "recurring/recurring.hpp"
#include "service.hpp"

namespace carillon::recurring {

void subscribe(EventBus& bus, task::TaskService& tasks, const Clock& /*clock*/) {
    auto handle = [service = std::make_shared<Service>(tasks)](db::Transaction& tx, const Event& event) {
        return service->settle(tx, event);
    };
    bus.subscribe({"recurring", {"task.completed", "task.updated"}, std::move(handle)});
}

}  // namespace carillon::recurring
