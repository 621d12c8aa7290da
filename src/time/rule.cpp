#include "rule.hpp"

#include <algorithm>
#include <numeric>

namespace carillon {
namespace {

using namespace std::chrono;

constexpr local_days last_day = local_days{year{9999} / 12 / 31};

/// Days, weeks, months or years in 400 Gregorian years, after which dates and weekdays repeat (146097 = 7 · 20871).
std::int64_t units_in_400_years(Frequency f) {
    switch (f) {
        case Frequency::daily:
            return 146097;
        case Frequency::weekly:
            return 20871;
        case Frequency::monthly:
            return 4800;
        case Frequency::yearly:
            return 400;
    }
    return 0;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

unsigned days_in(year y, month m) { return static_cast<unsigned>((y / m / last).day()); }
unsigned days_in(year y) { return y.is_leap() ? 366 : 365; }

local_days week_begin(local_days day, weekday week_start) { return day - (weekday{day} - week_start); }

/// Week 1 is the first with at least four days in the year (RFC 5545 section 3.3.10, BYWEEKNO).
local_days first_week(year y, weekday week_start) { return week_begin(local_days{y / January / 4}, week_start); }

bool in_weeks(const Positions<53>& weeks, local_days day, weekday week_start) {
    const local_days begin = week_begin(day, week_start);
    const year y = year_month_day{begin + days{3}}.year();
    const local_days first = first_week(y, week_start);
    const auto length = (first_week(y + years{1}, week_start) - first).count() / 7;
    return weeks.contains(static_cast<unsigned>((begin - first).count() / 7 + 1), static_cast<unsigned>(length));
}

bool in_month_days(const Rule& rule, unsigned day, unsigned length) {
    if (rule.month_days.contains(day, length)) return true;
    if (!rule.clamp) return false;
    return (day == length && rule.month_days.beyond_end(length)) || (day == 1 && rule.month_days.beyond_front(length));
}

bool in_weekdays(const std::vector<RuleWeekday>& weekdays, weekday wanted, unsigned position, unsigned length) {
    const int from_front = static_cast<int>((position - 1) / 7 + 1);
    const int from_end = -static_cast<int>((length - position) / 7 + 1);
    return std::any_of(weekdays.begin(), weekdays.end(), [&](const RuleWeekday& w) {
        return w.day == wanted && (w.ordinal == 0 || w.ordinal == from_front || w.ordinal == from_end);
    });
}

thread_local std::uint64_t work = 0;

/// The same dates as a rule that needs less counting: days are filtered month by month or week by week.
Rule simplified(Rule rule) {
    if (rule.frequency != Frequency::daily) return rule;
    if (rule.set_positions.contains(1, 1)) rule.set_positions = {};  // the first of one
    const bool filtered = rule.months.any() || rule.month_days.any() || !rule.weekdays.empty();
    if (rule.interval != 1 || !filtered || rule.set_positions.any()) return rule;
    rule.frequency = rule.months.any() || rule.month_days.any() ? Frequency::monthly : Frequency::weekly;
    if (!rule.month_days.any() && rule.weekdays.empty()) {
        for (unsigned d = 0; d < 7; ++d) rule.weekdays.push_back({0, weekday{d}});
    }
    return rule;
}

/// Dates in each period where the rule's form alone says so.
std::optional<int> same_in_every_period(const Rule& rule) {
    const bool one_month_day = rule.month_days.size() == 1 && rule.weekdays.empty() && !rule.set_positions.any() &&
                               (rule.clamp || !(rule.month_days.beyond_end(28) || rule.month_days.beyond_front(28)));
    switch (rule.frequency) {
        case Frequency::daily:
            if (rule.months.none() && !rule.month_days.any() && rule.weekdays.empty() && !rule.set_positions.any())
                return 1;
            break;
        case Frequency::weekly:
            break;
        case Frequency::monthly:
            if (one_month_day && rule.months.none()) return 1;
            break;
        case Frequency::yearly:
            if (one_month_day && rule.months.count() == 1 && !rule.weeks.any() && !rule.year_days.any()) return 1;
            break;
    }
    return std::nullopt;
}

}  // namespace

std::uint64_t recurrence_work() noexcept { return work; }

bool Rule::matches(local_days date) const {
    ++work;
    const year_month_day ymd{date};
    if (months.any() && !months[static_cast<unsigned>(ymd.month())]) return false;
    if (weeks.any() && !in_weeks(weeks, date, week_start)) return false;
    const auto year_day = static_cast<unsigned>((date - local_days{ymd.year() / January / 1}).count() + 1);
    if (year_days.any() && !year_days.contains(year_day, days_in(ymd.year()))) return false;
    const auto month_day = static_cast<unsigned>(ymd.day());
    const unsigned month_length = days_in(ymd.year(), ymd.month());
    if (month_days.any() && !in_month_days(*this, month_day, month_length)) return false;
    if (weekdays.empty()) return true;
    const bool nth_of_year = frequency == Frequency::yearly && months.none();
    return nth_of_year ? in_weekdays(weekdays, weekday{date}, year_day, days_in(ymd.year()))
                       : in_weekdays(weekdays, weekday{date}, month_day, month_length);
}

bool Rule::is_complete() const {
    switch (frequency) {
        case Frequency::daily:
            return true;
        case Frequency::weekly:
            return !weekdays.empty();
        case Frequency::monthly:
            return month_days.any() || !weekdays.empty();
        case Frequency::yearly:
            return month_days.any() || year_days.any() || !weekdays.empty();
    }
    return true;
}

Rule Rule::completed_from(local_days start) const {
    Rule rule = *this;
    if (is_complete()) return rule;
    const year_month_day ymd{start};
    if (frequency == Frequency::weekly || weeks.any()) {
        rule.weekdays = {{0, weekday{start}}};
        return rule;
    }
    if (frequency == Frequency::yearly && months.none()) rule.months.set(static_cast<unsigned>(ymd.month()));
    rule.month_days.add(static_cast<int>(static_cast<unsigned>(ymd.day())));
    return rule;
}

Schedule::Schedule(const Rule& rule, local_days start)
    : rule_(simplified(rule.completed_from(start))), start_(start), last_period_(period_of(last_day)) {
    const std::int64_t units = units_in_400_years(rule_.frequency);
    cycle_ =
        std::max<std::int64_t>(1, std::min(units / std::gcd(units, std::int64_t{rule_.interval}), last_period_ + 1));
    const auto first_dates = dates_in(0);
    every_period_ = same_in_every_period(rule_);
    if (rule_.frequency == Frequency::weekly && rule_.months.none())
        every_period_ = static_cast<int>(first_dates.size());
    if (!every_period_) count_a_cycle();
    up_to_start_ = std::upper_bound(first_dates.begin(), first_dates.end(), start_) - first_dates.begin();
}

/// The number of the day, week, month or year that holds `day`.
std::int64_t Schedule::unit_of(local_days day) const {
    const year_month_day ymd{day};
    switch (rule_.frequency) {
        case Frequency::daily:
            return day.time_since_epoch().count();
        case Frequency::weekly:
            // 1970-01-01 was a Thursday.
            return floor_div(day.time_since_epoch().count() + (Thursday - rule_.week_start).count(), 7);
        case Frequency::monthly:
            return static_cast<int>(ymd.year()) * 12 + static_cast<int>(static_cast<unsigned>(ymd.month())) - 1;
        case Frequency::yearly:
            return static_cast<int>(ymd.year());
    }
    return 0;
}

local_days Schedule::unit_begin(std::int64_t unit) const {
    switch (rule_.frequency) {
        case Frequency::daily:
            return local_days{days{unit}};
        case Frequency::weekly:
            return local_days{days{unit * 7 - (Thursday - rule_.week_start).count()}};
        case Frequency::monthly:
            return local_days{year{static_cast<int>(floor_div(unit, 12))} /
                              month{static_cast<unsigned>(unit - floor_div(unit, 12) * 12 + 1)} / 1};
        case Frequency::yearly:
            return local_days{year{static_cast<int>(unit)} / January / 1};
    }
    return {};
}

std::int64_t Schedule::period_of(local_days day) const {
    return floor_div(unit_of(day) - unit_of(start_), rule_.interval);
}

/// Every date the rule makes in a period, also those before the start.
std::vector<local_days> Schedule::dates_in(std::int64_t period) const {
    const std::int64_t unit = first_unit(period);
    std::vector<local_days> dates;
    for (local_days day = unit_begin(unit), end = unit_begin(unit + 1); day < end; day += days{1}) {
        if (rule_.matches(day)) dates.push_back(day);
    }
    if (!rule_.set_positions.any()) return dates;
    std::vector<local_days> chosen;
    const auto size = static_cast<unsigned>(dates.size());
    for (unsigned i = 0; i < size; ++i) {
        if (rule_.set_positions.contains(i + 1, size)) chosen.push_back(dates[i]);
    }
    return chosen;
}

/// Periods of the same kind have the same number of dates; −1 where that is not told cheaply.
int Schedule::kind_of(std::int64_t period) const {
    const local_days first = unit_begin(first_unit(period));
    const year_month_day ymd{first};
    const int weekday_of_first = static_cast<int>(weekday{first}.c_encoding());
    const int month_index = static_cast<int>(static_cast<unsigned>(ymd.month())) - 1;
    const int month_length = static_cast<int>(days_in(ymd.year(), ymd.month()));
    switch (rule_.frequency) {
        case Frequency::daily:
            return -1;
        case Frequency::weekly:  // only BYMONTH tells weeks apart
            return month_index * 8 + std::min(month_length - static_cast<int>(static_cast<unsigned>(ymd.day())), 7);
        case Frequency::monthly:
            return (month_index * 4 + month_length - 28) * 7 + weekday_of_first;
        case Frequency::yearly: {  // the year before tells the number of the week that 1 January may belong to
            const int leap = (ymd.year().is_leap() ? 1 : 0) + ((ymd.year() - years{1}).is_leap() ? 2 : 0);
            return leap * 7 + weekday_of_first;
        }
    }
    return -1;
}

void Schedule::count_a_cycle() {
    std::vector<int> counts(4 * 12 * 7, -1);  // by kind
    before_.reserve(static_cast<std::size_t>(cycle_) + 1);
    std::int32_t total = 0;
    for (std::int64_t period = 0; period < cycle_; ++period) {
        ++work;
        before_.push_back(total);
        const int kind = kind_of(period);
        if (kind < 0) {
            total += rule_.matches(unit_begin(first_unit(period))) && !rule_.set_positions.any() ? 1 : 0;
            continue;
        }
        int& count = counts[static_cast<std::size_t>(kind)];
        if (count < 0) count = static_cast<int>(dates_in(period).size());
        total += count;
    }
    before_.push_back(total);
}

/// Dates in the periods 0 … period − 1.
std::int64_t Schedule::count_before(std::int64_t period) const {
    if (every_period_) return period * *every_period_;
    return period / cycle_ * before_.back() + before_[static_cast<std::size_t>(period % cycle_)];
}

std::optional<local_days> Schedule::nth(std::int64_t index) const {
    const std::int64_t per_round = every_period_ ? *every_period_ : before_.back();
    if (per_round == 0) return std::nullopt;
    const std::int64_t wanted = index + up_to_start_, round = wanted / per_round;
    std::int64_t period = round, rest = wanted % per_round;
    if (!every_period_) {
        const auto found = std::upper_bound(before_.begin(), before_.end(), rest) - 1;
        period = round * cycle_ + (found - before_.begin());
        rest -= *found;
    }
    if (period > last_period_) return std::nullopt;
    const local_days day = dates_in(period)[static_cast<std::size_t>(rest)];
    return day <= last_day ? std::optional{day} : std::nullopt;
}

std::int64_t Schedule::count_until(local_days day) const {
    day = std::min(day, last_day);
    if (day <= start_) return 0;
    const std::int64_t period = period_of(day);
    const auto dates = dates_in(period);
    return count_before(period) + (std::upper_bound(dates.begin(), dates.end(), day) - dates.begin()) - up_to_start_;
}

}  // namespace carillon
