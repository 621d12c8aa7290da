#include "wire.hpp"

#include "carillon/json.hpp"

#include <boost/json/serialize.hpp>

namespace carillon::task {
namespace wire {

std::string_view name_of(Status status) { return status == Status::active ? "active" : "completed"; }

std::string_view name_of(Priority priority) {
    switch (priority) {
        case Priority::low:
            return "low";
        case Priority::medium:
            return "medium";
        case Priority::high:
            return "high";
    }
    return "medium";
}

std::optional<Priority> priority_of(std::string_view name) {
    if (name == "low") return Priority::low;
    if (name == "medium") return Priority::medium;
    if (name == "high") return Priority::high;
    return std::nullopt;
}

void append(std::string& out, Time time) { out.append("\"").append(format_rfc3339(time)).append("\""); }

void append(std::string& out, const std::optional<Time>& time) {
    if (time)
        append(out, *time);
    else
        out += null;
}

void append(std::string& out, const std::optional<std::string>& text) {
    if (text)
        json::append_string(out, *text);
    else
        out += null;
}

void append(std::string& out, const std::optional<std::int64_t>& number) {
    if (number)
        out += std::to_string(*number);
    else
        out += null;
}

void append(std::string& out, bool value) { out += value ? "true" : "false"; }

void append(std::string& out, const std::vector<std::string>& texts) {
    out += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
        if (i) out += ',';
        json::append_string(out, texts[i]);
    }
    out += ']';
}

void append(std::string& out, const std::optional<Recurrence>& recurrence) {
    if (recurrence)
        out += boost::json::serialize(to_json(*recurrence));
    else
        out += null;
}

}  // namespace wire

std::string to_json(const Todo& todo) {
    std::string out;
    out.reserve(420 + todo.title.size() + (todo.description ? todo.description->size() : 0));
    out.append("{\"id\":").append(std::to_string(todo.id)).append(",\"title\":");
    json::append_string(out, todo.title);
    wire::append(out += ",\"description\":", todo.description);
    out.append(",\"status\":\"").append(wire::name_of(todo.status));
    out.append("\",\"priority\":\"").append(wire::name_of(todo.priority));
    wire::append(out += "\",\"due_date\":", todo.due_date);
    wire::append(out += ",\"all_day\":", todo.all_day);
    wire::append(out += ",\"reminder_at\":", todo.reminder_at);
    wire::append(out += ",\"remind\":", todo.remind);
    wire::append(out += ",\"recurrence\":", todo.recurrence);
    wire::append(out += ",\"tags\":", todo.tags);
    wire::append(out += ",\"parent_task_id\":", todo.parent_task_id);
    wire::append(out += ",\"created_at\":", todo.created_at);
    wire::append(out += ",\"updated_at\":", todo.updated_at);
    wire::append(out += ",\"completed_at\":", todo.completed_at);
    out.append(",\"version\":").append(std::to_string(todo.version)).append("}");
    return out;
}

Result<Todo> todo_from_json(const boost::json::object& object) {
    json::Fields fields(object);
    const auto time = [&fields](std::string_view name) -> std::optional<Time> {
        return fields.has_null(name) ? std::nullopt : fields.instant(name);
    };
    const auto number = [&fields](std::string_view name) -> std::optional<std::int64_t> {
        return fields.has_null(name) ? std::nullopt : fields.integer(name, 1, INT64_MAX);
    };
    Todo todo;
    for (const auto* name :
         {"id", "title", "status", "priority", "all_day", "remind", "tags", "created_at", "updated_at", "version"}) {
        fields.required(name);
    }
    const json::TextRule as_stored{0, 0, true, false};
    todo.id = number("id").value_or(0);
    todo.title = fields.text("title", as_stored).value_or("");
    if (!fields.has_null("description")) todo.description = fields.text("description", as_stored);
    todo.status = fields.choice("status", {"active", "completed"}) == "completed" ? Status::completed : Status::active;
    todo.priority =
        wire::priority_of(fields.choice("priority", {"low", "medium", "high"}).value_or("")).value_or(Priority::medium);
    todo.due_date = time("due_date");
    todo.all_day = fields.boolean("all_day").value_or(false);
    todo.reminder_at = time("reminder_at");
    todo.remind = fields.boolean("remind").value_or(true);
    if (!fields.has_null("recurrence")) {
        if (const auto* value = fields.value("recurrence")) {
            auto recurrence = parse_recurrence(*value);
            if (recurrence)
                todo.recurrence = std::move(*recurrence);
            else
                fields.add(recurrence.error().fields);
        }
    }
    if (const auto* tags = fields.value("tags"); tags && tags->is_array()) {
        for (const auto& tag : tags->get_array()) {
            if (tag.is_string())
                todo.tags.emplace_back(tag.get_string());
            else
                fields.error("tags", "must be texts");
        }
    }
    todo.parent_task_id = number("parent_task_id");
    todo.created_at = time("created_at").value_or(Time{});
    todo.updated_at = time("updated_at").value_or(Time{});
    todo.completed_at = time("completed_at");
    todo.version = number("version").value_or(1);
    if (auto sound = fields.finish(); !sound) return sound.error();
    return todo;
}

}  // namespace carillon::task
