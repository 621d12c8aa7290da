#include "outbox.hpp"

#include "carillon/events/relay.hpp"
#include "carillon/ids.hpp"
#include "carillon/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <stdexcept>

namespace carillon::events {
namespace {

constexpr std::string_view event_columns =
    "id, type, topic, user_id, aggregateid, sequence, time, actor, traceparent, payload";

/// Whether the predecessor waits is asked row by row, along the index: as EXISTS PostgreSQL would read all that waits.
const std::string select_unpublished =
    "SELECT position, CASE WHEN (SELECT 1 FROM outbox p WHERE p.user_id = o.user_id "
    "AND p.sequence = o.sequence - 1 AND p.published_at IS NULL) IS NULL THEN 0 ELSE 1 END, " +
    std::string(event_columns) + " FROM outbox o WHERE published_at IS NULL AND ";

std::int64_t to_integer(const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// Reads rows of `event_columns` that follow two integers, position and predecessor_waits.
std::vector<OutboxRow> read_rows(db::Session& session, std::string_view sql, std::initializer_list<db::Param> params) {
    std::vector<OutboxRow> rows;
    session.each<std::int64_t, bool, std::string, std::string, std::string, std::string, std::string, std::int64_t,
                 std::int64_t, std::string, std::string, std::string>(
        sql, params,
        [&rows](std::int64_t position, bool predecessor_waits, std::string id, std::string type, std::string topic,
                std::string user, std::string task, std::int64_t sequence, std::int64_t time, std::string actor,
                std::string trace, std::string data) {
            auto event = std::make_shared<Event>();
            event->id = std::move(id);
            event->type = std::move(type);
            event->topic = std::move(topic);
            event->user_id = std::move(user);
            event->task_id = to_integer(task);
            event->sequence = sequence;
            event->time = from_micros(time);
            event->actor = std::move(actor);
            event->traceparent = std::move(trace);
            event->data = std::move(data);
            rows.push_back({position, predecessor_waits, std::move(event)});
        });
    return rows;
}

/// SQLite: one kept statement marks up to this many positions; the rest of the list is filled up with -1.
constexpr std::size_t marks = 32;

const std::string& mark_sql() {
    static const std::string sql = [] {
        std::string text = "UPDATE outbox SET published_at = :now WHERE published_at IS NULL AND position IN (";
        for (std::size_t i = 0; i < marks; ++i) text += (i ? ", :p" : ":p") + std::to_string(i);
        return text + ")";
    }();
    return sql;
}

/// Appends to a list that PostgreSQL takes apart with string_to_array(…, chr(10)).
void append_line(std::string& lines, std::string_view line) {
    if (!lines.empty()) lines += '\n';
    lines += line;
}

/// Of two replicas the later one may be a little behind: a user's times go up with every event, whoever adds it. (The
/// user is locked already, so that a statement sees the event before.)
Time later(Time now, std::optional<std::int64_t> before) {
    return before ? std::max(now, from_micros(*before + 1)) : now;
}

/// What a user's next events count on from: the sequence of the last one, the time of the next.
struct Taken {
    std::int64_t sequence;
    Time time;
};

/// Takes as many sequences of each user as there are drafts of theirs. PostgreSQL.
std::map<std::string, Taken> take_sequences(db::Transaction& tx, const std::vector<Draft>& drafts, Time now) {
    std::map<std::string, std::int64_t> counts;
    for (const auto& draft : drafts) ++counts[draft.who.user_id];
    std::string users, numbers;
    for (const auto& [user, count] : counts) {
        append_line(users, user);
        numbers += (numbers.empty() ? "" : ",") + std::to_string(count);
    }
    std::map<std::string, Taken> taken;
    tx.each<std::string, std::int64_t, std::optional<std::int64_t>>(
        "UPDATE users SET sequence = users.sequence + k.n FROM unnest(string_to_array(:users, chr(10)), "
        "CAST(string_to_array(:counts, ',') AS BIGINT[])) AS k (u, n) WHERE users.id = k.u RETURNING users.id, "
        "users.sequence - k.n, (SELECT time FROM outbox WHERE user_id = users.id AND sequence = users.sequence - k.n)",
        {users, numbers}, [&](std::string user, std::int64_t sequence, std::optional<std::int64_t> time) {
            taken[std::move(user)] = {sequence, later(now, time)};
        });
    if (taken.size() != counts.size()) throw std::logic_error("an event of a user that does not exist");
    return taken;
}

}  // namespace

bool StoredOutbox::lock_user(db::Transaction& tx, std::string_view user_id) {
    // SQLite has one writer; on PostgreSQL the lock must not stand in the way of foreign keys to users.
    const auto sql = tx.backend() == db::Backend::sqlite
                         ? "SELECT 1 FROM users WHERE id = :id AND deleted_at IS NULL"
                         : "SELECT 1 FROM users WHERE id = :id AND deleted_at IS NULL FOR NO KEY UPDATE";
    return tx.query_one<std::int64_t>(sql, user_id).has_value();
}

Event StoredOutbox::add(db::Transaction& tx, const Principal& who, std::string_view type, std::int64_t task_id,
                        std::string data) {
    const auto* const sql = tx.backend() == db::Backend::sqlite
                                ? "UPDATE users SET sequence = sequence + 1 WHERE id = :id RETURNING sequence, NULL"
                                : "UPDATE users SET sequence = sequence + 1 WHERE id = :id RETURNING sequence, (SELECT "
                                  "time FROM outbox WHERE user_id = users.id AND sequence = users.sequence - 1)";
    const auto next = tx.query_one<std::int64_t, std::optional<std::int64_t>>(sql, who.user_id);
    if (!next) throw std::logic_error("an event of a user that does not exist");
    Event event;
    event.time = later(clock_.now(), std::get<1>(*next));
    event.id = "evt-" + uuid_v7(event.time);
    event.type = type;
    event.topic = topic_of(type);
    event.user_id = who.user_id;
    event.task_id = task_id;
    event.sequence = std::get<0>(*next);
    event.actor = who.actor;
    event.traceparent = who.traceparent;
    event.data = std::move(data);
    tx.exec(
        "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, topic, user_id, sequence, actor, "
        "traceparent, time) "
        "VALUES (:id, 'task', :task, :type, :payload, :topic, :user, :sequence, :actor, :traceparent, :time)",
        event.id, std::to_string(event.task_id), event.type, event.data, event.topic, event.user_id, event.sequence,
        event.actor, event.traceparent, to_micros(event.time));
    tx.on_commit(wake_);
    return event;
}

UserLocks StoredOutbox::lock_free_users(db::Transaction& tx, const std::set<std::string>& users) {
    UserLocks locks;
    if (tx.backend() == db::Backend::sqlite) {
        for (const auto& user : users) {
            if (lock_user(tx, user)) locks.mine.insert(user);
        }
        return locks;
    }
    std::string list;
    for (const auto& user : users) append_line(list, user);
    static const std::string select =
        "SELECT id FROM users WHERE id = ANY(string_to_array(:users, chr(10))) AND deleted_at IS NULL";
    tx.each<std::string>(select + " FOR NO KEY UPDATE SKIP LOCKED", {list},
                         [&locks](std::string user) { locks.mine.insert(std::move(user)); });
    if (locks.mine.size() == users.size()) return locks;
    tx.each<std::string>(select, {list}, [&locks](std::string user) {
        if (!locks.mine.contains(user)) locks.others.insert(std::move(user));
    });
    return locks;
}

void StoredOutbox::add_all(db::Transaction& tx, std::vector<Draft> drafts) {
    if (drafts.empty()) return;
    if (tx.backend() == db::Backend::sqlite) {
        for (auto& draft : drafts) add(tx, draft.who, draft.type, draft.task_id, std::move(draft.data));
        return;
    }
    auto taken = take_sequences(tx, drafts, clock_.now());
    std::string rows = "[";
    const auto text = [&rows](std::string_view name, std::string_view value) {
        rows.append(",\"").append(name).append("\":");
        json::append_string(rows, value);
    };
    for (std::size_t i = 0; i < drafts.size(); ++i) {
        const Draft& draft = drafts[i];
        auto& next = taken.at(draft.who.user_id);
        rows += fmt::format(R"({}{{"o":{},"s":{},"c":{})", i ? "," : "", i, ++next.sequence, to_micros(next.time));
        text("e", "evt-" + uuid_v7(next.time));
        text("k", std::to_string(draft.task_id));
        text("t", draft.type);
        text("p", draft.data);
        text("g", topic_of(draft.type));
        text("u", draft.who.user_id);
        text("a", draft.who.actor);
        text("r", draft.who.traceparent);
        rows += '}';
        next.time += std::chrono::microseconds{1};
    }
    rows += ']';
    tx.exec(
        "INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, topic, user_id, sequence, actor, "
        "traceparent, time) SELECT e, 'task', k, t, p, g, u, s, a, r, c FROM json_to_recordset(CAST(:rows AS json)) "
        "AS r (o bigint, s bigint, c bigint, e text, k text, t text, p text, g text, u text, a text, r text) "
        "ORDER BY o",
        rows);
    tx.on_commit(wake_);
}

std::vector<OutboxRow> unpublished(db::Session& session, std::int64_t after, int limit) {
    static const std::string sql = select_unpublished + "position > :after ORDER BY position LIMIT :n";
    return read_rows(session, sql, {after, limit});
}

LockedUsers lock_users(db::Transaction& tx, std::int64_t after, int limit) {
    LockedUsers locked;
    tx.each<std::string, std::int64_t, bool>(
        "WITH page AS MATERIALIZED (SELECT user_id, position FROM outbox WHERE published_at IS NULL "
        "AND position > :after ORDER BY position LIMIT :n), "
        "users AS MATERIALIZED (SELECT user_id, max(position) AS last FROM page GROUP BY user_id) "
        "SELECT user_id, last, CASE WHEN pg_try_advisory_xact_lock(hashtextextended('outbox/' || user_id, 0)) THEN 1 "
        "ELSE 0 END FROM users",
        {after, limit}, [&locked](std::string user, std::int64_t last, bool mine) {
            locked.last = std::max(locked.last, last);
            if (!mine) {
                locked.others = true;
                return;
            }
            append_line(locked.users, user);
        });
    return locked;
}

std::vector<OutboxRow> unpublished_of(db::Transaction& tx, std::int64_t after, const LockedUsers& locked) {
    static const std::string sql =
        select_unpublished +
        "position > :after AND position <= :last AND user_id = ANY(string_to_array(:users, chr(10))) ORDER BY position";
    return read_rows(tx, sql, {after, locked.last, locked.users});
}

void mark_published(db::Transaction& tx, const std::vector<std::int64_t>& positions, Time now) {
    if (tx.backend() == db::Backend::postgresql) {
        std::string list;
        for (const auto position : positions) list += (list.empty() ? "" : ",") + std::to_string(position);
        tx.exec(
            "UPDATE outbox SET published_at = :now WHERE published_at IS NULL "
            "AND position = ANY(CAST(string_to_array(:list, ',') AS BIGINT[]))",
            to_micros(now), list);
        return;
    }
    for (std::size_t i = 0; i < positions.size(); i += marks) {
        std::vector<db::Param> params{to_micros(now)};
        for (std::size_t j = i; j < i + marks; ++j)
            params.emplace_back(j < positions.size() ? positions[j] : std::int64_t{-1});
        tx.exec_with(mark_sql(), params);
    }
}

Backlog backlog(db::Session& session) {
    const auto row = session.query_one<std::int64_t, std::optional<std::int64_t>>(
        "SELECT count(*), min(time) FROM outbox WHERE published_at IS NULL");
    const auto oldest = std::get<1>(*row);
    return {std::get<0>(*row), oldest ? std::optional<Time>{from_micros(*oldest)} : std::nullopt};
}

bool has_published_before(db::Session& session, Time before) {
    const auto oldest = session.query_one<std::int64_t>(
        "SELECT published_at FROM outbox WHERE published_at IS NOT NULL ORDER BY position LIMIT 1");
    return oldest && std::get<0>(*oldest) < to_micros(before);
}

std::int64_t remove_published_before(db::Transaction& tx, Time before, int limit) {
    return tx.exec(
        "DELETE FROM outbox WHERE position IN "
        "(SELECT position FROM outbox WHERE published_at IS NOT NULL ORDER BY position LIMIT :n) AND published_at < "
        ":before",
        limit, to_micros(before));
}

}  // namespace carillon::events

namespace carillon {

std::int64_t head_sequence(db::Session& session, std::string_view user_id) {
    const auto row = session.query_one<std::int64_t>("SELECT sequence FROM users WHERE id = :id", user_id);
    return row ? std::get<0>(*row) : 0;
}

std::optional<std::vector<std::shared_ptr<const Event>>> events_after(db::Session& session, std::string_view user_id,
                                                                      std::int64_t after,
                                                                      std::optional<std::int64_t> up_to, int limit) {
    static const std::string sql =
        "SELECT position, 0, " + std::string(events::event_columns) +
        " FROM outbox WHERE user_id = :user AND sequence > :after AND sequence <= :to ORDER BY sequence LIMIT :n";
    const std::int64_t head = head_sequence(session, user_id);
    if (after < 0 || after > head) return std::nullopt;  // a client from another history
    const auto to = up_to.value_or(std::numeric_limits<std::int64_t>::max());
    auto rows = events::read_rows(session, sql, {user_id, after, to, limit});
    std::vector<std::shared_ptr<const Event>> events;
    events.reserve(rows.size());
    for (auto& row : rows) {
        if (row.event->sequence != after + static_cast<std::int64_t>(events.size()) + 1) return std::nullopt;
        events.push_back(std::move(row.event));
    }
    const auto reached = after + static_cast<std::int64_t>(events.size());
    const bool full = static_cast<int>(events.size()) == limit;
    if (!full && reached < std::min(head, to)) return std::nullopt;
    return events;
}

void erase_events_in(db::Transaction& tx, std::string_view user_id) {
    tx.exec("DELETE FROM outbox WHERE user_id = :user", user_id);
    tx.exec("DELETE FROM dead_letters WHERE user_id = :user", user_id);
    // The names are found by jumping along the primary key, not by reading the whole inbox.
    std::string name;
    while (true) {
        const auto next = tx.query_one<std::optional<std::string>>(
            "SELECT min(subscription) FROM inbox WHERE subscription > :name", name);
        if (!std::get<0>(*next)) return;
        name = *std::get<0>(*next);
        tx.exec("DELETE FROM inbox WHERE subscription = :subscription AND user_id = :user", name, user_id);
    }
}

}  // namespace carillon
