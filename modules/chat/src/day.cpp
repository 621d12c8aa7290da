// The days of the grammar's first table.
#include "moment.hpp"

#include "carillon/time/instant.hpp"

#include <string>

namespace carillon::chat {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr int first_year = 1000, last_year = 9998;  // others are no years of a to-do list, and end the calendar

When strong_day(Day day) {
    When when;
    when.day = day;
    when.strong = true;
    return when;
}

When weak_day(Day day) {
    When when;
    when.day = day;
    return when;
}

When no_day(std::string_view why) {
    When when;
    when.error = why;
    return when;
}

/// The day as written, or that it does not exist.
When written(int y, unsigned m, int d) {
    const year_month_day date{year{y}, month{m}, std::chrono::day{static_cast<unsigned>(d)}};
    return date.ok() ? weak_day(local_days{date}) : no_day("date_impossible");
}

bool take_year(const Reader& reader, At& at, int& out) {
    return reader.take(at, [&out](std::string_view word) {
        Scanner scanner(word);
        const auto number = scanner.digits(4, 4);
        if (!number || !scanner.done() || *number < first_year || *number > last_year) return false;
        out = *number;
        return true;
    });
}

bool take_day_number(const Reader& reader, At& at, int& out) {
    return reader.take(at, [&out](std::string_view word) {
        if (const auto ordinal = ordinal_of(word)) {
            out = *ordinal;
            return true;
        }
        Scanner scanner(word);
        const auto number = scanner.digits(1, 2);
        if (!number || !scanner.done() || *number < 1 || *number > 31) return false;
        out = *number;
        return true;
    });
}

struct Written {
    int year = 0;  ///< 0: none
    unsigned month = 0;
    int day = 0;
};

/// `2027-01-05`, `2027/01/05`; what follows is left in the scanner.
std::optional<Written> year_first(Scanner& scanner) {
    const auto y = scanner.digits(4, 4);
    const char separator = scanner.literal("-") ? '-' : scanner.literal("/") ? '/' : ' ';
    if (!y || separator == ' ' || *y < first_year || *y > last_year) return std::nullopt;
    const auto m = scanner.digits(2, 2);
    if (!m || *m < 1 || *m > 12 || !scanner.literal(std::string_view(&separator, 1))) return std::nullopt;
    const auto d = scanner.digits(2, 2);
    if (!d || *d < 1 || *d > 31) return std::nullopt;
    return Written{*y, static_cast<unsigned>(*m), *d};
}

/// `5.1.`, `5.1.27`, `05.01.2027`
std::optional<Written> dotted(std::string_view word) {
    Scanner scanner(word);
    const auto d = scanner.digits(1, 2);
    if (!d || *d < 1 || *d > 31 || !scanner.literal(".")) return std::nullopt;
    const auto m = scanner.digits(1, 2);
    if (!m || *m < 1 || *m > 12 || !scanner.literal(".")) return std::nullopt;
    Written out{0, static_cast<unsigned>(*m), *d};
    if (scanner.done()) return out;
    const bool two = scanner.rest().size() == 2;
    const auto y = two ? scanner.digits(2, 2) : scanner.digits(4, 4);
    if (!y || !scanner.done()) return std::nullopt;
    out.year = two ? 2000 + *y : *y;
    if (out.year < first_year || out.year > last_year) return std::nullopt;
    return out;
}

}  // namespace

std::optional<When> Moments::day(At& at, bool introduced) const {
    std::optional<When> best;
    At end = at;
    const auto consider = [&](At ahead, Try read) {
        auto found = (this->*read)(ahead);
        if (!found || (best && ahead.word <= end.word)) return;
        best = found;
        end = ahead;
    };
    for (const Try read :
         {&Moments::relative, &Moments::weekday, &Moments::this_or_next, &Moments::ending, &Moments::date})
        consider(at, read);
    if (introduced) {
        consider(at, &Moments::ordinal);
        auto behind_the = at;
        if (reader_.literal(behind_the, "the")) {
            for (const Try read : {&Moments::relative, &Moments::ending, &Moments::date, &Moments::ordinal})
                consider(behind_the, read);
        }
    }
    if (best) at = end;
    return best;
}

std::optional<When> Moments::relative(At& at) const {
    if (reader_.literal(at, "today")) return strong_day(present_.today);
    if (reader_.literal(at, "tomorrow")) return strong_day(present_.today + days{1});
    if (reader_.literals(at, {"day", "after", "tomorrow"}) || reader_.literals(at, {"the", "day", "after", "tomorrow"}))
        return strong_day(present_.today + days{2});
    if (!reader_.literal(at, "tonight")) return std::nullopt;
    auto when = strong_day(present_.today);
    when.part = present_.is_ahead(present_.today, 20h) ? minutes{20h} : end_of_day;
    when.afternoon = true;
    return when;
}

std::optional<When> Moments::weekday(At& at) const {
    std::chrono::weekday wanted;
    std::string_view word;
    auto ahead = at;
    const auto noted = [&](std::string_view text) {
        word = text;
        const auto found = weekday_of(text);
        if (found) wanted = *found;
        return found.has_value();
    };
    if (!reader_.take(ahead, noted)) return std::nullopt;
    auto further = ahead;
    Reader::comma(further);
    if (auto when = date(further)) {
        at = further;
        if (when->day && std::chrono::weekday{*when->day} != wanted) return no_day("weekday_mismatch");
        return when;
    }
    at = ahead;
    auto when = weak_day(next_weekday(present_.today + days{1}, wanted));
    when.ambiguous = word == "sat" || word == "sun";
    return when;
}

std::optional<When> Moments::this_or_next(At& at) const {
    auto ahead = at;
    const bool next = reader_.literal(ahead, "next");
    if (!next && !reader_.literal(ahead, "this")) return std::nullopt;
    const auto today = present_.today;
    const auto monday = monday_of(today);
    std::chrono::weekday wanted;
    std::optional<When> when;
    if (take_weekday(reader_, ahead, wanted)) {
        when = strong_day(next ? next_weekday(monday + weeks{1}, wanted) : next_weekday(today, wanted));
    } else if (reader_.literal(ahead, "weekend")) {
        const auto saturday = monday + days{5};
        when = strong_day(next ? saturday + weeks{1} : std::max(saturday, today));
    } else if (next) {
        const year_month_day date{today};
        const auto month = date.year() / date.month() + months{1};
        if (reader_.literal(ahead, "week")) {
            when = strong_day(monday + weeks{1});
        } else if (reader_.literal(ahead, "month")) {
            when = strong_day(local_days{month / 1});
        } else if (reader_.literal(ahead, "year")) {
            when = strong_day(local_days{(date.year() + years{1}) / January / 1});
        }
    } else {
        auto part = ahead;
        auto evening = strong_day(today);
        if (!reader_.literal(part, "night") && part_of_day(ahead, evening)) when = evening;
    }
    if (when) at = ahead;
    return when;
}

std::optional<When> Moments::ending(At& at) const {
    const auto today = present_.today;
    const year_month_day date{today};
    const auto sunday = monday_of(today) + days{6};
    if (reader_.literal(at, "eod")) return weak_day(today);
    if (reader_.literal(at, "eow")) return weak_day(sunday);
    if (reader_.literal(at, "eom")) return weak_day(last_of_month(date.year(), date.month()));
    if (reader_.literal(at, "eoy")) return weak_day(last_of_month(date.year(), December));
    auto ahead = at;
    if (!reader_.literals(ahead, {"end", "of"})) return std::nullopt;
    std::chrono::month named;
    auto month_ahead = ahead;
    if (take_month(reader_, month_ahead, named)) {
        at = month_ahead;
        const auto last = last_of_month(date.year(), named);
        return strong_day(last >= today ? last : last_of_month(date.year() + years{1}, named));
    }
    int further = 0;
    bool moved = true;
    if (reader_.literal(ahead, "next")) {
        further = 1;
    } else if (!reader_.literal(ahead, "this")) {
        moved = false;
        reader_.literal(ahead, "the");
    }
    std::optional<When> when;
    const auto month = date.year() / date.month() + months{further};
    if (reader_.literal(ahead, "week"))
        when = strong_day(sunday + weeks{further});
    else if (reader_.literal(ahead, "month"))
        when = strong_day(last_of_month(month.year(), month.month()));
    else if (reader_.literal(ahead, "year"))
        when = strong_day(last_of_month(date.year() + years{further}, December));
    else if (!moved && reader_.literal(ahead, "day"))
        when = strong_day(today);
    if (when) at = ahead;
    return when;
}

bool Moments::month_day(At& at, std::chrono::month& month, int& number) const {
    auto ahead = at;
    if (take_month(reader_, ahead, month)) {
        if (!take_day_number(reader_, ahead, number)) return false;
        at = ahead;
        return true;
    }
    if (!take_day_number(reader_, ahead, number)) return false;
    reader_.literal(ahead, "of");
    if (!take_month(reader_, ahead, month)) return false;
    at = ahead;
    return true;
}

std::optional<When> Moments::date(At& at) const {
    if (auto when = written_date(at)) return when;
    std::chrono::month month;
    int number = 0;
    if (!month_day(at, month, number)) return std::nullopt;
    auto ahead = at;
    Reader::comma(ahead);
    int year = 0;
    if (take_year(reader_, ahead, year)) {
        at = ahead;
        return written(year, static_cast<unsigned>(month), number);
    }
    const auto next = next_date(present_.today, month, number);
    return next ? weak_day(*next) : no_day("date_impossible");
}

std::optional<When> Moments::written_date(At& at) const {
    std::optional<Written> found;
    const auto matches = [&found](std::string_view word) {
        Scanner scanner(word);
        found = year_first(scanner);
        if (found && scanner.done()) return true;
        return (found = dotted(word)).has_value();
    };
    if (!reader_.take(at, matches)) return std::nullopt;
    if (found->year != 0) return written(found->year, found->month, found->day);
    const auto next = next_date(present_.today, month{found->month}, found->day);
    return next ? weak_day(*next) : no_day("date_impossible");
}

std::optional<When> Moments::timestamp(At& at) const {
    auto ahead = at;
    bool ending_only = false;
    const bool introduced = day_introducer(ahead, ending_only);
    When when;
    const auto matches = [&](std::string_view word) {
        Scanner scanner(word);
        const auto date = year_first(scanner);
        if (!date || !scanner.literal("t")) return false;
        const auto h = scanner.digits(2, 2);
        const bool colon = scanner.literal(":");
        const auto m = scanner.digits(2, 2);
        if (!h || !colon || !m || *h > 23 || *m > 59) return false;
        const bool seconds = scanner.literal(":");
        const auto s = seconds ? scanner.digits(2, 2) : std::optional(0);
        if (!s || *s > 59) return false;
        when = written(date->year, date->month, date->day);
        if (scanner.done()) {
            when.clock = hours{*h} + minutes{*m};
            return true;
        }
        std::string text(word);
        if (!seconds) text.insert(16, ":00");
        text[4] = text[7] = '-';
        for (auto& c : text) c = c == 't' ? 'T' : c == 'z' ? 'Z' : c;
        when.exact = parse_rfc3339(text);
        // A sound date and time with an offset that is none is no date at all.
        return when.exact.has_value() || (!when.error.empty() && parse_rfc3339(text.replace(8, 2, "01")).has_value());
    };
    if (!reader_.take(ahead, matches)) return std::nullopt;
    when.strong = true;
    when.introduced = introduced;
    at = ahead;
    return when;
}

std::optional<When> Moments::ordinal(At& at) const {
    int number = 0;
    if (!take_ordinal(reader_, at, number)) return std::nullopt;
    return strong_day(next_month_day(present_.today, number));
}

}  // namespace carillon::chat
