// The series of a recurring task: its rule and the wall-clock time it starts at.
#pragma once

#include "carillon/db/session.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::task::series {

/// Starts a series at the task's due date, of which the task is occurrence 1.
void start(db::Transaction& tx, Todo& todo, const std::string& user_zone, Time now);
void set_ended(db::Transaction& tx, std::string_view user_id, std::string_view series_id, bool ended);

/// The series as it goes on from now: where its recurrence names no zone, the start's wall-clock time is read in the
/// user's present one, so that a change of zone alters future occurrences only.
std::optional<SeriesRow> load(db::Session& session, std::string_view user_id, std::string_view series_id,
                              const std::string& user_zone);

inline Series rule_of(const SeriesRow& row) { return {row.recurrence, row.start, row.timezone, row.all_day}; }

}  // namespace carillon::task::series
