#include "calendar.hpp"

#include <algorithm>
#include <array>

namespace carillon::chat {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> weekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> month_names{"january",   "february", "march",    "april",
                                                       "may",       "june",     "july",     "august",
                                                       "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 12> numbers{"one",   "two",   "three", "four", "five",   "six",
                                                   "seven", "eight", "nine",  "ten",  "eleven", "twelve"};

struct UnitName {
    std::string_view name;
    Unit unit;
    bool letter;  ///< means a unit only behind digits, as in 3d
};
constexpr UnitName unit_names[] = {
    {"day", Unit::day, false},        {"days", Unit::day, false},   {"d", Unit::day, true},
    {"week", Unit::week, false},      {"weeks", Unit::week, false}, {"wk", Unit::week, false},
    {"wks", Unit::week, false},       {"w", Unit::week, true},      {"month", Unit::month, false},
    {"months", Unit::month, false},   {"mo", Unit::month, true},    {"mos", Unit::month, true},
    {"year", Unit::year, false},      {"years", Unit::year, false}, {"yr", Unit::year, false},
    {"yrs", Unit::year, false},       {"y", Unit::year, true},      {"minute", Unit::minute, false},
    {"minutes", Unit::minute, false}, {"min", Unit::minute, false}, {"mins", Unit::minute, false},
    {"m", Unit::minute, true},        {"hour", Unit::hour, false},  {"hours", Unit::hour, false},
    {"hr", Unit::hour, false},        {"hrs", Unit::hour, false},   {"h", Unit::hour, true}};

std::optional<Unit> unit_of(std::string_view word, bool joined) {
    for (const auto& [name, unit, letter] : unit_names)
        if (name == word && (joined || !letter)) return unit;
    return std::nullopt;
}

}  // namespace

Present::Present(Time instant, std::string_view zone_name) : zone(zone_name) {
    now = floor<minutes>(instant);
    const auto local = to_local(now, zone);
    today = local_days{local.date};
    of_day = floor<minutes>(local.of_day);
}

Time Present::at(Day day, minutes time) const { return to_instant({year_month_day{day}, time}, zone); }

std::optional<weekday> weekday_of(std::string_view word) {
    if (word == "tues") return Tuesday;
    if (word == "thur" || word == "thurs") return Thursday;
    for (unsigned i = 0; i < weekdays.size(); ++i)
        if (word == weekdays[i] || word == weekdays[i].substr(0, 3)) return weekday{i};
    return std::nullopt;
}

std::optional<month> month_of(std::string_view word) {
    if (word == "sept") return September;
    for (unsigned i = 0; i < month_names.size(); ++i)
        if (word == month_names[i] || word == month_names[i].substr(0, 3)) return month{i + 1};
    return std::nullopt;
}

std::optional<int> ordinal_of(std::string_view word) {
    Scanner scanner(word);
    const auto number = scanner.digits(1, 2);
    if (!number || *number < 1 || *number > 31) return std::nullopt;
    const int last = *number / 10 == 1 ? 0 : *number % 10;
    const std::string_view ending = last == 1 ? "st" : last == 2 ? "nd" : last == 3 ? "rd" : "th";
    if (scanner.rest() != ending) return std::nullopt;
    return number;
}

std::optional<int> count_of(std::string_view word) {
    if (word == "a" || word == "an") return 1;
    const auto found = std::find(numbers.begin(), numbers.end(), word);
    if (found != numbers.end()) return static_cast<int>(found - numbers.begin()) + 1;
    Scanner scanner(word);
    const auto number = scanner.digits(1, 3);
    if (!number || *number < 1 || !scanner.done()) return std::nullopt;
    return number;
}

namespace {
/// Takes the word for which `read` gives something.
template <class T, class Read>
bool take_as(const Reader& reader, At& at, T& out, Read read) {
    return reader.take(at, [&](std::string_view word) {
        const auto value = read(word);
        if (value) out = *value;
        return value.has_value();
    });
}
}  // namespace

bool take_weekday(const Reader& reader, At& at, weekday& out) { return take_as(reader, at, out, weekday_of); }
bool take_month(const Reader& reader, At& at, month& out) { return take_as(reader, at, out, month_of); }
bool take_ordinal(const Reader& reader, At& at, int& out) { return take_as(reader, at, out, ordinal_of); }

bool take_amount(const Reader& reader, At& at, Amount& out) {
    const auto joined = [](std::string_view word) -> std::optional<Amount> {
        Scanner scanner(word);
        const auto count = scanner.digits(1, 3);
        const auto unit = unit_of(scanner.rest(), true);
        if (!count || *count < 1 || !unit) return std::nullopt;
        return Amount{*count, *unit};
    };
    if (take_as(reader, at, out, joined)) return true;
    auto ahead = at;
    Amount amount;
    if (!take_as(reader, ahead, amount.count, count_of) || ahead.mark != 0) return false;
    if (!take_as(reader, ahead, amount.unit, [](std::string_view word) { return unit_of(word, false); })) return false;
    at = ahead;
    out = amount;
    return true;
}

Day add(Day day, const Amount& amount) {
    if (amount.unit == Unit::day) return day + days{amount.count};
    if (amount.unit == Unit::week) return day + weeks{amount.count};
    const year_month_day from{day};
    const auto upto =
        from.year() / from.month() + std::chrono::months{amount.unit == Unit::year ? 12 * amount.count : amount.count};
    const auto last = last_of_month(upto.year(), upto.month());
    const auto exact = upto / from.day();
    return exact.ok() ? local_days{exact} : last;
}

Day next_weekday(Day from, weekday wanted) { return from + (wanted - weekday{from}); }
Day monday_of(Day day) { return day - (weekday{day} - Monday); }
Day last_of_month(year y, month m) { return local_days{year_month_day{y / m / last}}; }

Day next_month_day(Day from, int number) {
    const year_month_day start{from};
    for (auto m = start.year() / start.month();; m += std::chrono::months{1}) {
        const auto date = m / day{static_cast<unsigned>(number)};
        if (date.ok() && local_days{date} >= from) return local_days{date};
    }
}

std::optional<Day> next_date(Day from, month m, int number) {
    const auto first = year_month_day{from}.year();
    for (auto y = first; y <= first + years{8}; ++y) {  // from 1896 to 1904 there is no 29 February
        const year_month_day date{y, m, day{static_cast<unsigned>(number)}};
        if (date.ok() && local_days{date} >= from) return local_days{date};
    }
    return std::nullopt;
}

}  // namespace carillon::chat
