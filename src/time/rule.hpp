// A recurrence rule in whole days (RFC 5545 section 3.3.10), and the schedule it makes from a start. Dates are found
// and numbered by arithmetic on the Gregorian calendar's 400-year cycle, so that no call steps through the years.
#pragma once

#include "carillon/time/recurrence.hpp"

#include <bitset>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// Positions within something of a given length, from its front (1…N) or from its end (−1…−N).
template <std::size_t N>
class Positions {
public:
    void add(int position) { position > 0 ? front_.set(position) : back_.set(-position); }
    bool any() const { return front_.any() || back_.any(); }
    /// `position` counts from 1.
    bool contains(unsigned position, unsigned length) const { return front_[position] || back_[length - position + 1]; }
    bool beyond_end(unsigned length) const { return (front_ >> (length + 1)).any(); }
    bool beyond_front(unsigned length) const { return (back_ >> (length + 1)).any(); }
    std::size_t size() const { return front_.count() + back_.count(); }

private:
    std::bitset<N + 1> front_, back_;
};

/// `mo`, or with an ordinal other than 0 the nth one of its month or year.
struct RuleWeekday {
    int ordinal = 0;
    std::chrono::weekday day;
};

struct Rule {
    Frequency frequency = Frequency::daily;
    int interval = 1;
    std::chrono::weekday week_start = std::chrono::Monday;
    std::bitset<13> months;
    Positions<53> weeks;
    Positions<366> year_days;
    Positions<31> month_days;
    std::vector<RuleWeekday> weekdays;
    Positions<366> set_positions;
    /// RFC 7529 SKIP=BACKWARD: a month day past the month's end is its last day (one before its front is its first).
    bool clamp = false;

    /// True when the date passes every BY part but BYSETPOS. A date belongs to BYWEEKNO by the number of its week, in
    /// whichever calendar year it lies.
    bool matches(std::chrono::local_days day) const;
    /// What RFC 5545 takes from DTSTART where the rule is silent.
    Rule completed_from(std::chrono::local_days start) const;
    /// True when nothing is taken from the start.
    bool is_complete() const;
};

/// UNTIL of an RRULE: a date, a local date-time or a UTC date-time; inclusive.
struct Until {
    std::chrono::local_days date;
    std::optional<std::chrono::seconds> of_day;
    bool utc = false;
};

struct ParsedRrule {
    Rule rule;
    std::optional<int> count;
    std::optional<Until> until;
};

/// Reads an RRULE value, or says in plain words why not.
std::optional<ParsedRrule> parse_rrule(std::string_view text, std::string& why_not);
/// Reads `mo` or `-1fr`.
std::optional<RuleWeekday> parse_weekday(std::string_view text);
/// `mo`…`su`.
std::string_view weekday_name(std::chrono::weekday day);

/// The dates a rule makes after a start (not the start itself), numbered by index from 0.
class Schedule {
public:
    Schedule(const Rule& rule, std::chrono::local_days start);
    /// The date at `index` ≥ 0; nothing past the year 9999 or when there is none.
    std::optional<std::chrono::local_days> nth(std::int64_t index) const;
    /// How many dates there are up to and with `day`.
    std::int64_t count_until(std::chrono::local_days day) const;
    /// The first date later than `day` (and than the start).
    std::optional<std::chrono::local_days> after(std::chrono::local_days day) const { return nth(count_until(day)); }

private:
    using local_days = std::chrono::local_days;
    std::int64_t unit_of(local_days day) const;
    local_days unit_begin(std::int64_t unit) const;
    std::int64_t period_of(local_days day) const;
    std::int64_t first_unit(std::int64_t period) const { return unit_of(start_) + period * rule_.interval; }
    std::vector<local_days> dates_in(std::int64_t period) const;
    int kind_of(std::int64_t period) const;
    void count_a_cycle();
    std::int64_t count_before(std::int64_t period) const;

    Rule rule_;
    local_days start_;
    std::int64_t last_period_;          ///< the one that holds 9999-12-31
    std::int64_t cycle_;                ///< counts repeat after this many periods
    std::optional<int> every_period_;   ///< dates in each period, where all have the same number; otherwise:
    std::vector<std::int32_t> before_;  ///< dates before each period of the first cycle, and in all of it
    std::int64_t up_to_start_ = 0;      ///< dates of period 0 that are not later than the start
};

}  // namespace carillon
