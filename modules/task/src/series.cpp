#include "series.hpp"

#include "carillon/ids.hpp"
#include "carillon/time/zone.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>

namespace carillon::task::series {

void start(db::Transaction& tx, Todo& todo, const std::string& user_zone, Time now) {
    todo.series_id = uuid_v7(now);
    todo.occurrence = 1;
    tx.exec(
        "INSERT INTO series (user_id, id, recurrence, start_at, all_day, timezone, first_task_id) "
        "VALUES (:user, :id, :recurrence, :start, :all_day, :zone, :first)",
        todo.user_id, *todo.series_id, boost::json::serialize(to_json(*todo.recurrence)), to_micros(*todo.due_date),
        todo.all_day, todo.recurrence->timezone.value_or(user_zone), todo.id);
}

void set_ended(db::Transaction& tx, std::string_view user_id, std::string_view series_id, bool ended) {
    tx.exec("UPDATE series SET ended = :ended WHERE user_id = :user AND id = :id", ended, user_id, series_id);
}

std::optional<SeriesRow> load(db::Session& session, std::string_view user_id, std::string_view series_id,
                              const std::string& user_zone) {
    auto row = session.query_one<std::string, std::int64_t, bool, std::string, std::int64_t, bool>(
        "SELECT recurrence, start_at, all_day, timezone, first_task_id, ended FROM series "
        "WHERE user_id = :user AND id = :id",
        user_id, series_id);
    if (!row) return std::nullopt;
    auto& [json, start_at, all_day, zone, first_task_id, ended] = *row;
    auto recurrence = parse_recurrence(boost::json::parse(json));
    if (!recurrence) throw std::logic_error("a stored recurrence cannot be read: " + recurrence.error().detail);
    auto begin = from_micros(start_at);
    if (!recurrence->timezone && zone != user_zone) {
        begin = to_instant(to_local(begin, zone), user_zone);
        zone = user_zone;
    }
    return SeriesRow{std::string(series_id),
                     std::string(user_id),
                     std::move(*recurrence),
                     begin,
                     all_day,
                     std::move(zone),
                     first_task_id,
                     ended};
}

}  // namespace carillon::task::series
