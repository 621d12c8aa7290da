// The rule a TZif file ends with (RFC 8536 section 3.3, POSIX TZ): what a zone does after its last listed change.
// Debian's date library stops at the last listed change (2037), so daylight saving time would end there for ever.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace carillon {

class PosixZone {
public:
    /// Reads `CET-1CEST,M3.5.0,M10.5.0/3`; nothing when it is not such a rule or has no daylight saving time.
    static std::optional<PosixZone> parse(std::string_view text);

    /// Seconds east of UTC at an instant.
    std::chrono::seconds offset_at(std::chrono::sys_seconds t) const;
    /// The offset that turns a local reading into its instant; in a gap and for an ambiguous one, that before the
    /// change.
    std::chrono::seconds offset_for(std::chrono::local_seconds local) const;

private:
    /// A change's local date and its time of day (RFC 8536 allows −167 to 167 hours).
    struct Change {
        enum class Kind { month_week_day, julian_without_leap_day, day_of_year } kind{};
        unsigned month{}, week{}, day{};
        std::chrono::seconds time{};
        std::chrono::local_seconds in(std::chrono::year y) const;
    };
    friend class PosixReader;

    std::chrono::seconds standard_{}, summer_{};
    Change to_summer_, to_standard_;
};

}  // namespace carillon
