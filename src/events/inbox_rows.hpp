// The inbox and dead_letters tables: private to src/events.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/events/event.hpp"
#include "carillon/events/inbox.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::events {

/// The primary key of an inbox row.
struct InboxKey {
    std::string subscription;
    std::string user_id;
    std::int64_t sequence = 0;
    std::string event_id;
};

struct WaitingRow {
    std::int64_t sequence = 0;
    std::string event_id;
    int attempts = 0;
    Time next_attempt{};
    std::string payload;  ///< CloudEvent
};

/// Adds a row: handled already, or waiting with its payload. False when the subscription knows the event.
bool insert_handled(db::Transaction& tx, std::string_view subscription, const Event& event, Time now);
/// The same for many rows, in one statement (PostgreSQL). True for each that is new; of two alike the first.
struct HandledRow {
    std::string_view subscription;
    const Event* event;
};
std::vector<bool> insert_all_handled(db::Transaction& tx, const std::vector<HandledRow>& rows, Time now);
bool insert_waiting(db::Transaction& tx, std::string_view subscription, const Event& event, std::string_view payload,
                    Time now);

bool anything_waits(db::Session& session);
bool lane_waits(db::Session& session, std::string_view subscription, std::string_view user_id);
/// The first rows of a lane that wait, in sequence order.
std::vector<WaitingRow> waiting_rows(db::Session& session, std::string_view subscription, std::string_view user_id,
                                     int limit);
/// Users with waiting rows.
std::vector<std::string> waiting_users(db::Session& session, std::string_view subscription);
std::int64_t count_waiting(db::Session& session, std::string_view subscription);
/// On PostgreSQL keeps other replicas off the lane until the transaction ends; false when one has it. SQLite has one
/// writer.
bool lock_lane(db::Transaction& tx, std::string_view subscription, std::string_view user_id);
/// The same for many lanes at once (`subscription/user`), PostgreSQL only: those that are this transaction's now and in
/// which nothing waits.
std::set<std::string> lock_free_lanes(db::Transaction& tx, const std::set<std::string>& lanes);

void complete(db::Transaction& tx, const InboxKey& key, Time now);
/// The same for rows of one lane.
void complete_all(db::Transaction& tx, std::string_view subscription, std::string_view user_id,
                  const std::vector<WaitingRow>& rows, Time now);
void put_off(db::Transaction& tx, const InboxKey& key, int attempts, Time next_attempt, std::string_view error,
             std::string_view payload);
/// Turns the row into a dead letter; the lane goes on without it.
void bury(db::Transaction& tx, const InboxKey& key, int attempts, std::string_view error, std::string_view payload,
          Time now);

std::vector<DeadLetter> list_dead_letters(db::Session& session, int limit, std::int64_t after_id);
/// Puts a dead letter back as a waiting row. Fails with: not_found, conflict (already replayed).
Result<InboxKey> revive(db::Transaction& tx, std::int64_t dead_letter_id, Time now);

/// One step of the walk along the primary key that finds rows handled before `before`.
struct Walk {
    InboxKey to;           ///< the last row seen
    bool end = false;      ///< there is none after it
    bool expired = false;  ///< there is something to remove
};
Walk walk(db::Session& session, const InboxKey& from, int rows, Time before);
void remove_handled_before(db::Transaction& tx, const InboxKey& from, const InboxKey& to, Time before);

}  // namespace carillon::events
