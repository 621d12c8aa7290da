// Random rules against a slow reference that walks through every day, and the cost of a jump.
#include "support.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace carillon;
using namespace std::chrono;

namespace {

struct Weekday {
    int ordinal;
    unsigned day;  // 0 is Sunday
};

struct RandomRule {
    std::string frequency;
    int interval = 1;
    std::vector<int> months, weeks, year_days, month_days, positions;
    std::vector<Weekday> weekdays;
    bool backward = false;
    unsigned week_start = 1;

    std::string text() const {
        static const char* names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
        std::string out = "FREQ=" + frequency + ";INTERVAL=" + std::to_string(interval) + ";WKST=" + names[week_start];
        const auto list = [&out](const char* key, const std::vector<int>& values) {
            for (std::size_t i = 0; i < values.size(); ++i)
                out += (i ? "," : std::string(";") + key + "=") + std::to_string(values[i]);
        };
        list("BYMONTH", months);
        list("BYWEEKNO", weeks);
        list("BYYEARDAY", year_days);
        list("BYMONTHDAY", month_days);
        for (std::size_t i = 0; i < weekdays.size(); ++i)
            out += (i ? "," : ";BYDAY=") + (weekdays[i].ordinal ? std::to_string(weekdays[i].ordinal) : std::string{}) +
                   names[weekdays[i].day];
        list("BYSETPOS", positions);
        return backward ? "RSCALE=GREGORIAN;SKIP=BACKWARD;" + out : out;
    }
};

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    int from(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
    bool one_in(int n) { return from(1, n) == 1; }
    std::vector<int> some(int low, int high, int count) {
        std::set<int> out;
        for (; count > 0; --count) {
            if (const int value = from(low, high)) out.insert(value);
        }
        return {out.begin(), out.end()};
    }
    RandomRule rule() {
        static const char* frequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
        const int kind = from(0, 3);
        RandomRule r;
        r.frequency = frequencies[kind];
        r.interval = one_in(2) ? 1 : from(1, 9);
        r.week_start = one_in(4) ? static_cast<unsigned>(from(0, 6)) : 1;
        r.backward = one_in(3);
        if (one_in(3)) r.months = some(1, 12, 3);
        if (kind != 1 && one_in(3)) r.month_days = some(-31, 31, 3);
        if (kind == 3 && one_in(4)) r.weeks = some(-53, 53, 4);
        if (kind == 3 && one_in(5)) r.year_days = some(-366, 366, 9);
        if (one_in(2)) {
            const bool may_number = kind >= 2 && r.weeks.empty();
            const int max = kind == 3 && r.months.empty() ? 53 : 5;
            for (int n = from(1, 3); n > 0; --n)
                r.weekdays.push_back(
                    {may_number && one_in(2) ? from(-max, max) : 0, static_cast<unsigned>(from(0, 6))});
        }
        const bool by = !r.months.empty() || !r.month_days.empty() || !r.weeks.empty() || !r.year_days.empty() ||
                        !r.weekdays.empty();
        if (by && one_in(4)) r.positions = some(-4, 4, 3);
        return r;
    }

private:
    std::mt19937 engine_;
};

/// The reference: walks from the beginning of the start's period day by day, straight from RFC 5545's table.
class Walker {
public:
    Walker(RandomRule rule, sys_days start) : rule_(std::move(rule)), start_(start) {
        const year_month_day s{start};
        const int start_day = static_cast<int>(unsigned(s.day()));
        const std::vector<Weekday> start_weekday{{0, weekday{start}.c_encoding()}};
        const bool days = !rule_.month_days.empty() || !rule_.year_days.empty() || !rule_.weekdays.empty();
        if (rule_.frequency == "WEEKLY" && rule_.weekdays.empty()) rule_.weekdays = start_weekday;
        if (rule_.frequency == "MONTHLY" && !days) rule_.month_days = {start_day};
        if (rule_.frequency == "YEARLY" && !days) {
            if (!rule_.weeks.empty()) {
                rule_.weekdays = start_weekday;
            } else {
                if (rule_.months.empty()) rule_.months = {static_cast<int>(unsigned(s.month()))};
                rule_.month_days = {start_day};
            }
        }
    }

    /// The start and the dates after it, at most `n`, before `end`.
    std::vector<sys_days> dates(std::size_t n, sys_days end) const {
        std::vector<sys_days> out{start_};
        int period = 0;
        for (sys_days day = first_of_period(start_); day < end && out.size() < n; ++period) {
            std::vector<sys_days> found;
            do {
                if (fits(day)) found.push_back(day);
                day += days{1};
            } while (first_of_period(day) != day);
            if (period % rule_.interval != 0) continue;
            for (const auto d : chosen(found)) {
                if (d > start_ && d < end && out.size() < n) out.push_back(d);
            }
        }
        return out;
    }

private:
    static bool has(const std::vector<int>& list, int value) {
        return std::find(list.begin(), list.end(), value) != list.end();
    }

    sys_days first_of_period(sys_days day) const {
        if (rule_.frequency == "DAILY") return day;
        if (rule_.frequency == "WEEKLY") return day - (weekday{day} - weekday{rule_.week_start});
        const year_month_day d{day};
        return rule_.frequency == "MONTHLY" ? sys_days{d.year() / d.month() / 1} : sys_days{d.year() / 1 / 1};
    }
    std::vector<sys_days> chosen(const std::vector<sys_days>& found) const {
        if (rule_.positions.empty()) return found;
        std::set<sys_days> out;
        for (const int p : rule_.positions) {
            const int i = p > 0 ? p - 1 : static_cast<int>(found.size()) + p;
            if (i >= 0 && i < static_cast<int>(found.size())) out.insert(found[static_cast<std::size_t>(i)]);
        }
        return {out.begin(), out.end()};
    }
    bool fits(sys_days day) const {
        const year_month_day d{day};
        const int month_length = static_cast<int>(unsigned((d.year() / d.month() / last).day()));
        const int year_length = d.year().is_leap() ? 366 : 365;
        const int month_day = static_cast<int>(unsigned(d.day()));
        const int year_day = static_cast<int>((day - sys_days{d.year() / 1 / 1}).count()) + 1;
        if (!rule_.months.empty() && !has(rule_.months, static_cast<int>(unsigned(d.month())))) return false;
        if (!rule_.weeks.empty() && !in_week(day)) return false;
        if (!rule_.year_days.empty() && !has(rule_.year_days, year_day) &&
            !has(rule_.year_days, year_day - year_length - 1))
            return false;
        if (!rule_.month_days.empty()) {
            std::set<int> wanted;
            for (const int m : rule_.month_days) {
                int from_front = m > 0 ? m : month_length + m + 1;
                if (rule_.backward) from_front = std::clamp(from_front, 1, month_length);
                wanted.insert(from_front);
            }
            if (!wanted.count(month_day)) return false;
        }
        const bool by_month = rule_.frequency == "MONTHLY" || !rule_.months.empty();
        const auto hit = [&](const Weekday& w) {
            if (weekday{day}.c_encoding() != w.day) return false;
            if (w.ordinal == 0) return true;
            const int before = ((by_month ? month_day : year_day) - 1) / 7;
            const int behind = ((by_month ? month_length - month_day : year_length - year_day)) / 7;
            return w.ordinal == before + 1 || w.ordinal == -behind - 1;
        };
        return rule_.weekdays.empty() || std::any_of(rule_.weekdays.begin(), rule_.weekdays.end(), hit);
    }
    /// Counts the weeks of the year that holds most of this week.
    bool in_week(sys_days day) const {
        const weekday begin{rule_.week_start};
        const sys_days week = day - (weekday{day} - begin);
        const year y = year_month_day{week + days{3}}.year();
        int number = 0, all = 0;
        for (sys_days w = week - days{7 * 60}; w < week + days{7 * 60}; w += days{7}) {
            if (year_month_day{w + days{3}}.year() != y) continue;
            ++all;
            if (w <= week) ++number;
        }
        return has(rule_.weeks, number) || has(rule_.weeks, number - all - 1);
    }

    RandomRule rule_;
    sys_days start_;
};

sys_days date_of(const Occurrence& o) { return floor<days>(o.due); }

}  // namespace

TEST_CASE("at, next and upcoming agree with a walk through every day, for random rules") {
    Dice dice{20270131};
    int compared = 0;
    for (int i = 0; i < 500; ++i) {
        const RandomRule rule = dice.rule();
        const sys_days start = sys_days{year{dice.from(1996, 2030)} / 1 / 1} + days{dice.from(0, 364)};
        const sys_days end = start + days{365 * 12};
        const auto expected = Walker{rule, start}.dates(40, end);
        const Series series{rrule(rule.text()), start + hours{9}, "UTC", false};
        CAPTURE(rule.text(), format_rfc3339(start));

        auto upcoming = series.upcoming(start, 40);
        std::erase_if(upcoming, [&](const Occurrence& o) { return date_of(o) >= end; });
        REQUIRE(upcoming.size() == expected.size());
        for (std::size_t n = 0; n < expected.size(); ++n) {
            REQUIRE(upcoming[n] == Occurrence{static_cast<std::int64_t>(n) + 1, expected[n] + hours{9}});
            REQUIRE(series.at(static_cast<std::int64_t>(n) + 1) == upcoming[n]);
            if (n == 0) continue;
            REQUIRE(upcoming[n].due > upcoming[n - 1].due);
            REQUIRE(series.next(static_cast<std::int64_t>(n), upcoming[n - 1].due) == upcoming[n]);
            REQUIRE(series.next(1, upcoming[n].due - seconds{1}) == upcoming[n]);
            ++compared;
        }
    }
    CHECK(compared > 5'000);
}

TEST_CASE("far away, numbers and dates still belong together") {
    Dice dice{7};
    for (int i = 0; i < 100; ++i) {
        const RandomRule rule = dice.rule();
        const Series series{rrule(rule.text()), utc("1900-03-31T09:00:00Z"), "UTC", false};
        CAPTURE(rule.text());
        const auto far = series.upcoming(utc("9000-01-01T00:00:00Z"), 3);
        for (const auto& o : far) {
            REQUIRE(series.at(o.number) == o);
            REQUIRE(series.next(o.number - 1, o.due - days{1}) == o);
        }
    }
}

TEST_CASE("a jump of 7,100 years takes as little work as one of a year, and rules that never occur end") {
    const auto rule = GENERATE(
        as<std::string>{}, "FREQ=DAILY", "FREQ=DAILY;INTERVAL=7", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=DAILY;BYMONTH=1", "FREQ=DAILY;BYMONTH=1;BYSETPOS=-1", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,FR",
        "FREQ=WEEKLY;BYMONTH=1,7;BYDAY=MO", "FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU", "FREQ=YEARLY;BYYEARDAY=-1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29");
    CAPTURE(rule);
    const auto begin = recurrence_work();
    const Series series{rrule(rule), utc("1901-01-01T09:00:00Z"), "Europe/Berlin", false};
    CHECK(recurrence_work() - begin < 40'000);  // counting one cycle of the calendar
    for (const auto* now : {"1902-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "9000-06-01T00:00:00Z"}) {
        const auto before = recurrence_work();
        const auto next = series.next(1, utc(now));
        if (next) CHECK(series.at(next->number) == next);
        CHECK(recurrence_work() - before < 7 * 366);
        CHECK(series.upcoming(utc(now), 5).size() <= 5);
    }
}

TEST_CASE("the dearest rules, a filter on every nth day, cost one walk over one cycle") {
    const auto rule =
        GENERATE(as<std::string>{}, "FREQ=DAILY;INTERVAL=2;BYMONTH=1",
                 "FREQ=DAILY;INTERVAL=999;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
                 "FREQ=DAILY;INTERVAL=11;BYMONTHDAY=-31;BYDAY=SU", "FREQ=DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=30");
    CAPTURE(rule);
    const auto before = recurrence_work();
    const Series series{rrule(rule), utc("0001-01-01T09:00:00Z"), "UTC", false};
    series.next(1, utc("9000-06-01T00:00:00Z"));
    series.upcoming(utc("9000-06-01T00:00:00Z"), 5);
    CHECK(recurrence_work() - before < 300'000);
}
