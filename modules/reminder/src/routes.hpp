// `/api/reminders`.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/outbox.hpp"
#include "carillon/http/router.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

#include <vector>

namespace carillon::reminder {

class Routes {
public:
    Routes(db::Database& database, Outbox& outbox, task::TaskService& tasks, const Clock& clock)
        : database_(database), outbox_(outbox), tasks_(tasks), clock_(clock) {}
    std::vector<http::Route> table();

private:
    awaitable<http::Response> list(http::Request& request);
    awaitable<http::Response> acknowledge(http::Request& request);
    Result<void> acknowledge_in(db::Transaction& tx, const Principal& who, std::int64_t id);

    db::Database& database_;
    Outbox& outbox_;
    task::TaskService& tasks_;
    const Clock& clock_;
};

}  // namespace carillon::reminder
