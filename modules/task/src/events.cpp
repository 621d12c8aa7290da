#include "events.hpp"

#include "carillon/json.hpp"
#include "wire.hpp"

namespace carillon::task::events {
namespace {

std::string head(const Todo& todo, std::size_t more) {
    std::string out;
    out.reserve(more + 256);
    out.append("{\"taskId\":")
        .append(std::to_string(todo.id))
        .append(",\"userId\":\"")
        .append(todo.user_id)
        .append("\"");
    return out;
}

void append(std::string& out, const std::optional<Time>& time) {
    if (time)
        out += std::to_string(to_unix_seconds(*time));
    else
        out += wire::null;
}

/// `{rule, interval, endDate}` as consumers know it; all of it is in `todo`.
void append(std::string& out, const std::optional<Recurrence>& recurrence) {
    if (!recurrence) {
        out += wire::null;
        return;
    }
    static constexpr std::string_view frequencies[] = {"daily", "weekly", "monthly", "yearly"};
    out += "{\"rule\":";
    json::append_string(
        out, recurrence->rule ? frequencies[static_cast<int>(*recurrence->rule)] : recurrence->rrule.value_or(""));
    out.append(",\"interval\":").append(std::to_string(recurrence->interval)).append(",\"endDate\":");
    append(out,
           recurrence->end_date ? std::optional<Time>(std::chrono::sys_days(*recurrence->end_date)) : std::nullopt);
    out += '}';
}

template <class T>
void append(std::string& out, const T& value) {
    wire::append(out, value);
}

template <class T>
void append_member(std::string& out, std::string_view name, const T& value) {
    append(out.append(",\"").append(name).append("\":"), value);
}

std::string close(std::string out, std::string_view body) {
    out.append(",\"todo\":").append(body).append("}");
    return out;
}

class Changes {
public:
    template <class T>
    void add(std::string_view field, const T& before, const T& after) {
        if (before == after) return;
        out_.append(out_.size() > 1 ? ",\"" : "\"").append(field).append("\":{\"old\":");
        append(out_, before);
        append(out_ += ",\"new\":", after);
        out_ += '}';
    }
    std::string take() { return std::move(out_ += '}'); }

private:
    std::string out_ = "{";
};

}  // namespace

std::string created(const Todo& todo, std::string_view body) {
    auto out = head(todo, 2 * body.size());
    json::append_string(out += ",\"title\":", todo.title);
    append_member(out, "description", todo.description);
    out.append(",\"status\":\"").append(wire::name_of(todo.status));
    out.append("\",\"priority\":\"").append(wire::name_of(todo.priority)).append("\"");
    append_member(out, "dueDate", todo.due_date);
    append_member(out, "reminderAt", todo.reminder_at);
    append_member(out, "recurrence", todo.recurrence);
    append_member(out, "tags", todo.tags);
    append_member(out, "parentTaskId", todo.parent_task_id);
    append_member(out, "createdAt", std::optional<Time>(todo.created_at));
    return close(std::move(out), body);
}

std::string updated(const Todo& todo, std::string_view changes, std::string_view body) {
    auto out = head(todo, changes.size() + body.size());
    out.append(",\"changes\":").append(changes);
    append_member(out, "updatedAt", std::optional<Time>(todo.updated_at));
    return close(std::move(out), body);
}

std::string completed(const Todo& todo, std::string_view body) {
    auto out = head(todo, body.size());
    append_member(out, "isRecurring", todo.recurrence.has_value());
    append_member(out, "recurrence", todo.recurrence);
    append_member(out, "completedAt", todo.completed_at);
    return close(std::move(out), body);
}

std::string deleted(const Todo& todo) {
    auto out = head(todo, 0);
    append_member(out, "deletedAt", todo.deleted_at);
    return close(std::move(out), wire::null);
}

std::string restored(const Todo& todo, std::string_view body) {
    auto out = head(todo, body.size());
    append_member(out, "restoredAt", std::optional<Time>(todo.updated_at));
    return close(std::move(out), body);
}

std::string diff(const Todo& before, const Todo& after) {
    Changes changes;
    changes.add("title", std::optional(before.title), std::optional(after.title));
    changes.add("description", before.description, after.description);
    changes.add("status", std::optional(std::string(wire::name_of(before.status))),
                std::optional(std::string(wire::name_of(after.status))));
    changes.add("priority", std::optional(std::string(wire::name_of(before.priority))),
                std::optional(std::string(wire::name_of(after.priority))));
    changes.add("dueDate", before.due_date, after.due_date);
    changes.add("allDay", before.all_day, after.all_day);
    changes.add("reminderAt", before.reminder_at, after.reminder_at);
    changes.add("remind", before.remind, after.remind);
    changes.add("recurrence", before.recurrence, after.recurrence);
    changes.add("tags", before.tags, after.tags);
    changes.add("completedAt", before.completed_at, after.completed_at);
    return changes.take();
}

}  // namespace carillon::task::events
