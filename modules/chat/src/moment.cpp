// Due phrases: a day and a time of day in either order. The days themselves are in day.cpp.
#include "moment.hpp"

#include <array>

namespace carillon::chat {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

/// am or pm, however it is written: 0 or 12 hours; nothing for other words.
std::optional<int> half_of_day(std::string_view word) {
    for (const auto text : {"am", "a.m.", "a.m"})
        if (word == text) return 0;
    for (const auto text : {"pm", "p.m.", "p.m"})
        if (word == text) return 12;
    return std::nullopt;
}

/// `5`, `5:30` and what follows in the word.
struct Digits {
    int hour = 0;
    std::optional<int> minute;
    std::string_view rest;
};

std::optional<Digits> digits_of(std::string_view word) {
    Scanner scanner(word);
    const auto hour = scanner.digits(1, 2);
    if (!hour) return std::nullopt;
    Digits out{*hour, {}, {}};
    if (scanner.literal(":")) {
        out.minute = scanner.digits(2, 2);
        if (!out.minute || *out.minute > 59) return std::nullopt;
    }
    out.rest = scanner.rest();
    return out;
}

bool is_half_day_clock(const Digits& digits) { return digits.hour >= 1 && digits.hour <= 12; }

}  // namespace

std::optional<minutes> When::time() const {
    if (!clock) return part;
    return may_be_pm && afternoon ? *clock + 12h : *clock;
}

bool Moments::clock(At& at, When& when) const {
    auto ahead = at;
    if (reader_.literal(ahead, "noon")) {
        when.clock = 12h;
        at = ahead;
        return true;
    }
    if (reader_.literal(ahead, "midnight")) {
        when.clock = end_of_day;
        at = ahead;
        return true;
    }
    std::optional<Digits> digits;
    std::optional<int> half;
    const auto joined = [&](std::string_view word) {
        digits = digits_of(word);
        half = digits ? half_of_day(digits->rest) : std::nullopt;
        return half && is_half_day_clock(*digits);
    };
    const auto bare = [&](std::string_view word) {
        digits = digits_of(word);
        return digits && digits->rest.empty();
    };
    const auto marker = [&](std::string_view word) { return (half = half_of_day(word)).has_value(); };
    if (!reader_.take(ahead, joined)) {
        half.reset();
        if (!reader_.take(ahead, bare)) return false;
        auto further = ahead;
        if (is_half_day_clock(*digits) && reader_.take(further, marker)) {
            ahead = further;
        } else {
            half.reset();
            if (!digits->minute || digits->hour > 23) return false;
        }
    }
    const int hour = half ? digits->hour % 12 + *half : digits->hour;
    when.clock = hours{hour} + minutes{digits->minute.value_or(0)};
    when.may_be_pm = !half && hour >= 1 && hour <= 11;
    at = ahead;
    return true;
}

bool Moments::part_of_day(At& at, When& when) const {
    constexpr std::pair<std::string_view, minutes> parts[] = {
        {"morning", 9h}, {"afternoon", 15h}, {"evening", 18h}, {"night", 20h}};
    for (const auto& [name, time] : parts) {
        if (!reader_.literal(at, name)) continue;
        when.part = time;
        when.afternoon = time > 12h;
        return true;
    }
    return false;
}

bool Moments::in_the_part(At& at, When& when) const {
    auto ahead = at;
    if (!reader_.literals(ahead, {"in", "the"})) return false;
    const bool night = [&] {
        auto look = ahead;
        return reader_.literal(look, "night");
    }();
    if (night || !part_of_day(ahead, when)) return false;
    at = ahead;
    return true;
}

/// What may follow a day: a clock time, a part of the day, or both.
void Moments::times(At& at, When& when) const {
    for (int i = 0; i < 2; ++i) {
        auto part = at;
        Reader::comma(part);
        auto clock_time = part;
        reader_.one_of(clock_time, {"at", "@", "by"});
        if (!when.clock && clock(clock_time, when)) {
            at = clock_time;
        } else if (!when.part && (in_the_part(part, when) || part_of_day(part, when))) {
            at = part;
        } else {
            return;
        }
    }
}

bool Moments::day_introducer(At& at, bool& ending_only) const {
    ending_only = false;
    if (reader_.literals(at, {"due", "on"}) || reader_.literals(at, {"due", "by"}) ||
        reader_.literals(at, {"starting", "on"}) || reader_.one_of(at, {"on", "by", "due", "starting"}))
        return true;
    ending_only = reader_.literal(at, "at");
    return ending_only;
}

std::optional<When> Moments::day_then_time(At& at) const {
    auto ahead = at;
    bool ending_only = false;
    const bool introduced = day_introducer(ahead, ending_only);
    if (ending_only) reader_.literal(ahead, "the");
    auto when = ending_only ? ending(ahead) : day(ahead, introduced);
    if (!when && !introduced) when = in(ahead);
    if (!when) return std::nullopt;
    if (introduced) when->introduced = when->strong = true;
    if (!when->exact) times(ahead, *when);
    if (when->clock) when->strong = true;
    if (when->has_time() || when->introduced) when->ambiguous = false;
    at = ahead;
    return when;
}

std::optional<When> Moments::time_then_day(At& at) const {
    auto ahead = at;
    When when;
    const bool introduced = reader_.literals(ahead, {"due", "at"}) || reader_.literals(ahead, {"due", "by"}) ||
                            reader_.one_of(ahead, {"at", "by", "@", "due"});
    if (introduced) {
        when.introduced = when.strong = true;
        if (!clock(ahead, when)) return std::nullopt;
        auto part = ahead;
        if (in_the_part(part, when)) ahead = part;
    } else if (clock(ahead, when)) {
        auto part = ahead;
        if (in_the_part(part, when)) ahead = part;
    } else if (in_the_part(ahead, when)) {
        when.introduced = true;
    } else {
        return std::nullopt;
    }
    at = ahead;
    Reader::comma(ahead);
    bool ending_only = false;
    auto further = ahead;
    const bool on = day_introducer(further, ending_only) && !ending_only;
    if (auto named = on ? day(further, true) : day(ahead, false)) {
        if (on) ahead = further;
        named->clock = when.clock;
        named->may_be_pm = when.may_be_pm;
        if (when.part) {
            named->part = when.part;
            named->afternoon = when.afternoon;
        }
        if (!named->part) {  // `7:30 friday evening`
            auto part = ahead;
            if (in_the_part(part, *named) || part_of_day(part, *named)) ahead = part;
        }
        named->introduced = when.introduced;
        named->strong = named->strong || when.strong || when.clock.has_value() || on;
        named->ambiguous = false;
        at = ahead;
        return named;
    }
    return when;
}

std::optional<When> Moments::when(At& at) const {
    std::optional<When> best;
    At end = at;
    for (const Try read : {&Moments::timestamp, &Moments::day_then_time, &Moments::time_then_day}) {
        auto ahead = at;
        auto found = (this->*read)(ahead);
        if (!found || (best && ahead.word <= end.word)) continue;
        best = found;
        end = ahead;
    }
    if (best) at = end;
    return best;
}

std::optional<minutes> Moments::span(At& at) const {
    if (reader_.literals(at, {"half", "an", "hour"})) return 30min;
    minutes joined{0};
    const auto both = [&joined](std::string_view word) {
        Scanner scanner(word);
        const auto h = scanner.digits(1, 3);
        if (!h || !scanner.literal("h")) return false;
        const auto m = scanner.digits(1, 3);
        joined = hours{*h} + minutes{m.value_or(0)};
        return m && scanner.rest() == "m" && joined > 0min;
    };
    if (reader_.take(at, both)) return joined;
    auto ahead = at;
    Amount amount;
    if (!take_amount(reader_, ahead, amount)) return std::nullopt;
    if (amount.unit != Unit::hour && amount.unit != Unit::minute) return std::nullopt;
    at = ahead;
    if (amount.unit == Unit::minute) return minutes{amount.count};
    const minutes whole = hours{amount.count};
    reader_.literal(ahead, "and");
    Amount rest;
    if (!take_amount(reader_, ahead, rest) || rest.unit != Unit::minute) return whole;
    at = ahead;
    return whole + minutes{rest.count};
}

std::optional<When> Moments::in(At& at) const {
    auto ahead = at;
    if (!reader_.literal(ahead, "in")) return std::nullopt;
    When when;
    when.introduced = when.strong = true;
    auto further = ahead;
    if (const auto elapsed = span(further)) {
        when.exact = present_.now + *elapsed;
        at = further;
        return when;
    }
    Amount amount;
    if (!take_amount(reader_, ahead, amount)) return std::nullopt;
    when.day = add(present_.today, amount);
    at = ahead;
    return when;
}

}  // namespace carillon::chat
