// Names and arithmetic of the calendar, as quick-add lines speak of it.
#pragma once

#include "reader.hpp"

#include "carillon/time/instant.hpp"
#include "carillon/time/zone.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace carillon::chat {

using Day = std::chrono::local_days;
using std::chrono::minutes;

inline constexpr minutes end_of_day{23 * 60 + 59};

/// What a line is read against. Seconds of the clock are cut off.
struct Present {
    Present(Time now, std::string_view zone);
    Time now;
    std::string_view zone;
    Day today;
    minutes of_day;

    Time at(Day day, minutes time) const;
    bool is_ahead(Day day, minutes time) const { return at(day, time) > now; }
};

enum class Unit { minute, hour, day, week, month, year };

/// `3 days`, `3d`, `a week`, `half an hour` is none.
struct Amount {
    int count = 0;
    Unit unit = Unit::day;
};

std::optional<std::chrono::weekday> weekday_of(std::string_view word);
std::optional<std::chrono::month> month_of(std::string_view word);
/// 1..31 of `1st`, `2nd`, `23rd`…
std::optional<int> ordinal_of(std::string_view word);
/// 1..999, `a`, `an`, `one` to `twelve`.
std::optional<int> count_of(std::string_view word);

bool take_weekday(const Reader& reader, At& at, std::chrono::weekday& out);
bool take_month(const Reader& reader, At& at, std::chrono::month& out);
bool take_ordinal(const Reader& reader, At& at, int& out);
bool take_amount(const Reader& reader, At& at, Amount& out);

/// Calendar arithmetic; a day that the month lacks becomes its last. Not for minutes and hours.
Day add(Day day, const Amount& amount);
/// The next day of that weekday, `from` included.
Day next_weekday(Day from, std::chrono::weekday weekday);
Day monday_of(Day day);
Day last_of_month(std::chrono::year year, std::chrono::month month);
/// The next month's day of that number, `from` included; months that lack it are skipped.
Day next_month_day(Day from, int number);
/// The next such date, `from` included; nothing where it never is (`feb 30`).
std::optional<Day> next_date(Day from, std::chrono::month month, int number);

}  // namespace carillon::chat
