#include "wording.hpp"

#include "answer.hpp"
#include "chat/quick_add.hpp"
#include "line.hpp"

#include <fmt/format.h>

namespace carillon::chat {

using namespace std::chrono;
using task::Todo;

std::string quoted(const Todo& todo) { return "\"" + todo.title + "\""; }

std::string count_of_tasks(std::size_t count) { return count == 1 ? "1 task" : fmt::format("{} tasks", count); }

std::string in_words(Time instant, bool all_day, const Present& present) {
    constexpr std::string_view weekdays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto local = to_local(instant, present.zone);
    const weekday day{local_days{local.date}};
    auto out = fmt::format("{} {} {}", weekdays[day.c_encoding()], static_cast<unsigned>(local.date.day()),
                           months[static_cast<unsigned>(local.date.month()) - 1]);
    if (local.date.year() != year_month_day{present.today}.year())
        out += fmt::format(" {}", static_cast<int>(local.date.year()));
    if (all_day) return out;
    const hh_mm_ss time{floor<minutes>(local.of_day)};
    return out + fmt::format(" {:02}:{:02}", time.hours().count(), time.minutes().count());
}

std::string due_in_words(const Todo& todo, const Present& present) {
    if (!todo.due_date) return " has no due date";
    const bool late = todo.status == task::Status::active && *todo.due_date < present.now;
    return (late ? " was due " : " is due ") + in_words(*todo.due_date, todo.all_day, present);
}

Said read_time(const std::string& words, As as, const Present& present) {
    const auto line = (as == As::reminder ? "x remind me " : "x ") + words;
    const auto parsed = quick_add(line, present.now, present.zone);
    Said out;
    if (!parsed.errors.empty()) {
        const auto& error = parsed.errors.front();
        out.why = explain(error, read_line(line).slice(error.start, error.end));
        return out;
    }
    out.time = as == As::reminder ? parsed.reminder_at : parsed.due_date;
    out.all_day = parsed.all_day;
    if (parsed.title != "x" || !out.time || parsed.recurrence) {
        out.time.reset();
        out.why =
            words.empty() ? "Say when, such as \"tomorrow 9am\"." : fmt::format("I do not know when \"{}\" is.", words);
    }
    return out;
}

std::optional<Time> shifted(Time from, const std::string& words, std::string_view zone) {
    const auto line = read_line(words);
    const Reader reader(line);
    At at;
    Amount by;
    if (!take_amount(reader, at, by) || at.word != line.words.size()) return std::nullopt;
    if (by.unit == Unit::minute) return from + minutes{by.count};
    if (by.unit == Unit::hour) return from + hours{by.count};
    const auto local = to_local(from, zone);
    return to_instant({std::chrono::year_month_day{add(local_days{local.date}, by)}, local.of_day}, zone);
}

}  // namespace carillon::chat
