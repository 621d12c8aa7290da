#include "carillon/events/event.hpp"

#include "carillon/json.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>

namespace carillon {
namespace {

constexpr std::string_view event_source = "/carillon/tasks";

void append_attribute(std::string& out, std::string_view name, std::string_view value) {
    out += '"';
    out += name;
    out += "\":";
    json::append_string(out, value);
    out += ',';
}

/// The index after the JSON string that starts at `i`.
std::size_t skip_string(std::string_view text, std::size_t i) {
    for (++i; text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
    }
    return i + 1;
}

/// The index after the JSON value that starts at `i`.
std::size_t skip_value(std::string_view text, std::size_t i) {
    int depth = 0;
    for (; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') {
            i = skip_string(text, i) - 1;
        } else if (c == '{' || c == '[') {
            ++depth;
        } else if (c == '}' || c == ']') {
            if (depth-- == 0) return i;
        } else if (c == ',' && depth == 0) {
            return i;
        }
    }
    return i;
}

/// The bytes of a member's value, which a parser would not keep. `object` is valid JSON.
std::optional<std::string_view> raw_member(std::string_view object, std::string_view name) {
    constexpr std::string_view space = " \t\r\n";
    for (std::size_t i = object.find('"'); i < object.size(); i = object.find('"', i)) {
        const std::size_t key_end = skip_string(object, i);
        const auto key = object.substr(i + 1, key_end - i - 2);
        const std::size_t start = object.find_first_not_of(space, object.find(':', key_end) + 1);
        const std::size_t end = skip_value(object, start);
        if (key == name) {
            const auto value = object.substr(start, end - start);
            return value.substr(0, value.find_last_not_of(space) + 1);
        }
        i = end;
    }
    return std::nullopt;
}

/// Reads attributes, collecting what is wrong.
class Attributes {
public:
    explicit Attributes(const boost::json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const auto* value = object_.if_contains(name);
        if (value && value->is_string() && !value->get_string().empty()) return std::string(value->get_string());
        wrong(name, "must be a non-empty string");
        return {};
    }
    std::string optional_text(std::string_view name) { return object_.contains(name) ? text(name) : std::string{}; }
    /// A number, or a string of one as CloudEvents' own sequence extension has it.
    std::int64_t integer(std::string_view name) {
        const auto* value = object_.if_contains(name);
        std::int64_t number = 0;
        if (value && value->is_int64()) {
            number = value->get_int64();
        } else if (value && value->is_string()) {
            const auto& s = value->get_string();
            const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), number);
            if (ec != std::errc{} || end != s.data() + s.size()) number = -1;
        } else {
            number = -1;
        }
        if (number < 0) wrong(name, "must be a whole number");
        return number;
    }
    void fixed(std::string_view name, std::string_view expected) {
        const auto* value = object_.if_contains(name);
        if (!value || !value->is_string() || value->get_string() != expected) {
            wrong(name, "must be \"" + std::string(expected) + "\"");
        }
    }
    void wrong(std::string_view name, std::string message) {
        errors_.emplace_back(std::string(name), std::move(message));
    }
    std::vector<FieldError>& errors() { return errors_; }

private:
    const boost::json::object& object_;
    std::vector<FieldError> errors_;
};

}  // namespace

std::string_view topic_of(std::string_view type) {
    return type.starts_with("reminder.") ? reminder_events_topic : task_events_topic;
}

std::string to_cloudevent(const Event& event) {
    std::string out;
    out.reserve(event.data.size() + 420);
    out += R"({"specversion":"1.0",)";
    append_attribute(out, "id", event.id);
    append_attribute(out, "source", event_source);
    append_attribute(out, "type", event.type);
    append_attribute(out, "subject", std::to_string(event.task_id));
    append_attribute(out, "time", format_rfc3339(event.time));
    out += R"("datacontenttype":"application/json",)";
    append_attribute(out, "partitionkey", event.user_id);
    out += R"("sequence":)" + std::to_string(event.sequence) + ',';
    append_attribute(out, "actor", event.actor);
    if (!event.traceparent.empty()) append_attribute(out, "traceparent", event.traceparent);
    out += R"("data":)";
    out += event.data;
    out += '}';
    return out;
}

Result<Event> parse_cloudevent(std::string_view text) {
    auto parsed = json::parse(text);
    if (!parsed) return Error{Errc::invalid, "Not a CloudEvent: " + parsed.error().detail, parsed.error().fields};
    if (!parsed->is_object()) return Error{Errc::invalid, "Not a CloudEvent: a JSON object is expected."};
    const auto& object = parsed->get_object();
    Attributes attributes(object);
    Event event;
    attributes.fixed("specversion", "1.0");
    attributes.fixed("source", event_source);
    if (object.contains("datacontenttype")) attributes.fixed("datacontenttype", "application/json");
    event.id = attributes.text("id");
    event.type = attributes.text("type");
    event.topic = topic_of(event.type);
    event.user_id = attributes.text("partitionkey");
    event.task_id = attributes.integer("subject");
    event.sequence = attributes.integer("sequence");
    event.actor = attributes.optional_text("actor");
    event.traceparent = attributes.optional_text("traceparent");
    if (const auto time = parse_rfc3339(attributes.text("time"))) {
        event.time = *time;
    } else {
        attributes.wrong("time", "must be an RFC 3339 date-time");
    }
    const auto* data = object.if_contains("data");
    if (data && data->is_object()) {
        // An escaped spelling of the key "data" is not found by its bytes; then the value itself must do.
        const auto raw = raw_member(text, "data");
        event.data = raw ? std::string(*raw) : boost::json::serialize(*data);
    } else {
        attributes.wrong("data", "must be an object");
    }
    if (!attributes.errors().empty()) return invalid(std::move(attributes.errors()), "Not a CloudEvent of Carillon.");
    return event;
}

}  // namespace carillon
