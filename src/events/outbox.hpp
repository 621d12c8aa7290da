// The outbox table: private to src/events.
#pragma once

#include "carillon/events/outbox.hpp"
#include "carillon/time/clock.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace carillon::events {

class StoredOutbox final : public Outbox {
public:
    /// `wake` is called after each commit that added events; any thread.
    StoredOutbox(const Clock& clock, std::function<void()> wake) : clock_(clock), wake_(std::move(wake)) {}
    bool lock_user(db::Transaction& tx, std::string_view user_id) override;
    Event add(db::Transaction& tx, const Principal& who, std::string_view type, std::int64_t task_id,
              std::string data) override;
    UserLocks lock_free_users(db::Transaction& tx, const std::set<std::string>& users) override;
    void add_all(db::Transaction& tx, std::vector<Draft> drafts) override;

private:
    const Clock& clock_;
    std::function<void()> wake_;
};

struct OutboxRow {
    std::int64_t position;
    bool predecessor_waits;  ///< the user's event before this one is unpublished, too
    std::shared_ptr<const Event> event;
};

/// The first unpublished rows with a position above `after`, in order.
std::vector<OutboxRow> unpublished(db::Session& session, std::int64_t after, int limit);

/// PostgreSQL only: the users of a page, as far as nobody else holds them.
struct LockedUsers {
    std::string users;      ///< one a line
    std::int64_t last = 0;  ///< the page's last position; 0: nothing is unpublished
    bool others = false;    ///< users were left out
};
/// Locks the users of the rows that unpublished() would return, until the transaction ends.
LockedUsers lock_users(db::Transaction& tx, std::int64_t after, int limit);
/// Their rows up to the page's last position, to be read after the locks are held.
std::vector<OutboxRow> unpublished_of(db::Transaction& tx, std::int64_t after, const LockedUsers& locked);

void mark_published(db::Transaction& tx, const std::vector<std::int64_t>& positions, Time now);

struct Backlog {
    std::int64_t depth;
    std::optional<Time> oldest;
};
Backlog backlog(db::Session& session);

bool has_published_before(db::Session& session, Time before);
/// Removes among the `limit` oldest published rows those published before `before`; how many.
std::int64_t remove_published_before(db::Transaction& tx, Time before, int limit);

}  // namespace carillon::events
