#include "engine.hpp"
#include "recurring/recurring.hpp"

#include <boost/json/parse.hpp>

#include <memory>

namespace carillon::recurring {

namespace {
bool says_reopened(const Event& event) {
    const auto data = boost::json::parse(event.data);
    const auto* status = data.as_object().at("changes").as_object().if_contains("status");
    return status != nullptr && status->at("new") == "active";
}
}  // namespace

void subscribe(EventBus& bus, task::TaskService& tasks, const Clock& clock) {
    const auto engine = std::make_shared<Engine>(tasks, clock);
    bus.subscribe({"recurring", {"task.completed", "task.updated"}, [engine](db::Transaction& tx, const Event& event) -> Result<void> {
                       if (event.type == "task.completed") return engine->completed(tx, event);
                       if (says_reopened(event)) return engine->reopened(tx, event);
                       return {};
                   }});
}

}  // namespace carillon::recurring
