#include "transfer/transfer.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

using namespace carillon;
using namespace carillon::transfer;

namespace {

std::string vtodo(const std::string& lines) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:a@b\r\nSUMMARY:Pay rent\r\n" + lines +
           "END:VTODO\r\nEND:VCALENDAR\r\n";
}

Entry only_entry(const std::string& bytes, std::string_view zone = "Europe/Berlin") {
    const auto parsed = parse(bytes, Format::ical, "x.ics", zone);
    for (const auto& problem : parsed.problems) UNSCOPED_INFO(problem.line << ": " << problem.message);
    REQUIRE(parsed.entries.size() == 1);
    return parsed.entries.front();
}

bool mentions(const Parsed& parsed, int line, const std::string& words) {
    for (const auto& problem : parsed.problems)
        if (problem.line == line && problem.message.find(words) != std::string::npos) return true;
    return false;
}

}  // namespace

TEST_CASE("an iCalendar task keeps every field that has a place") {
    const auto entry =
        only_entry(vtodo("DESCRIPTION:Line one\\nline two\\, with comma\r\n"
                         "DUE;TZID=America/New_York:20270131T090000\r\nPRIORITY:1\r\n"
                         "CATEGORIES:Home,Money matters\r\nDTSTAMP:20260102T030405Z\r\n"
                         "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n"
                         "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT1H\r\nEND:VALARM\r\n"));
    CHECK(entry.key == "a@b");
    CHECK(entry.line == 3);
    CHECK(entry.task.title == "Pay rent");
    CHECK(entry.task.description == "Line one\nline two, with comma");
    CHECK(entry.task.priority == task::Priority::high);
    CHECK(entry.task.due_date == parse_rfc3339("2027-01-31T14:00:00Z"));
    CHECK(entry.task.reminder_at == parse_rfc3339("2027-01-31T13:00:00Z"));
    CHECK(entry.task.tags == std::vector<std::string>{"Home", "Money-matters"});
    CHECK(entry.stamp == parse_rfc3339("2026-01-02T03:04:05Z"));
    REQUIRE(entry.task.recurrence.has_value());
    CHECK_FALSE(entry.completed);
}

TEST_CASE("floating times, dates and UTC are read as RFC 5545 says") {
    CHECK(only_entry(vtodo("DUE:20270715T120000\r\n")).task.due_date == parse_rfc3339("2027-07-15T10:00:00Z"));
    CHECK(only_entry(vtodo("DUE:20270715T120000Z\r\n")).task.due_date == parse_rfc3339("2027-07-15T12:00:00Z"));
    const auto day = only_entry(vtodo("DUE;VALUE=DATE:20270715\r\n"));
    CHECK(day.task.all_day);
    CHECK(only_entry(vtodo("DTSTART:20270715T120000Z\r\nDURATION:PT2H\r\n")).task.due_date ==
          parse_rfc3339("2027-07-15T14:00:00Z"));
    CHECK(
        only_entry(vtodo("DUE;TZID=/mozilla.org/20050126_1/Europe/Berlin:20270715T120000\r\n"), "UTC").task.due_date ==
        parse_rfc3339("2027-07-15T10:00:00Z"));
}

TEST_CASE("completed and cancelled entries") {
    CHECK(only_entry(vtodo("STATUS:COMPLETED\r\n")).completed);
    const auto done = only_entry(vtodo("COMPLETED:20260105T101112Z\r\n"));
    CHECK(done.completed);
    CHECK(done.completed_at == parse_rfc3339("2026-01-05T10:11:12Z"));
    const auto cancelled = parse(vtodo("STATUS:CANCELLED\r\n"), Format::ical, "x.ics", "UTC");
    CHECK(cancelled.entries.empty());
    CHECK(mentions(cancelled, 3, "cancelled"));
}

TEST_CASE("a broken entry is listed with its line and spoils no other") {
    const std::string bytes =
        "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nEND:VTODO\n"                     // line 2: no summary
        "BEGIN:VTODO\nUID:2\nSUMMARY:Good\nDUE:20279999T000000Z\nEND:VTODO\n"  // line 5: bad date
        "BEGIN:VTODO\nSUMMARY:No UID\nEND:VTODO\n"                             // line 10
        "BEGIN:VTODO\nUID:2\nSUMMARY:Again\nEND:VTODO\n"                       // line 13: same UID
        "BEGIN:VTODO\nUID:3\nSUMMARY:Cut off";                                 // line 17: no end
    const auto parsed = parse(bytes, Format::ical, "x.ics", "UTC");
    REQUIRE(parsed.entries.size() == 1);
    CHECK(parsed.entries.front().task.title == "Good");
    CHECK_FALSE(parsed.entries.front().task.due_date.has_value());
    CHECK(mentions(parsed, 2, "SUMMARY"));
    CHECK(mentions(parsed, 5, "DUE"));
    CHECK(mentions(parsed, 10, "UID"));
    CHECK(mentions(parsed, 13, "line 5"));
    CHECK(mentions(parsed, 17, "END:VTODO"));
}

TEST_CASE("what cannot be kept is said") {
    const auto hourly = parse(vtodo("DUE:20270715T120000Z\r\nRRULE:FREQ=HOURLY\r\n"), Format::ical, "x.ics", "UTC");
    REQUIRE(hourly.entries.size() == 1);
    CHECK_FALSE(hourly.entries.front().task.recurrence.has_value());
    CHECK(mentions(hourly, 3, "repetition"));
    const auto zone = parse(vtodo("DUE;TZID=Mars/Base:20270715T120000\r\n"), Format::ical, "x.ics", "UTC");
    CHECK(zone.entries.front().task.due_date == parse_rfc3339("2027-07-15T12:00:00Z"));
    CHECK(mentions(zone, 3, "Mars/Base"));
    const auto late = parse(
        vtodo("DUE:20270715T120000Z\r\nBEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:20270716T120000Z\r\nEND:VALARM\r\n"),
        Format::ical, "x.ics", "UTC");
    CHECK_FALSE(late.entries.front().task.reminder_at.has_value());
    CHECK(mentions(late, 3, "alarm"));
}

TEST_CASE("Markdown check lists") {
    const auto parsed = parse(
        "# Plan\n\n- [ ] First `code` and **bold**\n- [X] Second\n  - [x] Nested\n- no box\n- [ ] \n"
        "```\n- [ ] in a code block\n```\n1. [ ] First `code` and **bold**\n\n   More about it.\n* [link](x)\n",
        Format::markdown, "plan.md", "UTC");
    REQUIRE(parsed.entries.size() == 4);
    CHECK(parsed.entries[0].task.title == "First code and bold");
    CHECK(parsed.entries[0].line == 3);
    CHECK_FALSE(parsed.entries[0].completed);
    CHECK(parsed.entries[1].completed);
    CHECK(parsed.entries[2].task.title == "Nested");
    CHECK(parsed.entries[3].task.description == "More about it.");
    CHECK(parsed.entries[0].key != parsed.entries[3].key);  // the same text twice is two entries
}

TEST_CASE("any bytes are survived") {
    std::uint32_t state = 7;
    const std::string seeds[] = {vtodo("DUE:20270715T120000Z\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\nCATEGORIES:a,b\r\n"),
                                 "- [ ] one\n- [x] two\n",
                                 "{\"carillon\":1,\"tasks\":[{\"uid\":\"a\",\"title\":\"b\"}]}"};
    for (const auto format : {Format::ical, Format::markdown, Format::json})
        for (int round = 0; round < 2000; ++round) {
            std::string bytes = seeds[static_cast<int>(format)];
            for (int i = 0; i < 8; ++i) {
                state = state * 1664525 + 1013904223;
                bytes[(state >> 8) % bytes.size()] = static_cast<char>(state >> 24);
            }
            const auto parsed = parse(bytes, format, "x", "UTC");
            for (const auto& entry : parsed.entries) CHECK_FALSE(entry.task.title.empty());
        }
}
