#include "carillon/json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <catch2/catch.hpp>

#include <limits>
#include <map>
#include <string>

namespace json = carillon::json;
using carillon::Errc;
using namespace std::string_literals;

namespace {

boost::json::object object(std::string_view text) { return boost::json::parse({text.data(), text.size()}).as_object(); }

std::map<std::string, std::string> messages(const std::vector<carillon::FieldError>& errors) {
    std::map<std::string, std::string> result;
    for (const auto& error : errors) {
        CHECK(result.count(error.field) == 0);
        result[error.field] = error.message;
    }
    return result;
}

std::string nested(std::size_t depth, std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
}

constexpr std::string_view json_type = "application/json";

}  // namespace

TEST_CASE("parse reads what is JSON as boost::json does") {
    for (const auto& text :
         {R"({"a":[1,-2,3.5,true,false,null,"x"],"b":{"c":{}},"ü":"\u00fc\ud83d\udd14"})"s, "[]"s, "\"a\""s, " 12 "s,
          "{}"s, R"({"long":")"s + std::string(5000, 'x') + "\"}", R"([18446744073709551615])"s}) {
        const auto parsed = json::parse(text);
        REQUIRE(parsed.has_value());
        CHECK(boost::json::serialize(*parsed) == boost::json::serialize(boost::json::parse(text)));
    }
}

TEST_CASE("parse refuses what is not JSON") {
    for (const auto& text : {""s,
                             " "s,
                             "{"s,
                             "{\"a\":1"s,
                             "{'a':1}"s,
                             "{\"a\":1,}"s,
                             "[1,]"s,
                             "nul"s,
                             "NaN"s,
                             "Infinity"s,
                             "01"s,
                             "+1"s,
                             "1e999"s,
                             "-1e999"s,
                             "{} {}"s,
                             "1 2"s,
                             "\"a\nb\""s,
                             "// c\n1"s,
                             "\xEF\xBB\xBF{}"s,
                             "\"\xFF\""s,
                             "\"\xED\xA0\x80\""s,
                             "{\"\xC0\xAF\":1}"s,
                             R"("\ud800")"s,
                             R"("\udc00")"s,
                             R"("\ud800\u0041")"s,
                             R"({"\ud83d":1})"s,
                             R"("\x41")"s,
                             "\"\0\""s,
                             "{}\0"s}) {
        CAPTURE(text);
        const auto parsed = json::parse(text);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == Errc::bad_request);
        CHECK_FALSE(parsed.error().detail.empty());
    }
}

TEST_CASE("parse refuses deep nesting") {
    CHECK(json::parse(nested(32, "[", "]")).has_value());
    for (const auto depth : {std::size_t{33}, std::size_t{10'000}, std::size_t{300'000}}) {
        for (const auto& text : {nested(depth, "[", "]"), nested(depth, "{\"a\":", "}"), std::string(depth, '[')}) {
            const auto parsed = json::parse(text);
            REQUIRE_FALSE(parsed.has_value());
            CHECK(parsed.error().code == Errc::bad_request);
        }
    }
}

TEST_CASE("parse names every key that was given twice, by its path") {
    const auto parsed = json::parse(R"({"a":1,"b":[{"x":1},{"c":{"d":1,"d":2}}],"a":{"e":1,"e":2},"\u0061":3})");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == Errc::invalid);
    std::map<std::string, int> fields;
    for (const auto& error : parsed.error().fields) {
        CHECK(error.message == "was given twice");
        ++fields[error.field];
    }
    CHECK(fields == std::map<std::string, int>{{"a", 2}, {"b.1.c.d", 1}, {"a.e", 1}});
    CHECK(json::parse(R"({"a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":2}]})").has_value());
}

TEST_CASE("parse_body wants an object sent as JSON") {
    for (const auto type : {"application/json", "application/merge-patch+json", "Application/JSON; charset=utf-8",
                            "application/json;charset=\"UTF-8\"", "application/json; profile=x"}) {
        CAPTURE(type);
        CHECK(json::parse_body("{}", type).has_value());
    }
    for (const auto type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
                            "application/json; charset=latin1", "multipart/form-data"}) {
        CAPTURE(type);
        const auto parsed = json::parse_body("{}", type);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().code == Errc::unsupported_media);
    }
    for (const auto body : {"[]", "1", "\"a\"", "null", "true"})
        CHECK(json::parse_body(body, json_type).error().code == Errc::invalid);
    CHECK(json::parse_body("", json_type).error().code == Errc::bad_request);
    CHECK(json::parse_body("", "").error().code == Errc::bad_request);
}

TEST_CASE("append_string writes what parses back") {
    for (const auto& text :
         {""s, "plain"s, "quote \" and \\ back"s, "\b\f\n\r\t\x01\x1f\x7f"s, "a\0b"s, "ü日🔔"s, "</script>"s}) {
        std::string out;
        json::append_string(out, text);
        const auto parsed = json::parse(out);
        REQUIRE(parsed.has_value());
        CHECK(std::string(parsed->as_string()) == text);
    }
}

TEST_CASE("Fields::text follows its rule") {
    const json::TextRule title{1, 5};
    const auto read = [&title](const std::string& value, json::TextRule rule) {
        const auto body = object("{\"t\":" + value + "}");
        json::Fields fields(body);
        const auto text = fields.text("t", rule);
        const auto errors = messages(fields.errors());
        CHECK(text.has_value() == errors.empty());
        CHECK(fields.finish().has_value() == errors.empty());
        return text ? *text : "! " + errors.at("t");
    };
    CHECK(read("\"  abc \"", title) == "abc");
    CHECK(read("\"日本語日本\"", title) == "日本語日本");
    CHECK(read("\"日本語日本語\"", title) == "! must be 1 to 5 characters");
    CHECK(read("\"\"", title) == "! must be 1 to 5 characters");
    CHECK(read("\" \\t\\u00a0 \"", {1, 5, true}) == "! must be 1 to 5 characters");
    CHECK(read("\"a\\u0000b\"", title) == "! must not hold control characters");
    CHECK(read("\"a\\nb\"", title) == "! must not hold control characters");
    CHECK(read("\"a\\nb\"", {1, 5, true}) == "a\nb");
    CHECK(read("\"a\\u0000b\"", {1, 5, true}) == "! must not hold control characters");
    for (const auto wrong : {"1", "true", "[]", "{}", "1.5"}) CHECK(read(wrong, title) == "! must be text");
    CHECK(read("null", title) == "! must not be null");
    CHECK(read("\"abcdef\"", {0, 5}) == "! must be at most 5 characters");
    CHECK(read("\"\"", {0, 5}) == "");
    CHECK(read("\" a \"", {1, 5, false, false}) == " a ");
}

TEST_CASE("Fields::integer takes whole numbers in range") {
    const auto read = [](const std::string& value, std::int64_t max = 100) {
        const auto body = object("{\"n\":" + value + "}");
        json::Fields fields(body);
        const auto number = fields.integer("n", 1, max);
        return number ? std::to_string(*number) : "! " + messages(fields.errors()).at("n");
    };
    CHECK(read("1") == "1");
    CHECK(read("100") == "100");
    for (const auto wrong : {"0", "101", "-1", "1000000000000", "9223372036854775807", "18446744073709551615"})
        CHECK(read(wrong) == "! must be 1 to 100");
    for (const auto wrong : {"1.0", "1e1", "1.5", "\"1\"", "true", "[]", "{}", "1e300", "99999999999999999999999"}) {
        CAPTURE(wrong);
        CHECK(read(wrong) == "! must be a whole number");
    }
    CHECK(read("null") == "! must not be null");
    CHECK(read("-5", std::numeric_limits<std::int64_t>::max()) == "! must be at least 1");
}

TEST_CASE("Fields::boolean, instant and choice are strict") {
    const auto body = object(
        R"({"yes":true,"one":1,"word":"true","when":"2027-02-28T08:00:00+02:00","local":"2027-02-28T08:00:00","day":"2027-02-28",
        "year0":"0000-01-01T00:00:00Z","year10000":"10000-01-01T00:00:00Z","number":1700000000,"low":"low","LOW":"LOW","blank":"","two":2})");
    json::Fields fields(body);
    CHECK(fields.boolean("yes") == true);
    CHECK_FALSE(fields.boolean("one").has_value());
    CHECK_FALSE(fields.boolean("word").has_value());
    CHECK_FALSE(fields.boolean("absent").has_value());
    CHECK(carillon::format_rfc3339(fields.instant("when").value()) == "2027-02-28T06:00:00Z");
    for (const auto name : {"local", "day", "year0", "year10000", "number"})
        CHECK_FALSE(fields.instant(name).has_value());
    CHECK(fields.choice("low", {"low", "high"}) == "low");
    for (const auto name : {"LOW", "blank", "two"}) CHECK_FALSE(fields.choice(name, {"low", "high"}).has_value());
    const auto errors = messages(fields.errors());
    CHECK(errors.size() == 10);
    CHECK(errors.at("one") == "must be true or false");
    CHECK(errors.at("local") == "must be a date and time with offset, such as 2027-02-28T08:00:00Z");
    CHECK(errors.at("LOW") == "must be one of: low, high");
}

TEST_CASE("Fields names every wrong field at once, below its prefix") {
    const auto body = object(R"({"title":7,"size":"x","extra":1,"more":null,"none":null})");
    json::Fields fields(body, "commands.2.todo");
    fields.text("title", {1, 200});
    fields.required("title");
    fields.required("missing");
    fields.integer("size", 1, 2);
    CHECK(fields.has_null("none"));
    CHECK_FALSE(fields.has_null("absent"));
    CHECK_FALSE(fields.text("none", {1, 5}).has_value());
    CHECK(fields.has("more"));
    const auto result = fields.finish();
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::invalid);
    const auto errors = messages(result.error().fields);
    CHECK(errors == std::map<std::string, std::string>{{"commands.2.todo.title", "must be text"},
                                                       {"commands.2.todo.missing", "is required"},
                                                       {"commands.2.todo.size", "must be a whole number"},
                                                       {"commands.2.todo.extra", "is not a known field"},
                                                       {"commands.2.todo.more", "is not a known field"}});
}

TEST_CASE("Fields: null is missing for required, and an unknown name is shown in part only") {
    const auto body = object("{\"a\":null,\"" + std::string(5000, 'x') + "\":1}");
    json::Fields fields(body);
    fields.required("a");
    const auto result = fields.finish();
    REQUIRE_FALSE(result.has_value());
    REQUIRE(result.error().fields.size() == 2);
    CHECK(result.error().fields[0].message == "is required");
    CHECK(result.error().fields[1].field.size() < 200);
}
