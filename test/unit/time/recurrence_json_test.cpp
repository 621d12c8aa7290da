#include "support.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <algorithm>

using namespace carillon;

namespace {

Result<Recurrence> parse(const std::string& text) { return parse_recurrence(boost::json::parse(text)); }

/// The wrong fields in order, separated by spaces; empty when it is taken.
std::string wrong(const std::string& text) {
    const auto result = parse(text);
    if (result) return {};
    CHECK(result.error().code == Errc::invalid);
    std::vector<std::string> fields;
    for (const auto& f : result.error().fields) {
        CHECK_FALSE(f.message.empty());
        fields.push_back(f.field);
    }
    std::sort(fields.begin(), fields.end());
    std::string out;
    for (const auto& f : fields) out += (out.empty() ? "" : " ") + f;
    return out;
}

std::string wrong_rrule(const std::string& rrule) {
    boost::json::object json;
    json["rrule"] = rrule;
    const auto result = parse_recurrence(json);
    if (result) return {};
    REQUIRE(result.error().fields.size() == 1);
    CHECK(result.error().fields[0].field == "recurrence.rrule");
    return result.error().fields[0].message;
}

}  // namespace

namespace carillon {
// Result has no checked value() for an Error on purpose; here a wrong one fails the test.
template <class T>
T value_or_fail(Result<T> result) {
    REQUIRE(result.has_value());
    return std::move(*result);
}
}  // namespace carillon

TEST_CASE("a simple recurrence is read with its defaults and written with all its keys") {
    const auto daily = value_or_fail(parse(R"({"rule":"daily"})"));
    CHECK(daily == every(Frequency::daily));
    CHECK(
        boost::json::serialize(to_json(daily)) ==
        R"({"rule":"daily","interval":1,"end_date":null,"count":null,"by_weekday":null,"by_month_day":null,"anchor":"due","catch_up":false,"timezone":null})");
    CHECK(boost::json::serialize(to_json(value_or_fail(parse(R"({"rrule":"FREQ=DAILY"})")))) ==
          R"({"rrule":"FREQ=DAILY","end_date":null,"count":null,"anchor":"due","catch_up":false,"timezone":null})");
}

TEST_CASE("what was written is read back the same") {
    const auto text = GENERATE(
        as<std::string>{}, R"({"rule":"daily"})",
        R"({"rule":"weekly","interval":2,"by_weekday":["mo","we"],"count":10,"catch_up":true,"timezone":"Europe/Berlin"})",
        R"({"rule":"monthly","by_weekday":["-1fr","2tu"],"end_date":"2030-12-31","anchor":"completion"})",
        R"({"rule":"monthly","interval":1000,"by_month_day":[1,15,-1],"count":100000})",
        R"({"rule":"yearly","by_month_day":[-1],"end_date":"0001-01-01"})",
        R"({"rrule":"FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1","count":3,"end_date":"9999-12-31","anchor":"completion","catch_up":true,"timezone":"Asia/Kathmandu"})",
        R"({"rule":"daily","interval":null,"end_date":null,"count":null,"by_weekday":null,"by_month_day":null,"anchor":null,"catch_up":null,"timezone":null,"rrule":null})",
        R"({"rrule":"freq=daily","rule":null,"interval":null,"by_weekday":null,"by_month_day":null})");
    const auto first = value_or_fail(parse(text));
    const auto json = to_json(first);
    CHECK(value_or_fail(parse_recurrence(json)) == first);
    CHECK(to_json(value_or_fail(parse_recurrence(json))) == json);
}

TEST_CASE("weekdays and month days are written one way, each once") {
    const auto r =
        value_or_fail(parse(R"({"rule":"monthly","by_weekday":["MO","mo","+1fr","1FR"],"by_month_day":[1,1,31,-1]})"));
    CHECK(r.by_weekday == std::vector<std::string>{"mo", "1fr"});
    CHECK(r.by_month_day == std::vector<int>{1, 31, -1});
    CHECK(value_or_fail(parse(R"({"rule":"weekly","by_weekday":[]})")).by_weekday.empty());
}

TEST_CASE("every wrong field of a simple recurrence is named, and all of them at once") {
    for (const auto* json : {"null", "1", "\"daily\"", "[]", "true"}) CHECK(wrong(json) == "recurrence");
    CHECK(wrong("{}") == "recurrence.rule");
    CHECK(wrong(R"({"rule":null})") == "recurrence.rule");
    for (const auto* rule :
         {"\"\"", "\" \"", "\"hourly\"", "\"Daily\"", "\"daily\\u0000\"", "1", "true", "[]", "{}", "1e12"})
        CHECK(wrong(std::string(R"({"rule":)") + rule + "}") == "recurrence.rule");
    for (const auto* n :
         {"0", "-1", "1001", "1000000000000", "1.5", "1.0", "\"1\"", "true", "[]", "18446744073709551615"})
        CHECK(wrong(std::string(R"({"rule":"daily","interval":)") + n + "}") == "recurrence.interval");
    for (const auto* n : {"0", "-1", "100001", "1000000000000", "1.5", "\"1\"", "false", "{}"})
        CHECK(wrong(std::string(R"({"rule":"daily","count":)") + n + "}") == "recurrence.count");
    for (const auto* d : {"\"\"", "\"2027\"", "\"2027-02-29\"", "\"2027-2-1\"", "\"0000-01-01\"", "\"10000-01-01\"",
                          "\"2027-01-01T00:00:00Z\"", "\"tomorrow\"", "20270101", "true", "\"2027-01-0\\u0000\""})
        CHECK(wrong(std::string(R"({"rule":"daily","end_date":)") + d + "}") == "recurrence.end_date");
    for (const auto* w : {"\"mo\"", "[\"\"]", "[\"monday\"]", "[1]", "[null]", "[\"0mo\"]", "[\"6mo\"]", "[\"-6mo\"]",
                          "[\"--1mo\"]", "[\"+-1mo\"]", "[\"1 mo\"]", "[\"mo \"]", "{}", "7", "[\"99999999999mo\"]"})
        CHECK(wrong(std::string(R"({"rule":"monthly","by_weekday":)") + w + "}") == "recurrence.by_weekday");
    for (const auto* d : {"1", "[0]", "[32]", "[-32]", "[\"1\"]", "[1.5]", "[null]", "[1000000000000]", "{}", "\"\""})
        CHECK(wrong(std::string(R"({"rule":"monthly","by_month_day":)") + d + "}") == "recurrence.by_month_day");
    for (const auto* a : {"\"\"", "\"Due\"", "1", "[]"})
        CHECK(wrong(std::string(R"({"rule":"daily","anchor":)") + a + "}") == "recurrence.anchor");
    for (const auto* c : {"0", "\"true\"", "[]"})
        CHECK(wrong(std::string(R"({"rule":"daily","catch_up":)") + c + "}") == "recurrence.catch_up");
    for (const auto* z : {"\"\"", "\"CET\"", "\"+01:00\"", "\"Mars/Olympus\"", "\"europe/berlin\"", "1", "[]",
                          "\"../../etc/passwd\"", "\"UTC\\u0000\""})
        CHECK(wrong(std::string(R"({"rule":"daily","timezone":)") + z + "}") == "recurrence.timezone");
    CHECK(wrong(R"({"rule":"daily","colour":"red"})") == "recurrence.colour");
    CHECK(
        wrong(
            R"({"rule":"hourly","interval":0,"count":0,"end_date":"x","by_weekday":["x"],"by_month_day":[0],"anchor":"x","catch_up":1,"timezone":"x","x":1})") ==
        "recurrence.anchor recurrence.by_month_day recurrence.by_weekday recurrence.catch_up recurrence.count "
        "recurrence.end_date "
        "recurrence.interval recurrence.rule recurrence.timezone recurrence.x");
    CHECK(wrong(R"({"rule":"daily","by_weekday":[)" + std::string(R"("mo",)") + "\"" + std::string(200'000, 'x') +
                "\"]}") == "recurrence.by_weekday");
}

TEST_CASE("fields that do not go together are refused") {
    CHECK(wrong(R"({"rule":"weekly","by_weekday":["1mo"]})") == "recurrence.by_weekday");
    CHECK(wrong(R"({"rule":"daily","by_weekday":["-1mo"]})") == "recurrence.by_weekday");
    CHECK(wrong(R"({"rule":"weekly","by_month_day":[1]})") == "recurrence.by_month_day");
    CHECK(wrong(R"({"rule":"daily","by_month_day":[1]})") == "recurrence.by_month_day");
    CHECK(wrong(R"({"rule":"monthly","by_weekday":["1mo"],"by_month_day":[20]})") == "recurrence.by_weekday");  // never
    CHECK(wrong(R"({"rule":"monthly","by_weekday":["fr"],"by_month_day":[13]})").empty());
    CHECK(wrong(R"({"rule":"daily","rrule":"FREQ=DAILY"})") == "recurrence.rrule");
    CHECK(wrong(R"({"rrule":"FREQ=DAILY","interval":2,"by_weekday":["mo"],"by_month_day":[1]})") ==
          "recurrence.by_month_day recurrence.by_weekday recurrence.interval");
    CHECK(wrong(R"({"rrule":7})") == "recurrence.rrule");
    CHECK(wrong(R"({"rrule":""})") == "recurrence.rrule");
}

TEST_CASE("the prefix names where the recurrence is") {
    const auto result = parse_recurrence(boost::json::parse(R"({"rule":"x"})"), "commands.2.todo.recurrence");
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().fields[0].field == "commands.2.todo.recurrence.rule");
}

TEST_CASE("an rrule in whole days is taken") {
    const auto rule = GENERATE(
        as<std::string>{}, "FREQ=DAILY", "freq=daily;interval=2", "INTERVAL=1000;FREQ=YEARLY",
        "FREQ=DAILY;UNTIL=20271231", "FREQ=DAILY;UNTIL=20271231T235959Z", "FREQ=DAILY;UNTIL=20271231T235959",
        "FREQ=DAILY;COUNT=100000", "FREQ=MONTHLY;BYDAY=+1MO,-5FR", "FREQ=YEARLY;BYDAY=53MO",
        "FREQ=YEARLY;BYWEEKNO=-53,53;BYDAY=SU;WKST=SU", "FREQ=YEARLY;BYYEARDAY=366",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYMONTHDAY=-31",
        "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1", "RSCALE=GREGORIAN;SKIP=BACKWARD;FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
    CAPTURE(rule);
    CHECK(wrong_rrule(rule).empty());
}

TEST_CASE("any other rrule is refused in plain words") {
    const auto rule = GENERATE(
        as<std::string>{}, "", " ", ";", "DAILY", "FREQ", "FREQ=", "=", "FREQ=DAILY;", ";FREQ=DAILY",
        "FREQ=DAILY;;COUNT=1", "RRULE:FREQ=DAILY", "FREQ=DAILY;FREQ=DAILY", "FREQ=FORTNIGHTLY", "FREQ=DAILY,WEEKLY",
        " FREQ=DAILY", "FREQ=DAILY;X-COLOUR=RED", "COUNT=3", "INTERVAL=2", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1001", "FREQ=DAILY;INTERVAL=65537", "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;INTERVAL=1 ", "FREQ=DAILY;INTERVAL=99999999999999999999", "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=100001", "FREQ=DAILY;COUNT=3;UNTIL=20270101", "FREQ=DAILY;UNTIL=2027-01-01",
        "FREQ=DAILY;UNTIL=20270230", "FREQ=DAILY;UNTIL=00000101", "FREQ=DAILY;UNTIL=20270101Z",
        "FREQ=DAILY;UNTIL=20270101T240000Z", "FREQ=DAILY;UNTIL=20270101T0000", "FREQ=DAILY;UNTIL=Z",
        "FREQ=DAILY;BYHOUR=9", "FREQ=DAILY;BYHOUR=9,17", "FREQ=DAILY;BYMINUTE=0", "FREQ=DAILY;BYSECOND=0",
        "FREQ=DAILY;BYDAY=1MO", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=DAILY;BYYEARDAY=1",
        "FREQ=WEEKLY;BYYEARDAY=1", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=MONTHLY;BYWEEKNO=1", "FREQ=DAILY;BYWEEKNO=1",
        "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "FREQ=YEARLY;BYWEEKNO=0", "FREQ=YEARLY;BYWEEKNO=54",
        "FREQ=YEARLY;BYYEARDAY=367", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=1,", "FREQ=MONTHLY;BYMONTHDAY=,1", "FREQ=YEARLY;BYMONTH=13", "FREQ=YEARLY;BYMONTH=-1",
        "FREQ=YEARLY;BYMONTH=5L", "FREQ=MONTHLY;BYDAY=XX", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=", "FREQ=MONTHLY;BYDAY=MO,", "FREQ=MONTHLY;BYSETPOS=1", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "FREQ=DAILY;WKST=1MO", "FREQ=DAILY;WKST=X", "SKIP=BACKWARD;FREQ=MONTHLY",
        "RSCALE=HEBREW;FREQ=MONTHLY", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=FORWARD",
        "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L", "FREQ=DÄGLICH", "ＦREQ=DAILY");
    CAPTURE(rule);
    CHECK_FALSE(wrong_rrule(rule).empty());
}

TEST_CASE("an rrule with a NUL or of great length is refused") {
    CHECK_FALSE(wrong_rrule(std::string("FREQ=DAILY\0", 11)).empty());
    CHECK_FALSE(wrong_rrule("FREQ=DAILY;BYMONTH=" + std::string(1'000'000, '1')).empty());
    CHECK_FALSE(wrong_rrule(std::string(1'000'000, ';')).empty());
}

TEST_CASE("nothing repeats more often than daily, and the answer says so") {
    for (const auto* rule : {"FREQ=HOURLY", "FREQ=MINUTELY;INTERVAL=2000", "freq=secondly"})
        CHECK(wrong_rrule(rule) == "must not repeat more often than daily");
    const auto hourly = parse(R"({"rule":"hourly"})");
    REQUIRE_FALSE(hourly.has_value());
    CHECK(hourly.error().fields[0].message.find("more often than daily") != std::string::npos);
}

TEST_CASE("a rule that never occurs is refused") {
    for (const auto* rule :
         {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=2,4;BYMONTHDAY=31",
          "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=2", "FREQ=MONTHLY;BYDAY=6MO",
          "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=3", "FREQ=DAILY;BYDAY=MO;BYSETPOS=2",
          "FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1;BYDAY=MO", "FREQ=DAILY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=30"})
        CHECK(wrong_rrule(rule) == "never occurs");
}
