// Bodies of POST, PUT and PATCH: shape and range of each field. What depends on other fields or the clock is in
// rules.cpp.
#include "validation.hpp"

#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "tag/tag.hpp"
#include "wire.hpp"

namespace carillon::task {
namespace {

constexpr json::TextRule title_rule{1, 200, false, true};
constexpr json::TextRule description_rule{0, 10'000, true, true};
constexpr std::size_t max_tags = 10;
constexpr std::string_view read_only[] = {"id",           "created_at", "updated_at",
                                          "completed_at", "version",    "parent_task_id"};

void refuse_read_only(json::Fields& fields) {
    for (const auto name : read_only) {
        if (fields.has(name)) fields.error(name, "is read-only");
        fields.ignore(name);
    }
}

std::optional<Priority> read_priority(json::Fields& fields) {
    const auto name = fields.choice("priority", {"low", "medium", "high"});
    return name ? wire::priority_of(*name) : std::nullopt;
}

std::optional<Recurrence> read_recurrence(json::Fields& fields, const std::string& prefix) {
    const auto* value = fields.value("recurrence");
    if (!value) return std::nullopt;
    auto recurrence = parse_recurrence(*value, prefix.empty() ? "recurrence" : prefix + ".recurrence");
    if (recurrence) return std::move(*recurrence);
    fields.add(recurrence.error().fields);
    return std::nullopt;
}

/// White space only is the same as null.
std::optional<std::string> read_description(json::Fields& fields) {
    auto text = fields.text("description", description_rule);
    return text && text->empty() ? std::nullopt : text;
}

/// The names as kept, each once: `["A","a"]` is one tag.
std::optional<std::vector<std::string>> read_tags(json::Fields& fields) {
    const auto* value = fields.value("tags");
    if (!value) return std::nullopt;
    if (!value->is_array()) {
        fields.error("tags", "must be a list of texts");
        return std::nullopt;
    }
    const auto& given = value->get_array();
    if (given.size() > max_tags) fields.error("tags", "must be at most 10 names");
    std::vector<std::string> names, keys;
    for (std::size_t i = 0; i < given.size() && i < max_tags; ++i) {
        const auto field = "tags." + std::to_string(i);
        if (!given[i].is_string()) {
            fields.error(field, "must be text");
            continue;
        }
        auto name = tag::check_name(std::string_view(given[i].get_string()));
        if (!name) {
            fields.error(field, name.error().detail);
            continue;
        }
        auto key = text::fold(*name);
        if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
        keys.push_back(std::move(key));
        names.push_back(std::move(*name));
    }
    return names;
}

}  // namespace

Result<NewTask> parse_task(const boost::json::object& body, const std::string& prefix, ReadOnly mode) {
    json::Fields fields(body, prefix);
    NewTask task;
    if (mode == ReadOnly::refused) {
        refuse_read_only(fields);
        if (fields.has("status")) fields.error("status", "is not part of create");
    } else {
        for (const auto name : read_only) fields.ignore(name);
    }
    fields.ignore("status");
    fields.required("title");
    task.title = fields.text("title", title_rule).value_or("");
    if (!fields.has_null("description")) task.description = read_description(fields);
    task.priority = read_priority(fields).value_or(Priority::medium);
    if (!fields.has_null("due_date")) task.due_date = fields.instant("due_date");
    task.all_day = fields.boolean("all_day").value_or(false);
    if (!fields.has_null("reminder_at")) task.reminder_at = fields.instant("reminder_at");
    task.remind = fields.boolean("remind").value_or(true);
    if (!fields.has_null("recurrence")) task.recurrence = read_recurrence(fields, prefix);
    task.tags = read_tags(fields).value_or(std::vector<std::string>{});
    if (auto sound = fields.finish(); !sound) return sound.error();
    return task;
}

Result<NewTask> parse_new_task(const boost::json::object& body, std::string prefix) {
    return parse_task(body, prefix, ReadOnly::refused);
}

Result<TaskPatch> parse_task_patch(const boost::json::object& body, std::string prefix) {
    json::Fields fields(body, prefix);
    TaskPatch patch;
    refuse_read_only(fields);
    patch.title = fields.text("title", title_rule);
    if (fields.has_null("description"))
        patch.description.emplace();
    else if (fields.value("description"))
        patch.description = read_description(fields);
    if (const auto status = fields.choice("status", {"active", "completed"})) {
        patch.status = *status == "active" ? Status::active : Status::completed;
    }
    patch.priority = read_priority(fields);
    if (fields.has_null("due_date"))
        patch.due_date.emplace();
    else if (const auto time = fields.instant("due_date"))
        patch.due_date = time;
    patch.all_day = fields.boolean("all_day");
    if (fields.has_null("reminder_at"))
        patch.reminder_at.emplace();
    else if (const auto time = fields.instant("reminder_at"))
        patch.reminder_at = time;
    patch.remind = fields.boolean("remind");
    if (fields.has_null("recurrence"))
        patch.recurrence.emplace();
    else if (auto recurrence = read_recurrence(fields, prefix))
        patch.recurrence = std::move(recurrence);
    patch.tags = read_tags(fields);
    if (auto sound = fields.finish(); !sound) return sound.error();
    return patch;
}

}  // namespace carillon::task
