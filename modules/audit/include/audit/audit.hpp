// audit: consumes every event into an append-only log of one gap-free order, and rebuilds or reverts from it.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/http/router.hpp"
#include "task/task.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace carillon::audit {

class Audit {
public:
    virtual ~Audit() = default;
    virtual std::vector<http::Route> routes() = 0;
    /// For a deleted account: the payloads of its entries become NULL, the entries and their order stay.
    virtual void erase_in(db::Transaction& tx, std::string_view user_id) = 0;
};

/// Subscribes `audit` to every event.
std::unique_ptr<Audit> make_audit(db::Database& database, EventBus& bus, task::TaskService& tasks);

}  // namespace carillon::audit
