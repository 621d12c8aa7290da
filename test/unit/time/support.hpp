// Short ways to write instants and series in these tests.
#pragma once

#include "carillon/json.hpp"
#include "carillon/time/recurrence.hpp"
#include "carillon/time/zone.hpp"

#include <boost/json/serialize.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon {

inline Time utc(std::string_view text) { return parse_rfc3339(text).value(); }

/// `2027-01-31 08:00` in a zone.
inline Time local(std::string_view text, std::string_view zone) {
    const Time reading = utc(std::string(text.substr(0, 10)) + "T" + std::string(text.substr(11)) + ":00Z");
    const auto day = std::chrono::floor<std::chrono::days>(reading);
    return to_instant({std::chrono::year_month_day{day}, reading - day}, zone);
}

/// `2027-01-31 08:00` (seconds are left out).
inline std::string show(Time t, std::string_view zone) {
    const LocalTime local = to_local(t, zone);
    const std::string text = format_rfc3339(Time{std::chrono::sys_days{local.date}.time_since_epoch() + local.of_day});
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

inline Recurrence rrule(std::string text) {
    Recurrence recurrence;
    recurrence.rrule = std::move(text);
    return recurrence;
}

inline Recurrence every(Frequency frequency, int interval = 1) {
    Recurrence recurrence;
    recurrence.rule = frequency;
    recurrence.interval = interval;
    return recurrence;
}

/// The first `n` due dates as local readings.
inline std::vector<std::string> first(const Series& series, std::string_view zone, int n) {
    std::vector<std::string> out;
    for (const auto& o : series.upcoming(utc("0001-01-01T00:00:00Z"), n)) out.push_back(show(o.due, zone));
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace carillon
