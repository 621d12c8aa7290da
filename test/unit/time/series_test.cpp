#include "support.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace std::chrono_literals;

namespace {

Series series(const Recurrence& recurrence, std::string_view start, std::string_view zone = "Europe/Berlin",
              bool all_day = false) {
    return Series{recurrence, local(start, zone), zone, all_day};
}

/// number and local reading of the next occurrence, or `-`.
std::string next(const Series& s, std::int64_t after, std::string_view completed,
                 std::string_view zone = "Europe/Berlin") {
    const auto occurrence = s.next(after, local(completed, zone));
    return occurrence ? std::to_string(occurrence->number) + ": " + show(occurrence->due, zone) : "-";
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

}  // namespace

TEST_CASE("monthly from the 28th to the 31st never drifts and skips no month") {
    for (int anchor = 28; anchor <= 31; ++anchor) {
        const Series s = series(every(Frequency::monthly), "2027-01-" + std::to_string(anchor) + " 08:00");
        for (int n = 1; n <= 12 * 80; ++n) {
            const int year = 2027 + (n - 1) / 12, month = (n - 1) % 12 + 1;
            const int lengths[] = {31, is_leap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
            char expected[32];
            std::snprintf(expected, sizeof expected, "%04d-%02d-%02d 08:00", year, month,
                          std::min(anchor, lengths[month - 1]));
            REQUIRE(show(s.at(n)->due, "Europe/Berlin") == expected);
        }
    }
}

TEST_CASE("Jan 31 goes to Feb 28, Mar 31, Apr 30, also when each is completed late within its month") {
    const Series s = series(every(Frequency::monthly), "2027-01-31 08:00");
    CHECK(next(s, 1, "2027-01-31 09:00") == "2: 2027-02-28 08:00");
    CHECK(next(s, 2, "2027-03-02 09:00") == "3: 2027-03-31 08:00");
    CHECK(next(s, 3, "2027-04-05 09:00") == "4: 2027-04-30 08:00");
    CHECK(next(s, 13, "2028-02-01 09:00") == "14: 2028-02-29 08:00");
}

TEST_CASE("Feb 29 is Feb 28 in common years and Feb 29 again in leap years") {
    CHECK(first(series(every(Frequency::yearly), "2028-02-29 08:00"), "Europe/Berlin", 6) ==
          Texts{"2028-02-29 08:00", "2029-02-28 08:00", "2030-02-28 08:00", "2031-02-28 08:00", "2032-02-29 08:00",
                "2033-02-28 08:00"});
    const Series century = series(every(Frequency::yearly), "2096-02-29 08:00");
    CHECK(show(century.at(5)->due, "Europe/Berlin") == "2100-02-28 08:00");
    CHECK(show(century.at(9)->due, "Europe/Berlin") == "2104-02-29 08:00");
}

TEST_CASE("weekdays, month days and intervals") {
    Recurrence r = every(Frequency::weekly, 2);
    r.by_weekday = {"mo", "fr"};
    CHECK(first(series(r, "2027-01-06 08:00"), "UTC", 4) ==  // a Wednesday: the start is an occurrence all the same
          Texts{"2027-01-06 07:00", "2027-01-08 07:00", "2027-01-18 07:00", "2027-01-22 07:00"});

    r = every(Frequency::monthly);
    r.by_month_day = {-1};
    CHECK(first(series(r, "2027-01-31 08:00"), "Europe/Berlin", 3) ==
          Texts{"2027-01-31 08:00", "2027-02-28 08:00", "2027-03-31 08:00"});
    r.by_month_day = {1, 15, -1};
    CHECK(first(series(r, "2027-02-01 08:00"), "Europe/Berlin", 4) ==
          Texts{"2027-02-01 08:00", "2027-02-15 08:00", "2027-02-28 08:00", "2027-03-01 08:00"});
    r.by_month_day = {29, 30, 31};  // three in March, one in February
    CHECK(first(series(r, "2027-01-31 08:00"), "Europe/Berlin", 6) == Texts{"2027-01-31 08:00", "2027-02-28 08:00",
                                                                            "2027-03-29 08:00", "2027-03-30 08:00",
                                                                            "2027-03-31 08:00", "2027-04-29 08:00"});
    r.by_month_day = {-31};
    CHECK(first(series(r, "2027-01-01 08:00"), "Europe/Berlin", 3) ==
          Texts{"2027-01-01 08:00", "2027-02-01 08:00", "2027-03-01 08:00"});

    r = every(Frequency::monthly, 3);
    r.by_weekday = {"-1fr"};
    CHECK(first(series(r, "2027-01-29 08:00"), "Europe/Berlin", 3) ==
          Texts{"2027-01-29 08:00", "2027-04-30 08:00", "2027-07-30 08:00"});

    r = every(Frequency::yearly);
    r.by_weekday = {"-1mo"};  // stays in the month of the start
    CHECK(first(series(r, "2027-05-31 08:00"), "Europe/Berlin", 3) ==
          Texts{"2027-05-31 08:00", "2028-05-29 08:00", "2029-05-28 08:00"});
    r.by_weekday.clear();
    r.by_month_day = {-1};
    CHECK(first(series(r, "2027-02-28 08:00"), "Europe/Berlin", 3) ==
          Texts{"2027-02-28 08:00", "2028-02-29 08:00", "2029-02-28 08:00"});

    r = every(Frequency::daily);
    r.by_weekday = {"mo", "tu", "we", "th", "fr"};
    CHECK(first(series(r, "2027-01-07 08:00"), "Europe/Berlin", 4) ==
          Texts{"2027-01-07 08:00", "2027-01-08 08:00", "2027-01-11 08:00", "2027-01-12 08:00"});
}

TEST_CASE("the local time of day stays the same through daylight saving time") {
    const auto reading = [](const char* start, const char* zone, Frequency f, int n) {
        return first(series(every(f), start, zone), zone, n);
    };
    CHECK(reading("2027-03-27 08:00", "Europe/Berlin", Frequency::daily, 3) ==
          Texts{"2027-03-27 08:00", "2027-03-28 08:00", "2027-03-29 08:00"});
    CHECK(reading("2027-10-25 08:00", "America/New_York", Frequency::weekly, 3) ==
          Texts{"2027-10-25 08:00", "2027-11-01 08:00", "2027-11-08 08:00"});
    CHECK(reading("2027-03-27 08:00", "Asia/Kathmandu", Frequency::daily, 3) ==
          Texts{"2027-03-27 08:00", "2027-03-28 08:00", "2027-03-29 08:00"});
    const auto instants = first(series(every(Frequency::daily), "2027-03-27 08:00"), "UTC", 3);
    CHECK(instants == Texts{"2027-03-27 07:00", "2027-03-28 06:00", "2027-03-29 06:00"});
    // Daylight saving time goes on after 2037, where tzdata's list ends.
    CHECK(reading("2040-06-01 08:00", "Europe/Berlin", Frequency::monthly, 6).back() == "2040-11-01 08:00");
    CHECK(first(series(every(Frequency::yearly), "2036-07-01 08:00"), "UTC", 3) ==
          Texts{"2036-07-01 06:00", "2037-07-01 06:00", "2038-07-01 06:00"});
}

TEST_CASE("an occurrence in a gap moves forward that day only; an ambiguous one comes once") {
    const auto reading = [](const char* start, const char* zone) {
        return first(series(every(Frequency::daily), start, zone), zone, 3);
    };
    CHECK(reading("2027-03-27 02:30", "Europe/Berlin") ==
          Texts{"2027-03-27 02:30", "2027-03-28 03:30", "2027-03-29 02:30"});
    CHECK(reading("2027-10-30 02:30", "Europe/Berlin") ==
          Texts{"2027-10-30 02:30", "2027-10-31 02:30", "2027-11-01 02:30"});
    CHECK(reading("2027-03-13 02:30", "America/New_York") ==
          Texts{"2027-03-13 02:30", "2027-03-14 03:30", "2027-03-15 02:30"});
    CHECK(reading("2027-10-02 02:15", "Australia/Lord_Howe") ==
          Texts{"2027-10-02 02:15", "2027-10-03 02:45", "2027-10-04 02:15"});
    CHECK(reading("2018-11-03 00:00", "America/Sao_Paulo") ==
          Texts{"2018-11-03 00:00", "2018-11-04 01:00", "2018-11-05 00:00"});
    const auto overlap = first(series(every(Frequency::daily), "2027-10-30 02:30"), "UTC", 3);
    CHECK(overlap == Texts{"2027-10-30 00:30", "2027-10-31 00:30", "2027-11-01 01:30"});
    // Completed within the second of the two hours: it is done for that day, not due again the same day.
    const Series daily = series(every(Frequency::daily), "2027-10-30 02:30");
    const auto after = daily.next(2, utc("2027-10-31T01:30:00Z"));
    CHECK(show(after->due, "Europe/Berlin") == "2027-11-01 02:30");
    CHECK(after->number == 3);
}

TEST_CASE("a local day that a zone left out has its occurrence on the next day") {
    const Series s = series(every(Frequency::daily), "2011-12-28 10:00", "Pacific/Apia");
    const auto at = [&](int n) { return show(s.at(n)->due, "Pacific/Apia"); };
    CHECK(Texts{at(2), at(3), at(4), at(5)} ==
          Texts{"2011-12-29 10:00", "2011-12-31 10:00", "2011-12-31 10:00", "2012-01-01 10:00"});
    CHECK(next(s, 2, "2011-12-29 12:00", "Pacific/Apia") == "3: 2011-12-31 10:00");
    CHECK(next(s, 3, "2011-12-31 12:00", "Pacific/Apia") == "5: 2012-01-01 10:00");
}

TEST_CASE("completed late, the next occurrence is the first after now, with its own number") {
    const Series daily = series(every(Frequency::daily), "2027-01-01 08:00");
    CHECK(next(daily, 1, "2027-01-01 07:00") == "2: 2027-01-02 08:00");  // early
    CHECK(next(daily, 1, "2027-01-10 07:59") == "10: 2027-01-10 08:00");
    CHECK(next(daily, 1, "2027-01-10 08:00") == "11: 2027-01-11 08:00");  // later than now, not at it
    CHECK(next(daily, 9, "2027-01-03 08:00") == "10: 2027-01-10 08:00");  // done ahead of its time: the one after it
    const Series weekly = series(every(Frequency::weekly), "2027-01-04 08:00");
    CHECK(next(weekly, 1, "2027-01-19 12:00") == "4: 2027-01-25 08:00");  // still Mondays
    const Series fortnightly = series(every(Frequency::weekly, 2), "2027-01-04 08:00");
    CHECK(next(fortnightly, 1, "2027-01-19 12:00") == "3: 2027-02-01 08:00");  // still every other Monday
    const Series monthly = series(every(Frequency::monthly), "2027-01-31 08:00");
    CHECK(next(monthly, 1, "2027-06-15 08:00") == "6: 2027-06-30 08:00");
    const Series yearly = series(every(Frequency::yearly), "2024-02-29 08:00");
    CHECK(next(yearly, 1, "2027-02-28 08:00") == "5: 2028-02-29 08:00");
}

TEST_CASE("catch_up asks for each occurrence in turn") {
    Recurrence r = every(Frequency::daily);
    r.catch_up = true;
    const Series s = series(r, "2027-01-01 08:00");
    CHECK(next(s, 1, "2027-01-10 12:00") == "2: 2027-01-02 08:00");
    CHECK(next(s, 2, "2027-01-10 12:00") == "3: 2027-01-03 08:00");
}

TEST_CASE("anchor completion counts from the local date of the completion, at the start's time of day") {
    Recurrence r = every(Frequency::daily, 3);
    r.anchor = Anchor::completion;
    const Series three_days = series(r, "2027-01-01 08:00");
    CHECK(next(three_days, 1, "2027-01-01 07:00") == "2: 2027-01-04 08:00");
    CHECK(next(three_days, 1, "2027-02-10 23:59") == "2: 2027-02-13 08:00");
    CHECK(next(three_days, 7, "2027-03-27 00:00") == "8: 2027-03-30 08:00");  // through daylight saving time
    r = every(Frequency::monthly);
    r.anchor = Anchor::completion;
    CHECK(next(series(r, "2027-01-10 08:00"), 1, "2027-01-31 12:00") == "2: 2027-02-28 08:00");
    r.by_month_day = {1};
    CHECK(next(series(r, "2027-01-01 08:00"), 1, "2027-01-31 12:00") == "2: 2027-02-01 08:00");
    r = every(Frequency::weekly);
    r.anchor = Anchor::completion;
    CHECK(next(series(r, "2027-01-04 08:00"), 1, "2027-01-06 12:00") == "2: 2027-01-13 08:00");
    r.by_weekday = {"mo"};
    CHECK(next(series(r, "2027-01-04 08:00"), 1, "2027-01-06 12:00") == "2: 2027-01-11 08:00");
    r.count = 2;
    CHECK(next(series(r, "2027-01-04 08:00"), 1, "2027-01-06 12:00") == "2: 2027-01-11 08:00");
    CHECK(next(series(r, "2027-01-04 08:00"), 2, "2027-01-12 12:00") == "-");
    // The date is the user's, not that of UTC.
    r = every(Frequency::daily);
    r.anchor = Anchor::completion;
    CHECK(next(series(r, "2027-01-01 08:00", "Pacific/Auckland"), 1, "2027-01-05 01:00", "Pacific/Auckland") ==
          "2: 2027-01-06 08:00");
}

TEST_CASE("count counts numbers, those passed over too; end_date is inclusive") {
    Recurrence r = every(Frequency::daily);
    r.count = 3;
    const Series three = series(r, "2027-01-01 08:00");
    CHECK(first(three, "Europe/Berlin", 10) == Texts{"2027-01-01 08:00", "2027-01-02 08:00", "2027-01-03 08:00"});
    CHECK(next(three, 1, "2027-01-02 09:00") == "3: 2027-01-03 08:00");
    CHECK(next(three, 3, "2027-01-03 07:00") == "-");
    CHECK(next(three, 1, "2027-02-01 08:00") == "-");
    CHECK_FALSE(three.at(4).has_value());

    r = every(Frequency::weekly);
    r.end_date = std::chrono::year{2027} / 1 / 18;
    const Series until = series(r, "2027-01-04 23:30", "America/New_York");  // already the 19th in UTC
    CHECK(first(until, "America/New_York", 10) == Texts{"2027-01-04 23:30", "2027-01-11 23:30", "2027-01-18 23:30"});
    CHECK(next(until, 3, "2027-01-18 08:00", "America/New_York") == "-");
    r.end_date = std::chrono::year{2027} / 1 / 17;
    CHECK(first(series(r, "2027-01-04 23:30", "America/New_York"), "America/New_York", 10).size() == 2);

    Recurrence both = rrule("FREQ=DAILY;COUNT=5");
    both.count = 2;
    CHECK(first(series(both, "2027-01-01 08:00"), "UTC", 9).size() == 2);
    both.count = 9;
    CHECK(first(series(both, "2027-01-01 08:00"), "UTC", 9).size() == 5);
    both.end_date = std::chrono::year{2027} / 1 / 3;
    CHECK(first(series(both, "2027-01-01 08:00"), "UTC", 9).size() == 3);
}

TEST_CASE("UNTIL as a date, a local time and a UTC time is inclusive") {
    const auto size = [](const char* rule, const char* zone) {
        return first(series(rrule(rule), "2027-01-01 08:00", zone), zone, 99).size();
    };
    CHECK(size("FREQ=DAILY;UNTIL=20270105", "America/New_York") == 5);
    CHECK(size("FREQ=DAILY;UNTIL=20270105T080000", "America/New_York") == 5);
    CHECK(size("FREQ=DAILY;UNTIL=20270105T075959", "America/New_York") == 4);
    CHECK(size("FREQ=DAILY;UNTIL=20270105T130000Z", "America/New_York") == 5);
    CHECK(size("FREQ=DAILY;UNTIL=20270105T125959Z", "America/New_York") == 4);
    const Series all_day{rrule("FREQ=DAILY;UNTIL=20270105T000000"), local("2027-01-01 23:59", "Europe/Berlin"),
                         "Europe/Berlin", true};
    CHECK(first(all_day, "Europe/Berlin", 99).size() == 5);
}

TEST_CASE("all-day occurrences fall at 23:59 of their day") {
    const Series s{every(Frequency::daily), local("2027-03-27 23:59", "Europe/Berlin"), "Europe/Berlin", true};
    CHECK(first(s, "Europe/Berlin", 3) == Texts{"2027-03-27 23:59", "2027-03-28 23:59", "2027-03-29 23:59"});
}

TEST_CASE("the recurrence's own zone comes before the user's") {
    Recurrence r = every(Frequency::daily);
    r.timezone = "America/New_York";
    const Series s{r, local("2027-03-13 08:00", "America/New_York"), "Europe/Berlin", false};
    CHECK(first(s, "America/New_York", 3) == Texts{"2027-03-13 08:00", "2027-03-14 08:00", "2027-03-15 08:00"});
}

TEST_CASE("upcoming is strictly later than what it is asked for") {
    const Series s = series(every(Frequency::daily), "2027-01-01 08:00");
    const auto from = [&](const char* t) { return s.upcoming(local(t, "Europe/Berlin"), 2).front().number; };
    CHECK(from("2026-12-31 08:00") == 1);
    CHECK(from("2027-01-01 07:59") == 1);
    CHECK(from("2027-01-01 08:00") == 2);
    CHECK(from("2027-01-02 07:59") == 2);
    CHECK(from("2027-01-02 08:00") == 3);
    CHECK(s.upcoming(local("2027-01-01 08:00", "UTC"), 0).empty());
    CHECK(s.upcoming(local("2027-01-01 08:00", "UTC"), -1).empty());
}

TEST_CASE("nothing lies outside the years 1 to 9999, and no number is out of reach") {
    const Series s = series(every(Frequency::yearly, 1000), "2027-12-31 23:30", "America/New_York");
    CHECK(s.at(8).has_value());
    CHECK_FALSE(s.at(9).has_value());
    const Series last = series(every(Frequency::daily), "9999-12-29 23:30", "America/New_York");
    CHECK(first(last, "UTC", 9).size() == 2);  // the 31st would be in the year 10000 in UTC
    CHECK_FALSE(last.next(2, utc("9999-12-31T12:00:00Z")).has_value());
    for (const std::int64_t number : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX, max_occurrence + 1}) {
        CHECK_FALSE(s.at(number).has_value());
        if (number != 0) CHECK_FALSE(s.next(number, utc("2027-01-01T00:00:00Z")).has_value());
    }
    CHECK(series(every(Frequency::daily), "0001-01-02 00:00", "UTC").at(3'652'058)->number == 3'652'058);
    CHECK_FALSE(series(every(Frequency::daily), "0001-01-02 00:00", "UTC").at(3'652'059).has_value());
    CHECK(s.upcoming(from_micros(INT64_MAX), 5).empty());
    CHECK(s.upcoming(from_micros(INT64_MIN), 1).front().number == 1);
}

TEST_CASE("a series needs a zone and a rule that parse_recurrence would take") {
    CHECK_THROWS_AS(Series(every(Frequency::daily), Time{}, "Mars/Olympus", false), std::invalid_argument);
    CHECK_THROWS_AS(Series(rrule("FREQ=HOURLY"), Time{}, "UTC", false), std::invalid_argument);
    CHECK_THROWS_AS(Series(Recurrence{}, Time{}, "UTC", false), std::invalid_argument);
}
