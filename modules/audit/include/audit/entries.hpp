// The table task_events.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "carillon/time/instant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

struct Entry {
    std::int64_t position = 0;
    std::int64_t task_id = 0;
    std::string type;
    std::optional<std::string> payload;  ///< the event's data, its bytes as they were; nothing once erased
    Time created_at{};
    std::int64_t sequence = 0;
    std::string actor;
};

/// Where a page ended.
struct Cursor {
    Time created_at{};
    std::int64_t position = 0;
};

struct Filter {
    std::optional<std::int64_t> task_id;
    std::optional<std::string> type;
    std::optional<Time> after, before;  ///< both exclusive
    std::optional<Cursor> cursor;
    int limit = 50;
};

/// Adds the event at the next position; false when it is there already.
bool append(db::Transaction& tx, const Event& event);
/// The same for many, in their order, with one lock and one statement (PostgreSQL only); how many were new.
std::int64_t append_all(db::Transaction& tx, const std::vector<const Event*>& events);
/// Newest first. Each filter has an index that ends with the order, so that a page costs the same at any depth.
std::vector<Entry> list(db::Session& session, std::string_view user_id, const Filter& filter);
std::optional<Entry> find(db::Session& session, std::string_view user_id, std::int64_t position);
/// The last entry of the task with a sequence of at most `up_to` that carries its state; reminder events carry none.
std::optional<Entry> last_state(db::Session& session, std::string_view user_id, std::int64_t task_id,
                                std::int64_t up_to);
void erase(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::audit
