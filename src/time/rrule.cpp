#include "rule.hpp"

#include <charconv>
#include <set>

namespace carillon {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> weekday_names{"su", "mo", "tu", "we", "th", "fr", "sa"};
constexpr std::size_t max_rrule_length = 2000;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(separator, from), text.size());
        parts.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return parts;
}

std::string upper(std::string_view text) {
    std::string out{text};
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

/// An optional sign and at most six digits.
std::optional<int> integer(std::string_view text) {
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '-') return std::nullopt;
    }
    int value = 0;
    if (text.empty() || text.size() > 7) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::optional<int> integer_in(std::string_view text, int min, int max) {
    const auto value = integer(text);
    return value && *value >= min && *value <= max ? value : std::nullopt;
}

/// A list of integers from 1 to `max`, or from −max to −1; `add` takes each.
template <class Add>
bool read_list(std::string_view text, int max, bool negative, Add add) {
    for (const auto item : split(text, ',')) {
        const auto value = integer_in(item, negative ? -max : 1, max);
        if (!value || *value == 0) return false;
        add(*value);
    }
    return true;
}

/// `YYYYMMDD`, `YYYYMMDDThhmmss` or the latter with `Z`.
std::optional<Until> read_until(std::string_view text) {
    Until until;
    if (!text.empty() && text.back() == 'Z') {
        until.utc = true;
        text.remove_suffix(1);
    }
    if (text.size() != (until.utc ? 15u : text.size() == 8 ? 8u : 15u)) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == 8 ? text[i] != 'T' : text[i] < '0' || text[i] > '9') return std::nullopt;
    }
    const auto number = [text](std::size_t from, std::size_t size) { return *integer(text.substr(from, size)); };
    const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(4, 2))},
                              day{static_cast<unsigned>(number(6, 2))}};
    if (!date.ok() || date.year() < year{1}) return std::nullopt;
    until.date = local_days{date};
    if (text.size() > 8) {
        if (number(9, 2) > 23 || number(11, 2) > 59 || number(13, 2) > 59) return std::nullopt;
        until.of_day = hours{number(9, 2)} + minutes{number(11, 2)} + seconds{number(13, 2)};
    }
    return until;
}

/// Reads the parts one by one; the first fault is kept in plain words.
class RruleReader {
public:
    std::optional<ParsedRrule> read(std::string_view text, std::string& why_not) {
        if (text.size() > max_rrule_length) {
            why_not = "must not be longer than 2000 characters";
            return std::nullopt;
        }
        for (const auto part : split(text, ';')) {
            const auto equals = part.find('=');
            if (equals == part.npos) {
                fail("must be parts such as FREQ=WEEKLY, separated by semicolons");
                break;
            }
            const std::string key = upper(part.substr(0, equals)), value = upper(part.substr(equals + 1));
            if (!seen_.insert(key).second)
                fail("names a part twice");
            else if (value.empty())
                fail("has a part without a value");
            else
                read_part(key, value);
        }
        if (fault_.empty()) check_together();
        if (fault_.empty()) return out_;
        why_not = fault_;
        return std::nullopt;
    }

private:
    void fail(std::string why) {
        if (fault_.empty()) fault_ = std::move(why);
    }
    void require(bool good, std::string why) {
        if (!good) fail(std::move(why));
    }
    bool has(std::string_view key) const { return seen_.count(std::string(key)) != 0; }

    void read_part(const std::string& key, const std::string& value) {
        Rule& rule = out_.rule;
        if (key == "FREQ")
            read_frequency(value);
        else if (key == "INTERVAL")
            read_number(rule.interval, key, value, 1000);
        else if (key == "COUNT")
            read_number(out_.count.emplace(), key, value, 100000);
        else if (key == "UNTIL")
            require((out_.until = read_until(value)).has_value(), "has an UNTIL that is not a date");
        else if (key == "WKST")
            read_week_start(value);
        else if (key == "BYDAY")
            read_weekdays(value);
        else if (key == "BYMONTH")
            read_numbers(key, value, 12, false, [&](int v) { rule.months.set(v); });
        else if (key == "BYWEEKNO")
            read_numbers(key, value, 53, true, [&](int v) { rule.weeks.add(v); });
        else if (key == "BYYEARDAY")
            read_numbers(key, value, 366, true, [&](int v) { rule.year_days.add(v); });
        else if (key == "BYMONTHDAY")
            read_numbers(key, value, 31, true, [&](int v) { rule.month_days.add(v); });
        else if (key == "BYSETPOS")
            read_numbers(key, value, 366, true, [&](int v) { rule.set_positions.add(v); });
        else if (key == "BYHOUR" || key == "BYMINUTE" || key == "BYSECOND")
            fail("must not have " + key + ": the time of day is that of the due date");
        else if (key == "RSCALE")
            require(value == "GREGORIAN", "must have RSCALE=GREGORIAN or none");
        else if (key == "SKIP")
            read_skip(value);
        else
            fail("has a part that is not known");
    }

    void read_frequency(const std::string& value) {
        if (value == "DAILY")
            out_.rule.frequency = Frequency::daily;
        else if (value == "WEEKLY")
            out_.rule.frequency = Frequency::weekly;
        else if (value == "MONTHLY")
            out_.rule.frequency = Frequency::monthly;
        else if (value == "YEARLY")
            out_.rule.frequency = Frequency::yearly;
        else if (value == "HOURLY" || value == "MINUTELY" || value == "SECONDLY")
            fail("must not repeat more often than daily");
        else
            fail("must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY");
    }
    void read_number(int& out, const std::string& key, const std::string& value, int max) {
        const auto number = integer_in(value, 1, max);
        if (number)
            out = *number;
        else
            fail("must have " + key + " from 1 to " + std::to_string(max));
    }
    template <class Add>
    void read_numbers(const std::string& key, const std::string& value, int max, bool negative, Add add) {
        const std::string range = "1 to " + std::to_string(max);
        require(read_list(value, max, negative, add),
                "must have " + key + " from " + range + (negative ? " or their negatives" : ""));
    }
    void read_week_start(const std::string& value) {
        const auto parsed = parse_weekday(value);
        require(parsed && parsed->ordinal == 0, "must have a weekday such as MO for WKST");
        if (parsed) out_.rule.week_start = parsed->day;
    }
    void read_weekdays(const std::string& value) {
        for (const auto item : split(value, ',')) {
            const auto parsed = parse_weekday(item);
            if (!parsed) return fail("must have weekdays such as MO or -1FR for BYDAY");
            out_.rule.weekdays.push_back(*parsed);
        }
        require(out_.rule.weekdays.size() <= 371, "has too many weekdays for BYDAY");
    }
    void read_skip(const std::string& value) {
        out_.rule.clamp = value == "BACKWARD";
        require(out_.rule.clamp || value == "OMIT", "must have SKIP=BACKWARD or SKIP=OMIT");
    }

    /// What RFC 5545 section 3.3.10 says of parts that do not go together.
    void check_together() {
        const Rule& rule = out_.rule;
        const Frequency f = rule.frequency;
        require(has("FREQ"), "must have FREQ");
        require(!(has("COUNT") && has("UNTIL")), "must not have both COUNT and UNTIL");
        require(!has("SKIP") || has("RSCALE"), "must have RSCALE=GREGORIAN where it has SKIP");
        require(!has("BYWEEKNO") || f == Frequency::yearly, "must not have BYWEEKNO unless FREQ is YEARLY");
        require(!has("BYYEARDAY") || f == Frequency::yearly, "must not have BYYEARDAY unless FREQ is YEARLY");
        require(!has("BYMONTHDAY") || f != Frequency::weekly, "must not have BYMONTHDAY when FREQ is WEEKLY");
        bool ordinals = false;
        for (const auto& w : rule.weekdays) ordinals = ordinals || w.ordinal != 0;
        require(!ordinals || ((f == Frequency::monthly || f == Frequency::yearly) && !has("BYWEEKNO")),
                "must not number the weekdays of BYDAY unless FREQ is MONTHLY or YEARLY without BYWEEKNO");
        const bool other = has("BYDAY") || has("BYMONTH") || has("BYMONTHDAY") || has("BYYEARDAY") || has("BYWEEKNO");
        require(!has("BYSETPOS") || other, "must not have BYSETPOS without another BY part");
    }

    ParsedRrule out_;
    std::set<std::string> seen_;
    std::string fault_;
};

}  // namespace

std::optional<RuleWeekday> parse_weekday(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const std::string name = upper(text.substr(text.size() - 2));
    RuleWeekday out;
    if (text.size() > 2) {
        const auto ordinal = integer_in(text.substr(0, text.size() - 2), -53, 53);
        if (!ordinal || *ordinal == 0) return std::nullopt;
        out.ordinal = *ordinal;
    }
    for (unsigned i = 0; i < weekday_names.size(); ++i) {
        if (name != upper(weekday_names[i])) continue;
        out.day = weekday{i};
        return out;
    }
    return std::nullopt;
}

std::string_view weekday_name(weekday day) { return weekday_names[day.c_encoding()]; }

std::optional<ParsedRrule> parse_rrule(std::string_view text, std::string& why_not) {
    return RruleReader{}.read(text, why_not);
}

}  // namespace carillon
