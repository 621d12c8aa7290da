#include "chat/quick_add.hpp"

#include "carillon/text.hpp"
#include "carillon/time/zone.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <random>
#include <regex>
#include <set>

using namespace carillon;
using namespace carillon::chat;
namespace bj = boost::json;

namespace {

const std::string folder = CARILLON_TEST_DATA;
constexpr std::string_view berlin = "Europe/Berlin";
const Time monday = *parse_rfc3339("2026-11-23T10:00:00+01:00");

std::string text_of(const bj::value& value) { return std::string(value.as_string()); }

/// `2026-11-24 09:00`, as the answer has it.
std::string short_time(const bj::value& time) {
    const auto text = text_of(time);
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string summary_of(const std::string& line) {
    const auto answer = to_json(quick_add(line, monday, berlin), berlin);
    auto out = text_of(answer.at("title"));
    if (const auto* due = answer.if_contains("due_date"))
        out += " @ " + (answer.contains("all_day") ? short_time(*due).substr(0, 10) : short_time(*due));
    if (const auto* recurrence = answer.if_contains("recurrence")) {
        const auto& rule = recurrence->as_object();
        out += " * ";
        if (rule.contains("rrule"))
            out += text_of(rule.at("rrule"));
        else
            out +=
                (rule.at("interval") == 1 ? "" : bj::serialize(rule.at("interval")) + " ") + text_of(rule.at("rule"));
        if (rule.contains("anchor")) out += " !";
        if (rule.contains("end_date")) out += " < " + text_of(rule.at("end_date")).substr(0, 10);
    }
    if (const auto* bell = answer.if_contains("reminder_at")) out += " ^ " + short_time(*bell);
    if (const auto* priority = answer.if_contains("priority")) out += " !" + text_of(*priority);
    for (const auto& tag : answer.at("tags").as_array()) out += " #" + text_of(tag);
    if (const auto* description = answer.if_contains("description")) out += " // " + text_of(*description);
    if (const auto* errors = answer.if_contains("errors")) {
        for (const auto& error : errors->as_array())
            out += " ? " + text_of(error.at("code")) + " " + bj::serialize(error.at("start")) + "-" +
                   bj::serialize(error.at("end"));
    }
    return out;
}

/// A line without what may be another in it: numbers, names of days, months, tags, and the words of the title.
std::string structure_of(const std::string& line) {
    static const std::regex number("[0-9]+"),
        day("\\b(mon|tue|wed|thu|fri|sat|sun)(s|r|rs|day|sday|nesday|rsday|urday)?\\b"),
        month("\\b(jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\\b"),
        count("\\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\\b"), tag("#\\S+");
    std::string out;
    std::size_t end = 0;
    for (const auto& span : quick_add(line, monday, berlin).spans) {
        out += (span.start > end + 1 ? " … " : " ") + span.text;
        end = span.end;
    }
    out += text::length(line) > end ? " …" : "";
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    for (const auto& [what, as] : {std::pair(&tag, "#"), {&number, "9"}, {&day, "D"}, {&month, "M"}, {&count, "9"}})
        out = std::regex_replace(out, *what, as);
    return out;
}

/// What holds for every answer, whatever was typed.
void check_sound(const std::string& line, Time now, std::string_view zone) {
    INFO(line);
    const auto parsed = quick_add(line, now, zone);
    CHECK(text::is_utf8(parsed.title));
    CHECK(parsed.tags.size() <= 10);
    std::size_t last = 0;
    for (const auto& span : parsed.spans) {
        CHECK(span.start >= last);
        CHECK(span.start < span.end);
        CHECK(span.end <= text::length(line));
        CHECK(text::length(span.text) == span.end - span.start);
        CHECK(line.find(span.text) != std::string::npos);
        last = span.end;
    }
    for (const auto& error : parsed.errors) CHECK(error.end <= text::length(line));
    if (parsed.reminder_at) CHECK(*parsed.reminder_at > std::chrono::floor<std::chrono::minutes>(now));
    if (parsed.reminder_at && parsed.due_date) CHECK(*parsed.reminder_at <= *parsed.due_date);
    const auto answer = to_json(parsed, zone);
    for (const auto* field : {"due_date", "reminder_at"})
        if (answer.contains(field)) CHECK(parse_rfc3339(text_of(answer.at(field))).has_value());
    if (parsed.recurrence) {
        const auto again = parse_recurrence(to_json(*parsed.recurrence));
        CHECK(again.has_value());
    }
    const auto task = to_task(parsed, line);
    CHECK(task.has_value() == parsed.errors.empty());
}

}  // namespace

TEST_CASE("every phrase of the data set comes out as it says", "[chat][quick-add]") {
    std::ifstream file(folder + "/quick-add.jsonl");
    int phrases = 0;
    for (std::string line; std::getline(file, line); ++phrases) {
        const auto phrase = bj::parse(line).as_object();
        const auto zone = text_of(phrase.at("zone"));
        const auto now = parse_rfc3339(text_of(phrase.at("now")));
        REQUIRE(now);
        INFO(text_of(phrase.at("text")));
        const auto answer = to_json(quick_add(text_of(phrase.at("text")), *now, zone), zone);
        if (bj::value(answer) != phrase.at("expect"))
            FAIL_CHECK(bj::serialize(answer) << "\nexpected\n" << bj::serialize(phrase.at("expect")));
    }
    CHECK(phrases == 220);
}

TEST_CASE("each structure of the grammar says what it should", "[chat][quick-add]") {
    std::ifstream file(folder + "/quick-add-structures.txt");
    std::set<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with("# ")) continue;
        const auto arrow = line.rfind(" => ");
        REQUIRE(arrow != std::string::npos);
        const auto text = line.substr(0, arrow);
        INFO(text);
        CHECK(summary_of(text) == line.substr(arrow + 4));
        CHECK(lines.insert(text).second);
    }
    CHECK(lines.size() >= 180);
}

TEST_CASE("at least 200 structures of lines are tested, not one with other numbers", "[chat][quick-add]") {
    std::set<std::string> structures;
    std::ifstream phrases(folder + "/quick-add.jsonl"), lines(folder + "/quick-add-structures.txt");
    for (std::string line; std::getline(phrases, line);)
        structures.insert(structure_of(text_of(bj::parse(line).as_object().at("text"))));
    for (std::string line; std::getline(lines, line);)
        if (const auto arrow = line.rfind(" => "); arrow != std::string::npos)
            structures.insert(structure_of(line.substr(0, arrow)));
    CHECK(structures.size() >= 200);
    CHECK(structure_of("Pay rent on 5 january #a") == structure_of("Call Bo on 6 feb #b"));
    CHECK(structure_of("Pay rent on 5 january") != structure_of("Pay rent by 5 january"));
}

TEST_CASE("a line says the same whatever its case and the seconds of the clock", "[chat][quick-add]") {
    const std::string line = "call tomorrow 9am every month !high remind 1h before";
    auto upper = line;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    const auto low = quick_add(line, monday, berlin);
    const auto high = quick_add(upper, monday + std::chrono::seconds{59}, berlin);
    CHECK(high.title == "CALL");
    CHECK(low.due_date == high.due_date);
    CHECK(low.reminder_at == high.reminder_at);
    CHECK(low.recurrence == high.recurrence);
    CHECK(quick_add("nap in 20 minutes", monday + std::chrono::seconds{59}, berlin).due_date ==
          monday + std::chrono::minutes{20});
}

TEST_CASE("what is not understood stays in the title, whatever it is made of", "[chat][quick-add]") {
    const std::string lines[] = {"a\x01 b\x02 tomorrow",
                                 std::string("nul \0 in it", 11),
                                 "\x7f\xc2\x9f\xef\xbf\xbf",
                                 "\xff\xfe tomorrow",
                                 "every every every",
                                 "may may may",
                                 "remind remind me remind",
                                 "until until until",
                                 "!! ## // //",
                                 "\\",
                                 "\"",
                                 "“”",
                                 "in in in 3",
                                 "at at 5",
                                 "the the the",
                                 "5 5 5 5",
                                 "99999999999999999999 days",
                                 "in 999999999999 years",
                                 "in 999 years",
                                 "every 999999999999 days",
                                 "2027-99-99",
                                 "0000-00-00",
                                 "99.99.9999",
                                 "feb 29 2100",
                                 "24:00",
                                 "12:60",
                                 "😀 😀 every 😀",
                                 "\u202eoverride",
                                 "e\xcc\x81\xcc\x81\xcc\x81 #e\xcc\x81",
                                 "#\xcc\x81",
                                 "in 1h1m1s",
                                 "31.2.",
                                 "0.0.",
                                 "every 366 years on feb 29",
                                 std::string(10'000, 'x'),
                                 std::string(10'000, ' ')};
    for (const auto& line : lines) {
        if (text::is_utf8(line)) check_sound(line, monday, berlin);
        quick_add(line, monday, berlin);
    }
    std::string words, tomorrows, quotes;
    for (int i = 0; i < 1000; ++i) {
        words += "every ";
        tomorrows += "tomorrow ";
        quotes += "\"x ";
    }
    for (const auto& line : {words, tomorrows, quotes}) check_sound(line, monday, berlin);
    CHECK(quick_add("Zoë\x01 😀 дом", monday, berlin).title == "Zoë\x01 😀 дом");
}

TEST_CASE("no line upsets the parser", "[chat][quick-add]") {
    const std::vector<std::string> pieces{
        "every",      "every!",  "remind",  "me",      "until",     "in",
        "on",         "by",      "at",      "the",     "end",       "of",
        "month",      "week",    "day",     "days",    "3",         "3d",
        "999y",       "1h",      "before",  "friday",  "sat",       "fri,",
        "jan",        "5",       "5th",     "31.4.",   "feb",       "30",
        "2027",       "5pm",     "7:30",    "noon",    "tonight",   "next",
        "this",       "last",    "first",   "second",  "other",     "and",
        "#home",      "!high",   "//",      "\"",      "\"x\"",     "\\today",
        "😀",          "дом",     "\n",      "-",       "today",     "daily",
        "eom",        "for",     "to",      "half",    "an",        "hour",
        "quarter",    "year",    "weekday", "2nd",     "starting",  "2027-01-05T14:00Z",
        "2027-01-05", "evening", "night",   "morning", "due",       "@",
        "midnight",   "a",       "12am",    ",",       "9998-12-31"};
    const std::pair<const char*, const char*> places[] = {
        {"2026-11-23T10:00:00+01:00", "Europe/Berlin"},  {"2027-03-28T00:59:30Z", "Europe/Berlin"},
        {"2027-10-31T00:30:00Z", "Europe/Berlin"},       {"2028-02-29T12:00:00Z", "Pacific/Apia"},
        {"9999-12-31T23:59:59Z", "America/Los_Angeles"}, {"0001-01-01T00:00:00Z", "Asia/Tokyo"}};
    std::mt19937 random(20261123);
    for (int i = 0; i < 6000; ++i) {
        std::string line;
        for (auto words = random() % 9; words-- > 0;) line += pieces[random() % pieces.size()] + " ";
        const auto& [now, zone] = places[random() % std::size(places)];
        check_sound(line, *parse_rfc3339(now), zone);
    }
}

TEST_CASE("a line with errors becomes no task and says why in words", "[chat][quick-add]") {
    const auto why = [](const std::string& line) {
        const auto task = to_task(quick_add(line, monday, berlin), line);
        REQUIRE_FALSE(task.has_value());
        return task.error().fields.at(0).message;
    };
    CHECK(why("Pay feb 30") == "\"feb 30\" does not exist.");
    CHECK(why("Pills every hour") == "Nothing repeats more often than daily.");
    CHECK(why("tomorrow").find("title") != std::string::npos);
    CHECK(why("Call remind 1h before").find("Add a due time") != std::string::npos);
    const auto task = to_task(quick_add("Pay rent tomorrow 9am every month !high #home // now", monday, berlin), "");
    REQUIRE(task.has_value());
    CHECK(task->title == "Pay rent");
    CHECK(task->priority == task::Priority::high);
    CHECK(task->tags == std::vector<std::string>{"home"});
    CHECK(task->description == "now");
    CHECK(task->recurrence->rule == Frequency::monthly);
}
