#include "carillon/time/instant.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace carillon;

TEST_CASE("instants are written as RFC 3339 in UTC, with a fraction only where there is one") {
    CHECK(format_rfc3339(from_micros(0)) == "1970-01-01T00:00:00Z");
    CHECK(format_rfc3339(from_micros(1)) == "1970-01-01T00:00:00.000001Z");
    CHECK(format_rfc3339(from_micros(-1)) == "1969-12-31T23:59:59.999999Z");
    CHECK(format_rfc3339(from_micros(1'803'196'800'120'000)) == "2027-02-21T08:00:00.12Z");
    CHECK(format_rfc3339(from_micros(-62'135'596'800'000'000)) == "0001-01-01T00:00:00Z");
    CHECK(format_rfc3339(from_micros(253'402'300'799'999'999)) == "9999-12-31T23:59:59.999999Z");
    CHECK_THROWS_AS(format_rfc3339(from_micros(253'402'300'800'000'000)), std::out_of_range);
    CHECK_THROWS_AS(format_rfc3339(from_micros(-62'135'596'800'000'001)), std::out_of_range);
}

TEST_CASE("instants are read from RFC 3339") {
    const auto read = [](std::string_view text) { return parse_rfc3339(text).value(); };
    CHECK(to_micros(read("1970-01-01T00:00:00Z")) == 0);
    CHECK(to_micros(read("1970-01-01t00:00:00z")) == 0);
    CHECK(to_micros(read("1970-01-01T01:30:00+01:30")) == 0);
    CHECK(to_micros(read("1969-12-31T23:00:00-01:00")) == 0);
    CHECK(to_micros(read("1970-01-01T00:00:00-00:00")) == 0);
    CHECK(to_micros(read("1970-01-01T00:00:00.5Z")) == 500'000);
    CHECK(to_micros(read("1970-01-01T00:00:00.1234567Z")) == 123'456);  // cut, not rounded
    CHECK(to_micros(read("1970-01-01T00:00:00.999999999Z")) == 999'999);
    CHECK(format_rfc3339(read("2028-02-29T12:00:00Z")) == "2028-02-29T12:00:00Z");
    CHECK(format_rfc3339(read("9999-12-31T23:59:59Z")) == "9999-12-31T23:59:59Z");
}

TEST_CASE("what is no RFC 3339 date-time is refused") {
    const auto text = GENERATE(
        as<std::string>{}, "", "2027", "2027-02-28", "2027-02-28T08:00:00", "2027-02-28 08:00:00Z", "2027-02-28T08:00Z",
        "2027-02-29T08:00:00Z", "2027-13-01T08:00:00Z", "2027-00-01T08:00:00Z", "2027-01-00T08:00:00Z",
        "2027-01-32T08:00:00Z", "2027-02-28T24:00:00Z", "2027-02-28T08:60:00Z", "2027-06-30T23:59:60Z",
        "2027-02-28T08:00:00+24:00", "2027-02-28T08:00:00+01:60", "2027-02-28T08:00:00+0100", "2027-02-28T08:00:00+01",
        "2027-02-28T08:00:00.Z", "2027-02-28T08:00:00.1234567890Z", "2027-02-28T08:00:00,5Z", "2027-02-28T08:00:00Zx",
        " 2027-02-28T08:00:00Z", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2027-2-28T08:00:00Z", "+027-02-28T08:00:00Z",
        "2027-02-28T08:00:00 Z", "tomorrow", "1e9", "２０２７-02-28T08:00:00Z");
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text).has_value());
}

TEST_CASE("a NUL within a date-time is refused") {
    CHECK_FALSE(parse_rfc3339(std::string_view("2027-02-28T08:00:00Z\0", 21)).has_value());
}

TEST_CASE("every instant comes back as it was written") {
    std::mt19937_64 random{1};
    std::uniform_int_distribution<std::int64_t> micros{-62'135'596'800'000'000, 253'402'300'799'999'999};
    for (int i = 0; i < 20'000; ++i) {
        const Time t = from_micros(micros(random));
        REQUIRE(parse_rfc3339(format_rfc3339(t)) == t);
    }
}

TEST_CASE("unix seconds are rounded down") {
    CHECK(to_unix_seconds(from_micros(1'999'999)) == 1);
    CHECK(to_unix_seconds(from_micros(-1)) == -1);
}
