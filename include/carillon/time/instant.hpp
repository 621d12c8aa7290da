// Instants: UTC microseconds inside and in the database, RFC 3339 with offset outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// Microseconds since 1970-01-01T00:00:00Z, as stored.
constexpr std::int64_t to_micros(Time t) noexcept { return t.time_since_epoch().count(); }
constexpr Time from_micros(std::int64_t us) noexcept { return Time{std::chrono::microseconds{us}}; }
/// The same of a column that may be NULL.
constexpr std::optional<std::int64_t> to_micros(const std::optional<Time>& t) noexcept {
    return t ? std::optional{to_micros(*t)} : std::nullopt;
}
constexpr std::optional<Time> from_micros(const std::optional<std::int64_t>& us) noexcept {
    return us ? std::optional{from_micros(*us)} : std::nullopt;
}
/// Whole seconds since the epoch, as event data has them (rounded down).
constexpr std::int64_t to_unix_seconds(Time t) noexcept {
    return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

/// `2027-02-28T08:00:00Z`, with a fraction of up to six digits only where there is one. Years 0001–9999 only.
std::string format_rfc3339(Time t);
/// RFC 3339 `date-time` (section 5.6). Refuses a missing offset, years below 1 or above 9999, impossible dates,
/// a leap second and more than nine fraction digits (digits after the sixth are cut).
std::optional<Time> parse_rfc3339(std::string_view text);

}  // namespace carillon
