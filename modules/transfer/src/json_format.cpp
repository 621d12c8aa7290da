// Carillon's own export: {"carillon":1,"tasks":[{"uid","stamp",…the Todo's own fields}]}.
#include "carillon/json.hpp"
#include "formats.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace carillon::transfer {

namespace {

namespace bj = boost::json;

constexpr std::string_view own_fields[] = {"uid", "stamp", "status", "completed_at"};

std::optional<Time> instant(const bj::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    return found && found->is_string() ? parse_rfc3339(found->get_string()) : std::nullopt;
}

/// `number` counts the tasks: the entries of an export lie on no lines of their own.
std::optional<Entry> read_task(const bj::value& value, int number, std::vector<Problem>& problems) {
    const auto refuse = [&](std::string why) {
        problems.push_back({number, std::move(why)});
        return std::nullopt;
    };
    const auto* object = value.if_object();
    if (object == nullptr) return refuse("is no task");
    const auto* uid = object->if_contains("uid");
    if (uid == nullptr || !uid->is_string() || uid->get_string().empty()) return refuse("has no uid");
    bj::object fields;
    for (const auto& [name, field] : *object) {
        const bool own = std::find(std::begin(own_fields), std::end(own_fields), name) != std::end(own_fields);
        // An absent field and a null one mean the same in an export.
        if (!own && !field.is_null()) fields.emplace(name, field);
    }
    auto task = task::parse_new_task(fields);
    if (!task) {
        std::string why;
        for (const auto& e : task.error().fields) why += (why.empty() ? "" : "; ") + e.field + " " + e.message;
        return refuse(why.empty() ? task.error().detail : why);
    }
    Entry entry;
    entry.line = number;
    entry.key = std::string(uid->get_string());
    entry.task = std::move(*task);
    entry.completed_at = instant(*object, "completed_at");
    entry.completed = entry.completed_at.has_value();
    entry.stamp = instant(*object, "stamp");
    return entry;
}

}  // namespace

Parsed read_json(std::string_view bytes) {
    Parsed parsed;
    const auto document = json::parse(bytes);
    const auto* tasks = document && document->is_object() ? document->get_object().if_contains("tasks") : nullptr;
    if (tasks == nullptr || !tasks->is_array()) {
        parsed.problems.push_back({1, document ? "it is no export of Carillon" : document.error().detail});
        return parsed;
    }
    int number = 0;
    for (const auto& task : tasks->get_array())
        if (auto entry = read_task(task, ++number, parsed.problems)) parsed.entries.push_back(std::move(*entry));
    return parsed;
}

std::string write_json(const std::vector<task::Todo>& todos) {
    std::string out = "{\"carillon\":1,\"tasks\":[";
    for (const auto& todo : todos) {
        auto object = bj::parse(task::to_json(todo)).as_object();
        bj::object task{{"uid", uid_of(todo)}, {"stamp", format_rfc3339(stamp_of(todo))}};
        for (auto& [name, value] : object)
            if (name != "id" && name != "version" && name != "created_at" && name != "updated_at" &&
                name != "parent_task_id")
                task.emplace(name, value);
        out += (&todo == &todos.front() ? "\n" : ",\n") + bj::serialize(task);
    }
    return out + "\n]}\n";
}

}  // namespace carillon::transfer
