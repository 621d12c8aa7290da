#include "inbox_rows.hpp"

#include "carillon/json.hpp"

#include <limits>
#include <map>
#include <tuple>

namespace carillon::events {
namespace {

/// The index of what waits is a handful of rows, where the primary key has all that was handled in 30 days. PostgreSQL
/// knows that from its statistics; SQLite has to be told.
std::string waiting(db::Session& session, std::string_view columns, std::string_view condition) {
    const auto* const table = session.backend() == db::Backend::sqlite ? "inbox INDEXED BY inbox_waiting" : "inbox";
    return "SELECT " + std::string(columns) + " FROM " + table + " WHERE handled_at IS NULL " + std::string(condition);
}

}  // namespace

bool insert_handled(db::Transaction& tx, std::string_view subscription, const Event& event, Time now) {
    return tx.exec(
               "INSERT INTO inbox (subscription, user_id, sequence, event_id, accepted_at, handled_at, attempts) "
               "VALUES (:subscription, :user, :sequence, :event, :now, :now, 1) ON CONFLICT DO NOTHING",
               subscription, event.user_id, event.sequence, event.id, to_micros(now)) == 1;
}

std::vector<bool> insert_all_handled(db::Transaction& tx, const std::vector<HandledRow>& rows, Time now) {
    std::vector<bool> fresh(rows.size(), false);
    if (tx.backend() == db::Backend::sqlite) {
        for (std::size_t i = 0; i < rows.size(); ++i)
            fresh[i] = insert_handled(tx, rows[i].subscription, *rows[i].event, now);
        return fresh;
    }
    std::map<std::tuple<std::string, std::string, std::int64_t, std::string>, std::size_t> first;
    std::string list = "[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [subscription, event] = rows[i];
        first.try_emplace({std::string(subscription), event->user_id, event->sequence, event->id}, i);
        list += i ? R"(,{"s":)" : R"({"s":)";
        json::append_string(list, subscription);
        list += R"(,"u":)";
        json::append_string(list, event->user_id);
        list += R"(,"n":)" + std::to_string(event->sequence) + R"(,"e":)";
        json::append_string(list, event->id);
        list += '}';
    }
    list += ']';
    tx.each<std::string, std::string, std::int64_t, std::string>(
        "INSERT INTO inbox (subscription, user_id, sequence, event_id, accepted_at, handled_at, attempts) "
        "SELECT s, u, n, e, :now, :now, 1 FROM json_to_recordset(CAST(:rows AS json)) AS r (s text, u text, n bigint, "
        "e text) ON CONFLICT DO NOTHING RETURNING subscription, user_id, sequence, event_id",
        {to_micros(now), list},
        [&](std::string subscription, std::string user, std::int64_t sequence, std::string event) {
            fresh[first.at({std::move(subscription), std::move(user), sequence, std::move(event)})] = true;
        });
    return fresh;
}

bool insert_waiting(db::Transaction& tx, std::string_view subscription, const Event& event, std::string_view payload,
                    Time now) {
    return tx.exec(
               "INSERT INTO inbox (subscription, user_id, sequence, event_id, accepted_at, payload) "
               "VALUES (:subscription, :user, :sequence, :event, :now, :payload) ON CONFLICT DO NOTHING",
               subscription, event.user_id, event.sequence, event.id, to_micros(now), payload) == 1;
}

bool anything_waits(db::Session& session) {
    return session.query_one<std::int64_t>(waiting(session, "1", "LIMIT 1")).has_value();
}

bool lane_waits(db::Session& session, std::string_view subscription, std::string_view user_id) {
    const auto sql = waiting(session, "1", "AND subscription = :subscription AND user_id = :user LIMIT 1");
    return session.query_one<std::int64_t>(sql, subscription, user_id).has_value();
}

std::vector<WaitingRow> waiting_rows(db::Session& session, std::string_view subscription, std::string_view user_id,
                                     int limit) {
    const auto sql =
        waiting(session, "sequence, event_id, attempts, next_attempt_at, payload",
                "AND subscription = :subscription AND user_id = :user ORDER BY sequence, event_id LIMIT :n");
    std::vector<WaitingRow> rows;
    session.each<std::int64_t, std::string, int, std::int64_t, std::string>(
        sql, {subscription, user_id, limit},
        [&rows](std::int64_t sequence, std::string event_id, int attempts, std::int64_t next, std::string payload) {
            rows.push_back({sequence, std::move(event_id), attempts, from_micros(next), std::move(payload)});
        });
    return rows;
}

std::vector<std::string> waiting_users(db::Session& session, std::string_view subscription) {
    std::vector<std::string> users;
    session.each<std::string>(waiting(session, "DISTINCT user_id", "AND subscription = :subscription"), {subscription},
                              [&users](std::string user) { users.push_back(std::move(user)); });
    return users;
}

std::int64_t count_waiting(db::Session& session, std::string_view subscription) {
    const auto sql = waiting(session, "count(*)", "AND subscription = :subscription");
    return std::get<0>(*session.query_one<std::int64_t>(sql, subscription));
}

bool lock_lane(db::Transaction& tx, std::string_view subscription, std::string_view user_id) {
    if (tx.backend() == db::Backend::sqlite) return true;
    const auto locked = tx.query_one<std::int64_t>(
        "SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended(:lane, 0)) THEN 1 ELSE 0 END",
        std::string(subscription) + '/' + std::string(user_id));
    return std::get<0>(*locked) == 1;
}

std::set<std::string> lock_free_lanes(db::Transaction& tx, const std::set<std::string>& lanes) {
    std::set<std::string> found;
    const auto select = [&](std::string_view sql, const std::set<std::string>& among) {
        std::string list;
        for (const auto& lane : among) list += (list.empty() ? "" : "\n") + lane;
        found.clear();
        tx.each<std::string>(sql, {list}, [&found](std::string lane) { found.insert(std::move(lane)); });
    };
    select(
        "WITH lanes AS MATERIALIZED (SELECT unnest(string_to_array(:lanes, chr(10))) AS lane) "
        "SELECT lane FROM lanes WHERE pg_try_advisory_xact_lock(hashtextextended(lane, 0))",
        lanes);
    // A statement of its own: its snapshot must see what the lanes' last holders committed.
    select(
        "WITH lanes AS MATERIALIZED (SELECT unnest(string_to_array(:lanes, chr(10))) AS lane) "
        "SELECT lane FROM lanes WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE handled_at IS NULL "
        "AND subscription = split_part(lane, '/', 1) AND user_id = split_part(lane, '/', 2))",
        std::set<std::string>(found));
    return found;
}

void complete(db::Transaction& tx, const InboxKey& key, Time now) {
    tx.exec(
        "UPDATE inbox SET handled_at = :now, attempts = attempts + 1, error = NULL, payload = NULL "
        "WHERE subscription = :subscription AND user_id = :user AND sequence = :sequence AND event_id = :event",
        to_micros(now), key.subscription, key.user_id, key.sequence, key.event_id);
}

void complete_all(db::Transaction& tx, std::string_view subscription, std::string_view user_id,
                  const std::vector<WaitingRow>& rows, Time now) {
    if (tx.backend() == db::Backend::sqlite) {
        for (const auto& row : rows)
            complete(tx, {std::string(subscription), std::string(user_id), row.sequence, row.event_id}, now);
        return;
    }
    std::string list = "[";
    for (const auto& row : rows) {
        list += (list.size() > 1 ? R"(,{"n":)" : R"({"n":)") + std::to_string(row.sequence) + R"(,"e":)";
        json::append_string(list, row.event_id);
        list += '}';
    }
    list += ']';
    tx.exec(
        "UPDATE inbox SET handled_at = :now, attempts = attempts + 1, error = NULL, payload = NULL "
        "FROM json_to_recordset(CAST(:rows AS json)) AS r (n bigint, e text) "
        "WHERE subscription = :subscription AND user_id = :user AND sequence = r.n AND event_id = r.e",
        to_micros(now), list, subscription, user_id);
}

void put_off(db::Transaction& tx, const InboxKey& key, int attempts, Time next_attempt, std::string_view error,
             std::string_view payload) {
    tx.exec(
        "UPDATE inbox SET handled_at = NULL, attempts = :attempts, next_attempt_at = :next, error = :error, payload = "
        ":payload "
        "WHERE subscription = :subscription AND user_id = :user AND sequence = :sequence AND event_id = :event",
        attempts, to_micros(next_attempt), error, payload, key.subscription, key.user_id, key.sequence, key.event_id);
}

void bury(db::Transaction& tx, const InboxKey& key, int attempts, std::string_view error, std::string_view payload,
          Time now) {
    tx.exec(
        "INSERT INTO dead_letters (subscription, user_id, sequence, event_id, payload, error, attempts, failed_at) "
        "VALUES (:subscription, :user, :sequence, :event, :payload, :error, :attempts, :now)",
        key.subscription, key.user_id, key.sequence, key.event_id, payload, error, attempts, to_micros(now));
    tx.exec(
        "UPDATE inbox SET handled_at = :now, attempts = :attempts, error = :error, payload = NULL "
        "WHERE subscription = :subscription AND user_id = :user AND sequence = :sequence AND event_id = :event",
        to_micros(now), attempts, error, key.subscription, key.user_id, key.sequence, key.event_id);
}

std::vector<DeadLetter> list_dead_letters(db::Session& session, int limit, std::int64_t after_id) {
    std::vector<DeadLetter> letters;
    session.each<std::int64_t, std::string, std::string, std::int64_t, std::string, std::string, std::string, int,
                 std::int64_t, std::optional<std::int64_t>>(
        "SELECT id, subscription, user_id, sequence, event_id, payload, error, attempts, failed_at, replayed_at "
        "FROM dead_letters WHERE id > :after ORDER BY id LIMIT :n",
        {after_id, limit},
        [&letters](std::int64_t id, std::string subscription, std::string user, std::int64_t sequence,
                   std::string event_id, std::string payload, std::string error, int attempts, std::int64_t failed_at,
                   std::optional<std::int64_t> replayed_at) {
            DeadLetter letter;
            letter.id = id;
            letter.subscription = std::move(subscription);
            if (auto event = parse_cloudevent(payload)) {
                letter.event = std::move(*event);
            } else {  // unreadable, which is why it is here: show what is known
                letter.event.id = std::move(event_id);
                letter.event.user_id = std::move(user);
                letter.event.sequence = sequence;
            }
            letter.error = std::move(error);
            letter.attempts = attempts;
            letter.failed_at = from_micros(failed_at);
            if (replayed_at) letter.replayed_at = from_micros(*replayed_at);
            letters.push_back(std::move(letter));
        });
    return letters;
}

Result<InboxKey> revive(db::Transaction& tx, std::int64_t dead_letter_id, Time now) {
    // The claim comes first: of two replays at once one finds nothing to claim.
    const bool claimed = tx.exec("UPDATE dead_letters SET replayed_at = :now WHERE id = :id AND replayed_at IS NULL",
                                 to_micros(now), dead_letter_id) == 1;
    const auto row = tx.query_one<std::string, std::string, std::int64_t, std::string, std::string>(
        "SELECT subscription, user_id, sequence, event_id, payload FROM dead_letters WHERE id = :id", dead_letter_id);
    if (!row) return not_found("There is no such dead letter.");
    if (!claimed) return Error{Errc::conflict, "This dead letter has been replayed already."};
    const auto& [subscription, user_id, sequence, event_id, payload] = *row;
    tx.exec(
        "INSERT INTO inbox (subscription, user_id, sequence, event_id, accepted_at, payload) "
        "VALUES (:subscription, :user, :sequence, :event, :now, :payload) "
        "ON CONFLICT (subscription, user_id, sequence, event_id) DO UPDATE SET handled_at = NULL, attempts = 0, "
        "next_attempt_at = 0, error = NULL, payload = excluded.payload",
        subscription, user_id, sequence, event_id, to_micros(now), payload);
    return InboxKey{subscription, user_id, sequence, event_id};
}

Walk walk(db::Session& session, const InboxKey& from, int rows, Time before) {
    Walk step;
    int seen = 0;
    session.each<std::string, std::string, std::int64_t, std::string, std::int64_t>(
        "SELECT subscription, user_id, sequence, event_id, coalesce(handled_at, :never) FROM inbox "
        "WHERE (subscription, user_id, sequence, event_id) > (:subscription, :user, :sequence, :event) "
        "ORDER BY subscription, user_id, sequence, event_id LIMIT :n",
        {std::numeric_limits<std::int64_t>::max(), from.subscription, from.user_id, from.sequence, from.event_id, rows},
        [&](std::string subscription, std::string user, std::int64_t sequence, std::string event,
            std::int64_t handled) {
            ++seen;
            step.expired |= handled < to_micros(before);
            step.to = InboxKey{std::move(subscription), std::move(user), sequence, std::move(event)};
        });
    step.end = seen < rows;
    return step;
}

void remove_handled_before(db::Transaction& tx, const InboxKey& from, const InboxKey& to, Time before) {
    tx.exec(
        "DELETE FROM inbox WHERE (subscription, user_id, sequence, event_id) > (:subscription, :user, :sequence, "
        ":event) "
        "AND (subscription, user_id, sequence, event_id) <= (:to_subscription, :to_user, :to_sequence, :to_event) "
        "AND handled_at < :before",
        from.subscription, from.user_id, from.sequence, from.event_id, to.subscription, to.user_id, to.sequence,
        to.event_id, to_micros(before));
}

}  // namespace carillon::events
