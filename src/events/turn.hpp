// Whose turn it is to publish: of several replicas on one database one at a time has a user's events in its hands.
// Private to src/events.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "outbox.hpp"

#include <memory>
#include <vector>

namespace carillon::events {

struct Page {
    std::vector<OutboxRow> rows;  ///< in the order of their positions; nobody else publishes them until the turn ends
    std::int64_t last = 0;        ///< position up to which the table was read
    bool end = false;             ///< there was nothing to read
    bool others = false;          ///< rows were left out, because another replica has them
};

/// SQLite has one process. On PostgreSQL a turn is a held transaction with an advisory lock for each user of the page:
/// a replica that is killed loses them at once, one that freezes after ten seconds, and what it would mark then is
/// refused. The order of a user's events does not hang on it (an event goes out after its predecessor), only that none
/// goes out twice without need.
class Turn {
public:
    virtual ~Turn() = default;
    /// Begins. The rows are read after the locks are held. Fails with: unavailable.
    virtual awaitable<Result<Page>> begin(std::int64_t after, int limit) = 0;
    /// Marks what was published (positions; may be none) and ends. Fails with: unavailable.
    virtual awaitable<Result<bool>> end(std::vector<std::int64_t> published, Time now) = 0;
    /// Gives up whatever is held. Not on the thread that runs begin() or end().
    virtual void close() = 0;
};

std::unique_ptr<Turn> make_turn(db::Database& database);

}  // namespace carillon::events
