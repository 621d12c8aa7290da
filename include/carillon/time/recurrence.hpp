// Recurrence: the rule a task repeats by, and its occurrences computed from the series' own start, so that the 31st
// never drifts. Local dates by RFC 5545 (RFC 7529 SKIP=BACKWARD), instants by zone.hpp.
#pragma once

#include "carillon/error.hpp"
#include "carillon/time/instant.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

enum class Frequency { daily, weekly, monthly, yearly };
enum class Anchor { due, completion };

/// The largest number an occurrence is asked for by: one a day from year 1 to 9999 is fewer.
inline constexpr std::int64_t max_occurrence = 4'000'000;

/// As the API has it: `{rule, interval, end_date, count, by_weekday, by_month_day, anchor, catch_up, timezone}`
/// or `{rrule, anchor, catch_up, timezone, end_date, count}`. Exactly one of `rule` and `rrule`.
/// `rule`: a month day past the month's end is its last day (Jan 31 → Feb 28 → Mar 31; RFC 7529 SKIP=BACKWARD), and
/// `yearly` stays in the month of its start. `rrule`: RFC 5545 in whole days, with RFC 7529's RSCALE=GREGORIAN and
/// SKIP=OMIT or BACKWARD; a part of BYWEEKNO is the days that lie in that week, in whichever calendar year.
struct Recurrence {
    std::optional<Frequency> rule;
    int interval = 1;                                     ///< 1..1000
    std::optional<std::chrono::year_month_day> end_date;  ///< inclusive, local
    std::optional<int> count;                             ///< 1..100000 occurrences in all
    std::vector<std::string> by_weekday;  ///< mo..su, or with an ordinal such as `-1fr`, `2tu` (monthly, yearly)
    std::vector<int> by_month_day;        ///< 1..31, −1..−31; −1 is the last
    Anchor anchor = Anchor::due;
    bool catch_up = false;
    std::optional<std::string> timezone;  ///< IANA; absent: the user's
    std::optional<std::string> rrule;     ///< RFC 5545 value without `RRULE:`; sub-daily refused
    friend bool operator==(const Recurrence&, const Recurrence&) = default;
};

/// Reads and checks a recurrence. Every wrong field is named below `prefix` (`recurrence.interval`); unknown fields
/// too. Fails with: invalid.
Result<Recurrence> parse_recurrence(const boost::json::value& json, std::string_view prefix = "recurrence");
/// Canonical wire form, all keys of the chosen form present, absent ones null. parse(to_json(r)) == r.
boost::json::object to_json(const Recurrence& recurrence);

struct Occurrence {
    std::int64_t number;  ///< 1 is the series' start
    Time due;
    friend bool operator==(const Occurrence&, const Occurrence&) = default;
};

/// A recurrence bound to its start and zone. Finds occurrences by jumping, never by stepping through the years:
/// every call costs the same in 2026 and in 9026, and ends for rules that never occur.
/// The start is always occurrence 1 (RFC 5545 DTSTART), whether or not the rule would produce it. Due dates increase
/// strictly, but for a local day that a zone left out (Pacific/Apia, 2011-12-30): its occurrence falls on the day
/// after.
class Series {
public:
    /// `user_zone` is used where the recurrence names none. `all_day` occurrences fall at 23:59 of their day.
    /// Throws std::invalid_argument for what parse_recurrence would refuse and for an unknown zone (defects).
    Series(Recurrence recurrence, Time start, std::string_view user_zone, bool all_day);

    /// The occurrence that follows number `after_number` and, unless catch_up, is the first one later than `now`.
    /// For anchor `completion`: number + 1, counted from `completed` (local date of the completion, local time of the
    /// start). Nothing when end_date or count is reached.
    std::optional<Occurrence> next(std::int64_t after_number, Time completed) const;
    /// Due dates strictly later than `after`, at most `limit`, for display. For anchor `completion` and in at(): as if
    /// each were completed when it is due.
    std::vector<Occurrence> upcoming(Time after, int limit) const;
    /// Occurrence number n, or nothing past the end.
    std::optional<Occurrence> at(std::int64_t number) const;

private:
    class Timetable;
    Recurrence recurrence_;
    Time start_;
    std::string zone_;
    bool all_day_;
    std::shared_ptr<const Timetable> table_;  ///< laid out from the start
};

/// How many days and periods this thread has looked at for recurrences: lets tests bound the cost of a jump.
std::uint64_t recurrence_work() noexcept;

}  // namespace carillon
