#include "answer.hpp"

#include "carillon/time/zone.hpp"
#include "line.hpp"

#include <fmt/format.h>

namespace carillon::chat {
namespace {

using namespace std::chrono;

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::due:
            return "due";
        case Kind::recurrence:
            return "recurrence";
        case Kind::reminder:
            return "reminder";
        case Kind::priority:
            return "priority";
        case Kind::tag:
            return "tag";
        case Kind::description:
            return "description";
    }
    return {};
}

std::string_view name_of(task::Priority priority) {
    return priority == task::Priority::high ? "high" : priority == task::Priority::low ? "low" : "medium";
}

std::string_view name_of(Frequency rule) {
    constexpr std::string_view names[] = {"daily", "weekly", "monthly", "yearly"};
    return names[static_cast<int>(rule)];
}

boost::json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

boost::json::object recurrence_of(const Recurrence& recurrence, std::string_view zone) {
    boost::json::object out;
    if (recurrence.rrule) {
        out["rrule"] = *recurrence.rrule;
    } else {
        out["rule"] = view(name_of(*recurrence.rule));
        out["interval"] = recurrence.interval;
    }
    if (recurrence.anchor == Anchor::completion) out["anchor"] = "completion";
    if (recurrence.end_date) out["end_date"] = format_local(to_instant({*recurrence.end_date, 1439min}, zone), zone);
    return out;
}

}  // namespace

std::string format_local(Time instant, std::string_view zone) {
    const auto local = to_local(instant, zone);
    const auto wall = sys_days{local.date} + local.of_day;
    // Old offsets have seconds; RFC 3339's have none.
    const auto offset = floor<minutes>(wall - instant);
    const auto shown = instant + offset;
    const auto day = floor<days>(shown);
    const year_month_day date{day};
    const hh_mm_ss time{floor<seconds>(shown - day)};
    const auto away = abs(offset).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), offset.count() < 0 ? '-' : '+', away / 60,
                       away % 60);
}

std::string explain(const LineError& error, std::string_view piece) {
    const auto& code = error.code;
    if (code == "title_empty") return "There is no title left: say what is to be done.";
    if (code == "title_too_long") return "The title is longer than 200 characters.";
    if (code == "date_impossible") return fmt::format("\"{}\" does not exist.", piece);
    if (code == "weekday_mismatch") return fmt::format("\"{}\" is another day of the week.", piece);
    if (code == "repeats_too_often") return "Nothing repeats more often than daily.";
    if (code == "until_before_start") return fmt::format("\"{}\" is before the first time.", piece);
    if (code == "reminder_needs_due") return fmt::format("\"{}\": before what? Add a due time.", piece);
    if (code == "reminder_needs_time") return fmt::format("\"{}\": the task has a day, but no time.", piece);
    if (code == "reminder_past") return fmt::format("\"{}\" is in the past.", piece);
    if (code == "reminder_after_due") return fmt::format("\"{}\" is after the due time.", piece);
    return "A task has at most 10 tags.";  // too_many_tags
}

boost::json::object to_json(const QuickAdd& parsed, std::string_view zone) {
    boost::json::object out{{"title", parsed.title}};
    if (parsed.description) out["description"] = *parsed.description;
    if (parsed.priority) out["priority"] = view(name_of(*parsed.priority));
    if (parsed.due_date) out["due_date"] = format_local(*parsed.due_date, zone);
    if (parsed.all_day) out["all_day"] = true;
    if (parsed.reminder_at) out["reminder_at"] = format_local(*parsed.reminder_at, zone);
    if (parsed.recurrence) out["recurrence"] = recurrence_of(*parsed.recurrence, zone);
    auto& tags = out["tags"].emplace_array();
    for (const auto& tag : parsed.tags) tags.emplace_back(tag);
    auto& spans = out["spans"].emplace_array();
    for (const auto& span : parsed.spans) {
        spans.push_back(
            {{"start", span.start}, {"end", span.end}, {"kind", view(name_of(span.kind))}, {"text", span.text}});
    }
    if (parsed.errors.empty()) return out;
    auto& errors = out["errors"].emplace_array();
    for (const auto& error : parsed.errors)
        errors.push_back({{"code", view(error.code)}, {"start", error.start}, {"end", error.end}});
    return out;
}

Result<task::NewTask> to_task(const QuickAdd& parsed, std::string_view line) {
    if (!parsed.errors.empty()) {
        const auto read = read_line(line);
        std::vector<FieldError> fields;
        for (const auto& error : parsed.errors)
            fields.emplace_back("text", explain(error, read.slice(error.start, error.end)));
        return invalid(std::move(fields), "The line cannot be saved as it is.");
    }
    task::NewTask task;
    task.title = parsed.title;
    task.description = parsed.description;
    task.priority = parsed.priority.value_or(task::Priority::medium);
    task.due_date = parsed.due_date;
    task.all_day = parsed.all_day;
    task.reminder_at = parsed.reminder_at;
    task.recurrence = parsed.recurrence;
    task.tags = parsed.tags;
    return task;
}

}  // namespace carillon::chat
