#include "support.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

using namespace carillon;

namespace {

/// The zones of tzdata's own list.
std::vector<std::string> listed_zones() {
    std::ifstream file("/usr/share/zoneinfo/tzdata.zi");
    std::vector<std::string> zones;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind, name, alias;
        words >> kind >> name >> alias;
        if (kind == "Z") zones.push_back(name);
        if (kind == "L") zones.push_back(alias);
    }
    std::erase_if(zones, [](const std::string& zone) { return zone.find('/') == zone.npos; });
    return zones;
}

std::string to_utc(std::string_view reading, std::string_view zone) { return format_rfc3339(local(reading, zone)); }

}  // namespace

TEST_CASE("IANA names are zones; offsets, abbreviations and file names are not") {
    for (const auto* name : {"Europe/Berlin", "UTC", "Etc/UTC", "America/Argentina/Buenos_Aires", "Asia/Kathmandu",
                             "Etc/GMT+3", "Asia/Calcutta"})
        CHECK(is_time_zone(name));
    for (const auto* name : {"", "CET", "EST", "EST5EDT", "+01:00", "UTC+1", "europe/berlin", "Europe", "Europe/",
                             "Mars/Olympus", "localtime", "Factory", "posixrules", "../../etc/passwd",
                             "right/Europe/Berlin", "zone.tab", " Europe/Berlin", "Europe/Berlin\n"})
        CHECK_FALSE(is_time_zone(name));
    CHECK_FALSE(is_time_zone(std::string(100'000, 'x')));
    CHECK_FALSE(is_time_zone(std::string_view("UTC\0", 4)));
    CHECK_THROWS_AS(to_local(utc("2027-01-01T00:00:00Z"), "Mars/Olympus"), std::invalid_argument);
}

TEST_CASE("a local time is turned into its instant, summer and winter") {
    CHECK(to_utc("2027-01-15 08:00", "Europe/Berlin") == "2027-01-15T07:00:00Z");
    CHECK(to_utc("2027-07-15 08:00", "Europe/Berlin") == "2027-07-15T06:00:00Z");
    CHECK(to_utc("2027-07-15 08:00", "Asia/Kathmandu") == "2027-07-15T02:15:00Z");
    CHECK(to_utc("1985-07-15 08:00", "Asia/Kathmandu") == "1985-07-15T02:30:00Z");
    CHECK(to_utc("2027-01-15 08:00", "Australia/Lord_Howe") == "2027-01-14T21:00:00Z");
    CHECK(to_utc("2027-07-15 08:00", "Australia/Lord_Howe") == "2027-07-14T21:30:00Z");
    CHECK(to_utc("2027-07-15 08:00", "Europe/Dublin") == "2027-07-15T07:00:00Z");  // its standard time is in summer
}

TEST_CASE("a time in a gap moves forward by the gap, an ambiguous one is the first") {
    CHECK(to_utc("2027-03-28 02:30", "Europe/Berlin") == "2027-03-28T01:30:00Z");
    CHECK(show(utc("2027-03-28T01:30:00Z"), "Europe/Berlin") == "2027-03-28 03:30");
    CHECK(to_utc("2027-10-31 02:30", "Europe/Berlin") == "2027-10-31T00:30:00Z");
    CHECK(to_utc("2027-03-14 02:30", "America/New_York") == "2027-03-14T07:30:00Z");
    CHECK(to_utc("2027-11-07 01:30", "America/New_York") == "2027-11-07T05:30:00Z");
    // Half an hour: 02:00 to 02:30 is left out on 2027-10-03, 01:30 to 02:00 comes twice on 2027-04-04.
    CHECK(to_utc("2027-10-03 02:15", "Australia/Lord_Howe") == "2027-10-02T15:45:00Z");
    CHECK(show(utc("2027-10-02T15:45:00Z"), "Australia/Lord_Howe") == "2027-10-03 02:45");
    CHECK(to_utc("2027-04-04 01:45", "Australia/Lord_Howe") == "2027-04-03T14:45:00Z");
    // At midnight: 2018-11-04 began at 01:00 in Brazil.
    CHECK(to_utc("2018-11-04 00:00", "America/Sao_Paulo") == "2018-11-04T03:00:00Z");
    CHECK(show(utc("2018-11-04T03:00:00Z"), "America/Sao_Paulo") == "2018-11-04 01:00");
    CHECK(to_utc("2018-02-17 23:30", "America/Sao_Paulo") == "2018-02-18T01:30:00Z");
    // A whole day: Samoa had no 30 December 2011.
    CHECK(to_utc("2011-12-30 10:00", "Pacific/Apia") == "2011-12-30T20:00:00Z");
    CHECK(show(utc("2011-12-30T20:00:00Z"), "Pacific/Apia") == "2011-12-31 10:00");
}

TEST_CASE("daylight saving time goes on after the last change that tzdata lists") {
    CHECK(to_utc("2037-12-15 08:00", "Europe/Berlin") == "2037-12-15T07:00:00Z");
    CHECK(to_utc("2038-07-15 08:00", "Europe/Berlin") == "2038-07-15T06:00:00Z");
    CHECK(to_utc("9000-07-15 08:00", "Europe/Berlin") == "9000-07-15T06:00:00Z");
    CHECK(to_utc("9000-01-15 08:00", "Europe/Berlin") == "9000-01-15T07:00:00Z");
    CHECK(to_utc("2050-01-15 08:00", "Australia/Lord_Howe") == "2050-01-14T21:00:00Z");
    CHECK(to_utc("2050-03-27 02:30", "Europe/Berlin") == "2050-03-27T01:30:00Z");  // gap
    CHECK(to_utc("2050-10-30 02:30", "Europe/Berlin") == "2050-10-30T00:30:00Z");  // twice
    CHECK(to_utc("2050-10-30 03:00", "Europe/Berlin") == "2050-10-30T02:00:00Z");
    CHECK(to_utc("2050-07-15 08:00", "Europe/Dublin") == "2050-07-15T07:00:00Z");
    CHECK(to_utc("2050-03-27 01:30", "Europe/Dublin") == "2050-03-27T01:30:00Z");  // gap
    CHECK(to_utc("2050-10-30 01:30", "Europe/Dublin") == "2050-10-30T00:30:00Z");  // twice
    CHECK(to_utc("2050-07-15 08:00", "Asia/Kathmandu") == "2050-07-15T02:15:00Z");
}

TEST_CASE("local readings agree with the C library in every zone, before and after 2037") {
    const auto zones = listed_zones();
    REQUIRE(zones.size() > 400);
    for (const auto& zone : zones) {
        if (!is_time_zone(zone)) FAIL(zone);
        setenv("TZ", zone.c_str(), 1);
        tzset();
        for (std::time_t t = -2'208'988'800; t < 4'102'444'800; t += t < 2'000'000'000 ? 30'000'007 : 1'000'003) {
            std::tm expected{};
            localtime_r(&t, &expected);
            const LocalTime reading = to_local(Time{std::chrono::seconds{t}}, zone);
            const auto of_day = std::chrono::hours{expected.tm_hour} + std::chrono::minutes{expected.tm_min} +
                                std::chrono::seconds{expected.tm_sec};
            if (reading.of_day != of_day ||
                static_cast<unsigned>(reading.date.day()) != static_cast<unsigned>(expected.tm_mday)) {
                CAPTURE(zone, t, expected.tm_hour, expected.tm_min, show(Time{std::chrono::seconds{t}}, zone));
                FAIL("differs");
            }
        }
    }
    unsetenv("TZ");
    tzset();
}

TEST_CASE("an instant's local reading leads back to it, but for the second of an ambiguous hour") {
    for (const auto* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca",
                             "America/Scoresbysund", "Pacific/Apia"}) {
        int earlier = 0;
        for (Time t = utc("2026-01-01T00:10:00Z"); t < utc("2062-01-01T00:00:00Z"); t += std::chrono::minutes{347}) {
            const Time back = to_instant(to_local(t, zone), zone);
            if (back != t) ++earlier;
            if (back > t || t - back > std::chrono::hours{1}) FAIL(zone);
        }
        CHECK(earlier < 40);
    }
}
