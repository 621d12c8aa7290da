#include "carillon/time/zone.hpp"

#include "posix_zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>

namespace carillon {
namespace {

using std::chrono::seconds;

/// Names tzdata still carries that are offsets or abbreviations, or what the machine happens to be set to.
constexpr std::array<std::string_view, 15> no_zones{"CET",     "CST6CDT", "EET",     "EST",     "EST5EDT",
                                                    "Factory", "GMT+0",   "GMT-0",   "GMT0",    "HST",
                                                    "MET",     "MST",     "MST7MDT", "PST8PDT", "WET"};

struct Zone {
    const date::time_zone* listed;
    std::optional<PosixZone> afterwards;  ///< from the last listed change on
};

std::string last_line(std::string_view name) {
    std::ifstream file("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.size() < 2 || text.back() != '\n') return {};
    text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

std::unique_ptr<Zone> load(std::string_view name) {
    if (name == "localtime" || std::find(no_zones.begin(), no_zones.end(), name) != no_zones.end()) return nullptr;
    try {
        const auto* listed = date::locate_zone(name);
        return std::make_unique<Zone>(Zone{listed, PosixZone::parse(last_line(listed->name()))});
    } catch (const std::runtime_error&) {
        return nullptr;  // date's way to say that there is none
    }
}

/// Zones found stay: tzdata names bound their number. Unknown names are not kept.
const Zone* find(std::string_view name) {
    static std::shared_mutex mutex;
    static std::map<std::string, std::unique_ptr<Zone>, std::less<>> zones;
    {
        const std::shared_lock lock{mutex};
        if (const auto it = zones.find(name); it != zones.end()) return it->second.get();
    }
    auto zone = load(name);
    if (!zone) return nullptr;
    const std::unique_lock lock{mutex};
    return zones.try_emplace(std::string(name), std::move(zone)).first->second.get();
}

const Zone& get(std::string_view name) {
    const Zone* zone = find(name);
    if (!zone) throw std::invalid_argument("not a time zone: " + std::string(name));
    return *zone;
}

/// True in the last listed period, which `date` takes to last for ever.
bool is_last(const date::sys_info& info) { return info.end >= date::sys_days{date::year{10000} / 1 / 1}; }

}  // namespace

bool is_time_zone(std::string_view name) { return find(name) != nullptr; }

Time to_instant(const LocalTime& local, std::string_view zone_name) {
    if (!local.date.ok()) throw std::invalid_argument("not a date");
    const Zone& zone = get(zone_name);
    const std::chrono::local_time<std::chrono::microseconds> reading =
        std::chrono::local_days{local.date} + local.of_day;
    const auto whole = std::chrono::floor<seconds>(reading);
    const auto info = zone.listed->get_info(date::local_seconds{whole.time_since_epoch()});
    // In a gap and when ambiguous `first` is the period before the change, so that one rule serves all three cases.
    const bool past_the_list = info.result == date::local_info::unique && is_last(info.first) && zone.afterwards;
    const seconds offset = past_the_list ? zone.afterwards->offset_for(whole) : info.first.offset;
    return Time{(reading - offset).time_since_epoch()};
}

LocalTime to_local(Time instant, std::string_view zone_name) {
    const Zone& zone = get(zone_name);
    const auto whole = std::chrono::floor<seconds>(instant);
    const auto info = zone.listed->get_info(date::sys_seconds{whole.time_since_epoch()});
    const seconds offset = is_last(info) && zone.afterwards ? zone.afterwards->offset_at(whole) : info.offset;
    const std::chrono::local_time<std::chrono::microseconds> reading{(instant + offset).time_since_epoch()};
    const auto day = std::chrono::floor<std::chrono::days>(reading);
    return {std::chrono::year_month_day{day}, reading - day};
}

}  // namespace carillon
