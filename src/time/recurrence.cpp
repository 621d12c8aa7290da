#include "carillon/time/recurrence.hpp"

#include "carillon/json.hpp"
#include "carillon/time/zone.hpp"
#include "rule.hpp"

#include <algorithm>
#include <cstdio>

namespace carillon {
namespace {

using namespace std::chrono;
namespace bj = boost::json;

constexpr std::array<std::string_view, 4> frequency_names{"daily", "weekly", "monthly", "yearly"};
constexpr std::size_t max_list = 100;

std::optional<year_month_day> parse_date(std::string_view text) {
    if (text.size() != 10) return std::nullopt;
    const auto midnight = parse_rfc3339(std::string(text) + "T00:00:00Z");
    if (!midnight) return std::nullopt;
    return year_month_day{floor<days>(*midnight)};
}

std::string format_date(const year_month_day& date) {
    char text[16];
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

/// Present and not null; both are noted as known.
bool given(json::Fields& fields, std::string_view name) { return fields.has(name) && !fields.has_null(name); }

const bj::array* list(json::Fields& fields, std::string_view name) {
    if (!given(fields, name)) return nullptr;
    const bj::value* value = fields.value(name);
    const bj::array* array = value->if_array();
    if (!array)
        fields.error(name, "must be a list");
    else if (array->size() > max_list)
        fields.error(name, "must not have more than 100 entries");
    else
        return array;
    return nullptr;
}

void read_by_weekday(json::Fields& fields, Recurrence& out) {
    const auto* items = list(fields, "by_weekday");
    if (!items) return;
    const bool numbered = out.rule == Frequency::monthly || out.rule == Frequency::yearly;
    for (const auto& item : *items) {
        const auto weekday = item.is_string() ? parse_weekday(std::string_view(item.get_string())) : std::nullopt;
        if (!weekday || std::abs(weekday->ordinal) > 5)
            return fields.error("by_weekday",
                                "must be weekdays such as mo, or with a number from 1 to 5 or -1 to -5 such as -1fr");
        if (weekday->ordinal != 0 && out.rule && !numbered)
            return fields.error("by_weekday", "may number the weekdays only when rule is monthly or yearly");
        std::string text = weekday->ordinal ? std::to_string(weekday->ordinal) : std::string{};
        text += weekday_name(weekday->day);
        if (std::find(out.by_weekday.begin(), out.by_weekday.end(), text) == out.by_weekday.end())
            out.by_weekday.push_back(std::move(text));
    }
}

void read_by_month_day(json::Fields& fields, Recurrence& out) {
    const auto* items = list(fields, "by_month_day");
    if (!items) return;
    for (const auto& item : *items) {
        const auto* day = item.if_int64();
        if (!day || *day == 0 || *day < -31 || *day > 31)
            return fields.error("by_month_day", "must be whole numbers from 1 to 31, or from -1 (the last day) to -31");
        if (std::find(out.by_month_day.begin(), out.by_month_day.end(), *day) == out.by_month_day.end())
            out.by_month_day.push_back(static_cast<int>(*day));
    }
    if (!items->empty() && out.rule && out.rule != Frequency::monthly && out.rule != Frequency::yearly)
        fields.error("by_month_day", "is only for monthly and yearly");
}

void read_rule(json::Fields& fields, Recurrence& out) {
    // Not Fields::choice: what is asked for most, hourly, deserves its own answer.
    const bj::value* rule = fields.value("rule");
    const auto name = rule->is_string() ? std::string_view(rule->get_string()) : std::string_view{};
    const auto found = std::find(frequency_names.begin(), frequency_names.end(), name);
    if (found != frequency_names.end())
        out.rule = static_cast<Frequency>(found - frequency_names.begin());
    else
        fields.error("rule", "must be daily, weekly, monthly or yearly; nothing repeats more often than daily");
    if (given(fields, "interval")) out.interval = static_cast<int>(fields.integer("interval", 1, 1000).value_or(1));
    read_by_weekday(fields, out);
    read_by_month_day(fields, out);
}

/// What would stop every occurrence after the first, whatever the start.
bool never_occurs(Rule rule) {
    rule.interval = 1;
    return rule.is_complete() && !Schedule{rule, local_days{year{1999} / December / 31}}.nth(0);
}

void read_rrule(json::Fields& fields, Recurrence& out) {
    const bj::value* value = fields.value("rrule");
    if (!value->is_string()) return fields.error("rrule", "must be text");
    const std::string_view text = value->get_string();
    std::string why_not;
    const auto parsed = parse_rrule(text, why_not);
    if (!parsed)
        fields.error("rrule", why_not);
    else if (never_occurs(parsed->rule))
        fields.error("rrule", "never occurs");
    out.rrule = std::string(text);
    for (const auto* name : {"interval", "by_weekday", "by_month_day"}) {
        if (given(fields, name)) fields.error(name, "belongs into rrule where that is given");
        fields.ignore(name);
    }
}

void check_simple_rule_occurs(json::Fields& fields, const Recurrence& out) {
    if (!out.rule || out.by_weekday.empty() || out.by_month_day.empty()) return;
    Rule rule;
    rule.frequency = Frequency::monthly;
    rule.clamp = true;
    for (const int day : out.by_month_day) rule.month_days.add(day);
    for (const auto& text : out.by_weekday) rule.weekdays.push_back(*parse_weekday(text));
    if (never_occurs(rule)) fields.error("by_weekday", "never falls on the days of by_month_day");
}

}  // namespace

Result<Recurrence> parse_recurrence(const bj::value& json, std::string_view prefix) {
    const bj::object* object = json.if_object();
    if (!object) return invalid({{std::string(prefix), "must be an object"}});
    json::Fields fields{*object, std::string(prefix)};
    Recurrence out;
    const bool rule = given(fields, "rule"), rrule = given(fields, "rrule");
    if (rule && rrule) fields.error("rrule", "must not be given beside rule");
    if (!rule && !rrule) fields.error("rule", "is required (or rrule)");
    if (rule)
        read_rule(fields, out);
    else if (rrule)
        read_rrule(fields, out);
    else
        for (const auto* name : {"interval", "by_weekday", "by_month_day"}) fields.ignore(name);
    if (rule && rrule) fields.ignore("rrule");

    if (given(fields, "end_date")) {
        const bj::value* value = fields.value("end_date");
        out.end_date = value->is_string() ? parse_date(std::string_view(value->get_string())) : std::nullopt;
        if (!out.end_date) fields.error("end_date", "must be a date such as 2027-12-31");
    }
    if (given(fields, "count")) {
        if (const auto count = fields.integer("count", 1, 100'000)) out.count = static_cast<int>(*count);
    }
    if (given(fields, "anchor") && fields.choice("anchor", {"due", "completion"}) == "completion")
        out.anchor = Anchor::completion;
    if (given(fields, "catch_up")) out.catch_up = fields.boolean("catch_up").value_or(false);
    if (given(fields, "timezone")) {
        const bj::value* value = fields.value("timezone");
        if (value->is_string() && is_time_zone(std::string_view(value->get_string())))
            out.timezone = std::string(value->get_string());
        else
            fields.error("timezone", "must be an IANA time zone such as Europe/Berlin");
    }
    if (fields.errors().empty()) check_simple_rule_occurs(fields, out);
    if (auto finished = fields.finish(); !finished) return finished.error();
    return out;
}

bj::object to_json(const Recurrence& recurrence) {
    const auto or_null = [](bool present, auto&& value) { return present ? bj::value(value) : bj::value(nullptr); };
    bj::object json;
    if (recurrence.rrule) {
        json["rrule"] = *recurrence.rrule;
    } else {
        json["rule"] = frequency_names[static_cast<std::size_t>(recurrence.rule.value_or(Frequency::daily))];
        json["interval"] = recurrence.interval;
    }
    json["end_date"] = recurrence.end_date ? bj::value(format_date(*recurrence.end_date)) : bj::value(nullptr);
    json["count"] = or_null(recurrence.count.has_value(), recurrence.count.value_or(0));
    if (!recurrence.rrule) {
        json["by_weekday"] = or_null(!recurrence.by_weekday.empty(),
                                     bj::array(recurrence.by_weekday.begin(), recurrence.by_weekday.end()));
        json["by_month_day"] = or_null(!recurrence.by_month_day.empty(),
                                       bj::array(recurrence.by_month_day.begin(), recurrence.by_month_day.end()));
    }
    json["anchor"] = recurrence.anchor == Anchor::completion ? "completion" : "due";
    json["catch_up"] = recurrence.catch_up;
    json["timezone"] = recurrence.timezone ? bj::value(*recurrence.timezone) : bj::value(nullptr);
    return json;
}

}  // namespace carillon
