// audit: consumes every event into an append-only log of one gap-free order, proves that nobody changed it, and
// rebuilds or reverts from it.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event_bus.hpp"
#include "carillon/http/router.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"
#include "task/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

struct Options {
    std::string key_file;               ///< empty: no checkpoints
    bool make_keys = false;             ///< make the key file where there is none
    std::string witness_file;           ///< empty: none
    std::chrono::seconds interval{60};  ///< from an entry to the checkpoint that covers it, at most
};

class Audit {
public:
    virtual ~Audit() = default;
    /// Begins to make checkpoints. Throws std::runtime_error where the key file cannot be used.
    virtual void start() = 0;
    /// A last checkpoint over what is in the log.
    virtual awaitable<void> drain() = 0;
    virtual std::vector<http::Route> routes() = 0;
    /// For a deleted account: the payloads of its entries become NULL, the entries and their order stay.
    virtual void erase_in(db::Transaction& tx, std::string_view user_id) = 0;
};

/// Subscribes `audit` to every event. `executor` must run on one thread.
std::unique_ptr<Audit> make_audit(db::Database& database, EventBus& bus, task::TaskService& tasks, const Clock& clock,
                                  Metrics& metrics, boost::asio::any_io_executor executor, Options options);

}  // namespace carillon::audit
