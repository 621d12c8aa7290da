#include "repository.hpp"

#include "carillon/json.hpp"
#include "task/key_table.hpp"

#include <fmt/format.h>

#include <limits>

namespace carillon::reminder {

std::string_view to_string(State state) {
    switch (state) {
        case State::pending:
            return "pending";
        case State::fired:
            return "fired";
        case State::cancelled:
            return "cancelled";
    }
    return {};
}

std::string job_name(const Reminder& reminder) {
    return "reminder-" + std::to_string(reminder.task_id) + "-" + std::to_string(reminder.revision);
}

namespace repository {
namespace {

const std::string select_reminders =
    "SELECT id, user_id, task_id, revision, fire_at, state, title, due_at, fired_at, late, acknowledged_at FROM "
    "reminders ";

using OptionalInteger = std::optional<std::int64_t>;

State state_of(std::string_view text) {
    return text == "pending" ? State::pending : text == "fired" ? State::fired : State::cancelled;
}

std::vector<Reminder> read(db::Session& session, std::string_view sql, const std::vector<db::Param>& params) {
    std::vector<Reminder> rows;
    session.each<std::int64_t, std::string, std::int64_t, std::int64_t, std::int64_t, std::string, std::string,
                 OptionalInteger, OptionalInteger, bool, OptionalInteger>(
        sql, params,
        [&rows](std::int64_t id, std::string user, std::int64_t task, std::int64_t revision, std::int64_t fire_at,
                const std::string& state, std::string title, OptionalInteger due, OptionalInteger fired, bool late,
                OptionalInteger acknowledged) {
            rows.push_back({id, std::move(user), task, revision, from_micros(fire_at), state_of(state),
                            std::move(title), from_micros(due), from_micros(fired), late, from_micros(acknowledged)});
        });
    return rows;
}

std::optional<Reminder> first(std::vector<Reminder> rows) {
    return rows.empty() ? std::nullopt : std::optional{std::move(rows.front())};
}

}  // namespace

std::optional<Reminder> latest(db::Session& session, std::string_view user_id, std::int64_t task_id) {
    return first(read(session,
                      select_reminders + "WHERE user_id = :user AND task_id = :task ORDER BY revision DESC LIMIT 1",
                      {user_id, task_id}));
}

std::vector<Reminder> latest_of(db::Session& session, const std::vector<task::TaskKey>& tasks) {
    const auto keys = task::params_of(tasks);
    return read(session,
                "SELECT r.* FROM " + std::string(task::key_table) + " CROSS JOIN LATERAL (" + select_reminders +
                    "WHERE user_id = u AND task_id = t ORDER BY revision DESC LIMIT 1) AS r",
                {keys.users, keys.ids});
}

std::optional<Reminder> find(db::Session& session, std::string_view user_id, std::int64_t id) {
    return first(read(session, select_reminders + "WHERE id = :id AND user_id = :user", {id, user_id}));
}

bool has_fired(db::Session& session, std::string_view user_id, std::int64_t task_id, Time fire_at) {
    return session
        .query_one<std::int64_t>(
            "SELECT 1 FROM reminders WHERE user_id = :user AND task_id = :task AND fire_at = :at AND state = 'fired' "
            "LIMIT 1",
            user_id, task_id, to_micros(fire_at))
        .has_value();
}

void insert(db::Session& session, const Reminder& r) {
    session.exec(
        "INSERT INTO reminders (user_id, task_id, revision, fire_at, state, title, due_at, fired_at, late)"
        " VALUES (:user, :task, :revision, :at, :state, :title, :due, :fired, :late)",
        r.user_id, r.task_id, r.revision, to_micros(r.fire_at), to_string(r.state), r.title, to_micros(r.due_at),
        to_micros(r.fired_at), r.late);
}

bool replace(db::Session& session, const Reminder& before, const Reminder& next) {
    return session.exec(
               "UPDATE reminders SET revision = :revision, fire_at = :at, state = :state, title = :title, due_at = "
               ":due,"
               " fired_at = :fired, late = :late WHERE id = :id AND revision = :old_revision AND state = :old_state",
               next.revision, to_micros(next.fire_at), to_string(next.state), next.title, to_micros(next.due_at),
               to_micros(next.fired_at), next.late, before.id, before.revision, to_string(before.state)) == 1;
}

std::set<std::int64_t> replace_all(db::Session& session, const std::vector<Replacement>& replacements) {
    std::set<std::int64_t> replaced;
    if (session.backend() == db::Backend::sqlite) {
        for (const auto& [before, next] : replacements) {
            if (replace(session, before, next)) replaced.insert(before.id);
        }
        return replaced;
    }
    std::string rows = "[";
    const auto time = [](std::optional<Time> at) { return at ? std::to_string(to_micros(*at)) : "null"; };
    for (const auto& [before, next] : replacements) {
        rows += fmt::format(R"({}{{"i":{},"v":{},"w":{},"o":"{}","s":"{}","a":{},"d":{},"f":{},"l":{},"t":)",
                            rows.size() > 1 ? "," : "", before.id, before.revision, next.revision,
                            to_string(before.state), to_string(next.state), time(next.fire_at), time(next.due_at),
                            time(next.fired_at), next.late ? 1 : 0);
        json::append_string(rows, next.title);
        rows += '}';
    }
    rows += ']';
    session.each<std::int64_t>(
        "UPDATE reminders SET revision = n.w, fire_at = n.a, state = n.s, title = n.t, due_at = n.d, fired_at = n.f, "
        "late = n.l FROM json_to_recordset(CAST(:rows AS json)) AS n (i bigint, v bigint, w bigint, o text, s text, "
        "a bigint, d bigint, f bigint, l bigint, t text) WHERE id = n.i AND revision = n.v AND state = n.o RETURNING "
        "id",
        {rows}, [&replaced](std::int64_t id) { replaced.insert(id); });
    return replaced;
}

bool acknowledge(db::Session& session, const Reminder& reminder, Time now) {
    return session.exec("UPDATE reminders SET acknowledged_at = :now WHERE id = :id AND acknowledged_at IS NULL",
                        to_micros(now), reminder.id) == 1;
}

std::int64_t erase(db::Session& session, std::string_view user_id) {
    const auto pending = session.exec("DELETE FROM reminders WHERE user_id = :user AND state = 'pending'", user_id);
    session.exec("DELETE FROM reminders WHERE user_id = :user", user_id);
    return pending;
}

std::vector<Reminder> due(db::Session& session, Time now, Position after, int limit) {
    return read(session,
                select_reminders +
                    "WHERE state = 'pending' AND fire_at <= :now AND (fire_at, id) > (:time, :id)"
                    " ORDER BY fire_at, id LIMIT :limit",
                {to_micros(now), to_micros(after.time), after.id, limit});
}

std::optional<Reminder> next(db::Session& session) {
    return first(read(session, select_reminders + "WHERE state = 'pending' ORDER BY fire_at, id LIMIT 1", {}));
}

std::int64_t count_pending(db::Session& session) {
    return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM reminders WHERE state = 'pending'"));
}

std::vector<Reminder> unseen(db::Session& session, std::string_view user_id, std::optional<Position> after, int limit) {
    constexpr std::int64_t end = std::numeric_limits<std::int64_t>::max();
    return read(session,
                select_reminders +
                    "WHERE user_id = :user AND state = 'fired' AND acknowledged_at IS NULL"
                    " AND (fired_at, id) < (:time, :id) ORDER BY fired_at DESC, id DESC LIMIT :limit",
                {user_id, after ? to_micros(after->time) : end, after ? after->id : end, limit});
}

std::vector<Reminder> upcoming(db::Session& session, std::string_view user_id, std::optional<Position> after,
                               int limit) {
    constexpr std::int64_t start = std::numeric_limits<std::int64_t>::min();
    return read(session,
                select_reminders +
                    "WHERE user_id = :user AND state = 'pending'"
                    " AND (fire_at, id) > (:time, :id) ORDER BY fire_at, id LIMIT :limit",
                {user_id, after ? to_micros(after->time) : start, after ? after->id : start, limit});
}

}  // namespace repository
}  // namespace carillon::reminder
