#include "repetition.hpp"

#include <fmt/format.h>

namespace carillon::chat {
namespace {

using namespace std::chrono;

constexpr int longest_interval = 1000;
constexpr std::string_view day_codes[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

Repetition every(Frequency rule, int interval) {
    Repetition out;
    out.rule = rule;
    out.interval = interval;
    return out;
}

Repetition too_often() {
    Repetition out;
    out.error = "repeats_too_often";
    return out;
}

class Phrase {
public:
    Phrase(const Reader& reader, const Moments& moments) : reader_(reader), moments_(moments) {}

    /// What follows `every`, the longest.
    std::optional<Repetition> read(At& at) const {
        using Try = std::optional<Repetition> (Phrase::*)(At&) const;
        std::optional<Repetition> best;
        At end = at;
        for (const Try read_one : {&Phrase::unit, &Phrase::part, &Phrase::days, &Phrase::of_month, &Phrase::date}) {
            auto ahead = at;
            auto found = (this->*read_one)(ahead);
            if (!found || (best && ahead.word <= end.word)) continue;
            best = std::move(found);
            end = ahead;
        }
        if (best) at = end;
        return best;
    }

    /// `on the 15th of every month`, `the last friday of every month`
    std::optional<Repetition> of_every_month(At& at) const {
        auto ahead = at;
        reader_.literal(ahead, "on");
        reader_.literal(ahead, "the");
        auto found = of_month(ahead, true);
        if (!found || !reader_.literals(ahead, {"of", "every", "month"})) return std::nullopt;
        at = ahead;
        return found;
    }

private:
    /// `day`, `3 days`, `other week`, `2w`, with what may follow behind `on`.
    std::optional<Repetition> unit(At& at) const {
        auto ahead = at;
        const bool other = reader_.literal(ahead, "other");
        Amount amount;
        int count = other ? 2 : 1;
        if (reader_.literals(ahead, {"half", "hour"})) {
            at = ahead;
            return too_often();
        }
        if (!other && take_amount(reader_, ahead, amount)) {
            count = amount.count;
        } else if (!single_unit(ahead, count, amount.unit)) {
            return std::nullopt;
        }
        if (count < 1 || count > longest_interval) return std::nullopt;
        at = ahead;
        switch (amount.unit) {
            case Unit::minute:
            case Unit::hour:
                return too_often();
            case Unit::day:
                return every(Frequency::daily, count);
            case Unit::week:
                return weeks_on(at, count);
            case Unit::month:
                return months_on(at, count);
            case Unit::year:
                return years_on(at, count);
        }
        return std::nullopt;
    }

    /// `week`, `quarter`, or `3 quarters`: a unit that take_amount does not know; a quarter is three months.
    bool single_unit(At& at, int& count, Unit& out) const {
        constexpr std::pair<std::string_view, Unit> units[] = {{"day", Unit::day},     {"week", Unit::week},
                                                               {"month", Unit::month}, {"year", Unit::year},
                                                               {"hour", Unit::hour},   {"minute", Unit::minute}};
        for (const auto& [name, unit] : units) {
            if (!reader_.literal(at, name)) continue;
            out = unit;
            return true;
        }
        auto ahead = at;
        int said = count;
        const bool counted = reader_.take(ahead, [&said](std::string_view word) {
            const auto number = count_of(word);
            if (number) said = *number;
            return number.has_value();
        });
        if (!(counted ? reader_.one_of(ahead, {"quarters", "quarter"}) : reader_.literal(ahead, "quarter")))
            return false;
        count = 3 * said;
        out = Unit::month;
        at = ahead;
        return true;
    }

    Repetition weeks_on(At& at, int count) const {
        auto out = every(Frequency::weekly, count);
        auto ahead = at;
        if (reader_.literal(ahead, "on") && weekday_list(ahead, out.weekdays)) at = ahead;
        return out;
    }

    Repetition months_on(At& at, int count) const {
        auto ahead = at;
        if (!reader_.literal(ahead, "on")) return every(Frequency::monthly, count);
        reader_.literal(ahead, "the");
        auto found = of_month(ahead, true);
        if (!found) return every(Frequency::monthly, count);
        at = ahead;
        found->interval = count;
        return *found;
    }

    Repetition years_on(At& at, int count) const {
        auto ahead = at;
        auto found = reader_.literal(ahead, "on") ? date(ahead) : std::nullopt;
        if (!found) return every(Frequency::yearly, count);
        at = ahead;
        found->interval = count;
        return *found;
    }

    std::optional<Repetition> part(At& at) const {
        auto out = every(Frequency::daily, 1);
        return take_part(at, out) ? std::optional(out) : std::nullopt;
    }

    bool take_part(At& at, Repetition& out) const {
        constexpr std::pair<std::string_view, int> parts[] = {
            {"morning", 9}, {"afternoon", 15}, {"evening", 18}, {"night", 20}};
        for (const auto& [name, hour] : parts) {
            if (!reader_.literal(at, name)) continue;
            out.part = hours{hour};
            out.afternoon = hour > 12;
            return true;
        }
        return false;
    }

    /// `friday`, `other friday`, `mon, wed and fri`, `mon wed fri`, `weekday`, `weekend`; each with `morning` and so
    /// on.
    std::optional<Repetition> days(At& at) const {
        auto out = named_days(at);
        if (out) take_part(at, *out);
        return out;
    }

    std::optional<Repetition> named_days(At& at) const {
        auto out = every(Frequency::weekly, reader_.literal(at, "other") ? 2 : 1);
        if (weekday_list(at, out.weekdays)) return out;
        if (reader_.literal(at, "weekend")) {
            out.weekdays.set(5);
            return out;
        }
        if (out.interval > 1 || !reader_.one_of(at, {"weekday", "workday"})) return std::nullopt;
        out.weekdays = 0b0011111;
        return out;
    }

    bool weekday_list(At& at, std::bitset<7>& out) const {
        weekday named;
        if (!take_weekday(reader_, at, named)) return false;
        out.set(named.iso_encoding() - 1);
        for (;;) {
            auto ahead = at;
            Reader::comma(ahead);
            reader_.literal(ahead, "and");
            if (!take_weekday(reader_, ahead, named)) return true;
            out.set(named.iso_encoding() - 1);
            at = ahead;
        }
    }

    std::optional<Repetition> of_month(At& at) const { return of_month(at, false); }
    /// `15th`, `2nd tuesday`, `last friday`, `last day`, each with `of the month`. Behind `on the` a `second` is clear.
    std::optional<Repetition> of_month(At& at, bool behind_on) const {
        auto out = every(Frequency::monthly, 1);
        auto ahead = at;
        int number = 0;
        weekday named;
        if (reader_.literals(ahead, {"last", "day"})) {
            out.last_day = true;
        } else if (ordinal_word(ahead, behind_on, number) && take_weekday(reader_, ahead, named)) {
            out.ordinal = number;
            out.weekdays.set(named.iso_encoding() - 1);
        } else if (ahead = at; take_ordinal(reader_, ahead, number)) {
            out.month_day = number;
        } else {
            return std::nullopt;
        }
        reader_.literals(ahead, {"of", "the", "month"});
        at = ahead;
        return out;
    }

    bool ordinal_word(At& at, bool behind_on, int& out) const {
        constexpr std::pair<std::string_view, int> words[] = {
            {"first", 1}, {"third", 3}, {"fourth", 4}, {"fifth", 5}, {"last", -1}};
        for (const auto& [name, number] : words) {
            if (!reader_.literal(at, name)) continue;
            out = number;
            return true;
        }
        if (behind_on && reader_.literal(at, "second")) {
            out = 2;
            return true;
        }
        auto ahead = at;
        if (!take_ordinal(reader_, ahead, out) || out > 5) return false;
        at = ahead;
        return true;
    }

    /// `jan 5`, `5th of january`
    std::optional<Repetition> date(At& at) const {
        month named;
        int number = 0;
        if (!moments_.month_day(at, named, number)) return std::nullopt;
        auto out = every(Frequency::yearly, 1);
        out.date = {named, number};
        const auto longest = year{2000} / named / last;  // a leap year
        if (number > static_cast<int>(static_cast<unsigned>(longest.day()))) out.error = "date_impossible";
        return out;
    }

    const Reader& reader_;
    const Moments& moments_;
};

std::optional<Repetition> one_word(const Reader& reader, At& at) {
    struct Name {
        std::string_view name;
        Frequency rule;
        int interval;
    };
    constexpr Name names[] = {{"daily", Frequency::daily, 1},     {"weekly", Frequency::weekly, 1},
                              {"monthly", Frequency::monthly, 1}, {"quarterly", Frequency::monthly, 3},
                              {"yearly", Frequency::yearly, 1},   {"annually", Frequency::yearly, 1}};
    for (const auto& [name, rule, interval] : names) {
        if (!reader.literal(at, name)) continue;
        auto out = every(rule, interval);
        out.one_word = true;
        return out;
    }
    return std::nullopt;
}

/// The `ordinal`-th such weekday of a month; nothing where it has none.
std::optional<Day> nth_weekday(year_month month, int ordinal, const std::bitset<7>& weekdays) {
    unsigned index = 0;
    while (!weekdays.test(index)) ++index;
    const weekday named{(index + 1) % 7};
    if (ordinal < 0) return local_days{month / named[last]};
    const auto day = month / named[static_cast<unsigned>(ordinal)];
    if (!day.ok()) return std::nullopt;
    return local_days{day};
}

}  // namespace

std::optional<Day> Repetition::first_fitting(Day from) const {
    const year_month_day date_from{from};
    if (last_day) return last_of_month(date_from.year(), date_from.month());
    if (month_day) return next_month_day(from, *month_day);
    if (date) return next_date(from, date->first, date->second);
    if (ordinal != 0) {
        for (auto month = date_from.year() / date_from.month();; month += std::chrono::months{1})
            if (const auto day = nth_weekday(month, ordinal, weekdays); day && *day >= from) return day;
    }
    if (weekdays.none()) return std::nullopt;
    auto day = from;
    while (!weekdays.test(weekday{day}.iso_encoding() - 1)) day += std::chrono::days{1};
    return day;
}

Day Repetition::step(Day day) const {
    switch (rule) {
        case Frequency::daily:
            return add(day, {interval, Unit::day});
        case Frequency::weekly:
            return add(day, {interval, Unit::week});
        case Frequency::monthly:
            return add(day, {interval, Unit::month});
        case Frequency::yearly:
            return add(day, {interval, Unit::year});
    }
    return day;
}

Recurrence Repetition::recurrence() const {
    Recurrence out;
    if (from_completion) out.anchor = Anchor::completion;
    const std::string every_few = interval > 1 ? fmt::format(";INTERVAL={}", interval) : "";
    if (last_day) {
        out.rrule = "FREQ=MONTHLY" + every_few + ";BYMONTHDAY=-1";
    } else if (ordinal != 0 || weekdays.count() > 1) {
        std::string list;
        for (std::size_t i = 0; i < weekdays.size(); ++i) {
            if (!weekdays.test(i)) continue;
            list += (list.empty() ? "" : ",") + (ordinal != 0 ? std::to_string(ordinal) : std::string());
            list += day_codes[i];
        }
        out.rrule = (ordinal != 0 ? "FREQ=MONTHLY" : "FREQ=WEEKLY") + every_few + ";BYDAY=" + list;
    } else {
        out.rule = rule;
        out.interval = interval;
    }
    return out;
}

std::optional<Repetition> read_repetition(const Reader& reader, const Moments& moments, At& at) {
    auto ahead = at;
    const bool from_completion = reader.take(ahead, [](std::string_view word) { return word == "every!"; });
    const Phrase phrase(reader, moments);
    if (!from_completion && !reader.literal(ahead, "every")) {
        auto of_month = phrase.of_every_month(at);
        return of_month ? of_month : one_word(reader, at);
    }
    auto found = phrase.read(ahead);
    if (!found) return std::nullopt;
    found->from_completion = from_completion;
    at = ahead;
    return found;
}

}  // namespace carillon::chat
