// IANA time zones, by Howard Hinnant's date library on the system's tzdata.
#pragma once

#include "carillon/time/instant.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace carillon {

/// A wall-clock reading without a zone.
struct LocalTime {
    std::chrono::year_month_day date;
    std::chrono::microseconds of_day{};
    friend bool operator==(const LocalTime&, const LocalTime&) = default;
};

/// True for an IANA name tzdata knows (`Europe/Berlin`, `UTC`). Offsets and abbreviations are no zones.
bool is_time_zone(std::string_view name);

/// Local time to an instant. A time in a DST gap moves forward by the gap; an ambiguous one is the first.
/// `zone` must satisfy is_time_zone (throws std::invalid_argument otherwise: a defect).
Time to_instant(const LocalTime& local, std::string_view zone);
LocalTime to_local(Time instant, std::string_view zone);

}  // namespace carillon
