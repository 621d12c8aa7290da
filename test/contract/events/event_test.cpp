#include "carillon/events/event.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

using namespace carillon;

namespace {

Event sample() {
    Event event;
    event.id = "evt-018f3b5a-0000-7000-8000-000000000001";
    event.type = "task.updated";
    event.topic = task_events_topic;
    event.user_id = "018f3b5a-0000-7000-8000-0000000000aa";
    event.task_id = 42;
    event.sequence = 7;
    event.time = from_micros(1'800'000'000'123'456);
    event.actor = "token:\"x\"";
    event.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    event.data = "{\"taskId\" : 42,\n \"n\":1.50, \"s\":\"}]\\\"é\\u00e9\", \"data\":{\"x\":[{}]} }";
    return event;
}

}  // namespace

TEST_CASE("an event becomes CloudEvents JSON with its data as it is", "[events]") {
    const Event event = sample();
    const std::string text = to_cloudevent(event);
    CHECK(text == to_cloudevent(event));
    CHECK_THAT(text, Catch::EndsWith("\"data\":" + event.data + "}"));
    const auto json = boost::json::parse(text).as_object();
    CHECK(json.at("specversion") == "1.0");
    CHECK(json.at("source") == "/carillon/tasks");
    CHECK(json.at("type") == "task.updated");
    CHECK(json.at("subject") == "42");
    CHECK(json.at("time") == "2027-01-15T08:00:00.123456Z");
    CHECK(json.at("datacontenttype") == "application/json");
    CHECK(json.at("partitionkey") == event.user_id.c_str());
    CHECK(json.at("sequence").as_int64() == 7);
    CHECK(json.at("actor") == event.actor.c_str());
    CHECK(json.at("traceparent") == event.traceparent.c_str());
}

TEST_CASE("a CloudEvent is read back byte for byte", "[events]") {
    Event event = sample();
    if (GENERATE(true, false)) event.traceparent.clear();
    const std::string text = to_cloudevent(event);
    CHECK((text.find("traceparent") == std::string::npos) == event.traceparent.empty());
    const auto read = parse_cloudevent(text);
    REQUIRE(read.has_value());
    CHECK(read->id == event.id);
    CHECK(read->topic == event.topic);
    CHECK(read->task_id == event.task_id);
    CHECK(read->sequence == event.sequence);
    CHECK(read->time == event.time);
    CHECK(read->data == event.data);
    CHECK(to_cloudevent(*read) == text);
}

TEST_CASE("attributes may come in any order, and unknown ones beside them", "[events]") {
    const auto read = parse_cloudevent(
        R"( {"x":[{"data":{}}],"data" : {"a":"}"} ,"sequence":"12","type":"reminder.triggered","time":"2027-01-15T09:00:00+01:00",
        "partitionkey":"u","subject":"3","source":"/carillon/tasks","specversion":"1.0","id":"evt-1"} )");
    REQUIRE(read.has_value());
    CHECK(read->data == R"({"a":"}"})");
    CHECK(read->sequence == 12);
    CHECK(read->topic == reminder_events_topic);
    CHECK(format_rfc3339(read->time) == "2027-01-15T08:00:00Z");
    const auto escaped = parse_cloudevent(
        R"({"specversion":"1.0","id":"evt-1","source":"/carillon/tasks","type":"task.created","subject":"3",)"
        R"("time":"2027-01-15T08:00:00Z","partitionkey":"u","sequence":1,"d\u0061ta":{"a":1}})");
    REQUIRE(escaped.has_value());
    CHECK(escaped->data == R"({"a":1})");
}

TEST_CASE("what is no event of Carillon is refused with every wrong attribute", "[events]") {
    for (const char* text : {"", "nonsense", "[]", "\"x\"", "{\"id\":1,\"id\":1}"}) {
        const auto read = parse_cloudevent(text);
        REQUIRE(read.has_error());
        CHECK(read.error().code == Errc::invalid);
    }
    const auto read =
        parse_cloudevent(R"({"specversion":"0.3","id":"","source":"/elsewhere","type":7,"subject":"x","time":"today",
        "partitionkey":null,"sequence":-1,"actor":5,"datacontenttype":"text/plain","data":"text"})");
    REQUIRE(read.has_error());
    std::vector<std::string> wrong;
    for (const auto& field : read.error().fields) wrong.push_back(field.field);
    const std::vector<std::string> expected{"actor",    "data",   "datacontenttype", "id",      "partitionkey",
                                            "sequence", "source", "specversion",     "subject", "time",
                                            "type"};
    std::sort(wrong.begin(), wrong.end());
    CHECK(wrong == expected);
}
