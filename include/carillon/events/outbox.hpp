// Transactional outbox: a change and its event share a transaction (DESIGN 2.1). Columns as Debezium's outbox router
// reads them.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "carillon/principal.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// An event to be.
struct Draft {
    Principal who;
    std::string_view type;
    std::int64_t task_id = 0;
    std::string data;
};

/// Of some users those whose rows are now locked, and those that somebody else holds. Who is in neither does not exist.
struct UserLocks {
    std::set<std::string> mine;
    std::set<std::string> others;
};

class Outbox {
public:
    virtual ~Outbox() = default;
    /// Locks the user's row, so that sequence order is commit order. Call it first in every transaction that adds
    /// events; false when there is no such user.
    virtual bool lock_user(db::Transaction& tx, std::string_view user_id) = 0;
    /// Takes the user's next sequence and stores the event. Wakes the relay after the commit.
    virtual Event add(db::Transaction& tx, const Principal& who, std::string_view type, std::int64_t task_id,
                      std::string data) = 0;

    // The same for many users in few statements, where each is a round trip (PostgreSQL).
    /// Waits for nobody. In place of lock_user().
    virtual UserLocks lock_free_users(db::Transaction& tx, const std::set<std::string>& users) = 0;
    /// A user's events take their sequence as they stand here.
    virtual void add_all(db::Transaction& tx, std::vector<Draft> drafts) = 0;
};

/// Removes what outbox, inbox and dead letters hold of a user whose account is deleted.
void erase_events_in(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon
