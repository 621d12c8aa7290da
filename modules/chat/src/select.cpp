#include "select.hpp"

#include "carillon/text.hpp"
#include "chat/quick_add.hpp"
#include "line.hpp"
#include "request.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

namespace carillon::chat {
namespace {

using namespace std::chrono;
using task::Priority;
using task::Status;
using task::Todo;

bool is_in(std::string_view word, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), word) != all.end();
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> out;
    for (const auto& word : read_line(plain(text)).words) out.push_back(word.text);
    return out;
}

std::string joined(const std::vector<std::string>& words, std::size_t from, std::size_t upto) {
    std::string out;
    for (auto i = from; i < upto; ++i) out += (i == from ? "" : " ") + words[i];
    return out;
}

std::optional<std::pair<Day, Day>> named_span(std::string_view text, const Present& present) {
    const auto monday = monday_of(present.today);
    const year_month_day date{present.today};
    const auto month = date.year() / date.month();
    const auto whole = [](year_month m) { return std::pair(local_days{m / 1}, last_of_month(m.year(), m.month())); };
    if (text == "this week") return std::pair(monday, monday + days{6});
    if (text == "next week") return std::pair(monday + days{7}, monday + days{13});
    if (text == "this month") return whole(month);
    if (text == "next month") return whole(month + months{1});
    if (text == "this weekend") return std::pair(monday + days{5}, monday + days{6});
    return std::nullopt;
}

/// The days that the words from `at` on name, as many words as possible; moves `at` behind them.
std::optional<std::pair<Day, Day>> take_days(const std::vector<std::string>& words, std::size_t& at,
                                             const Present& present) {
    for (auto count = std::min<std::size_t>(5, words.size() - at); count > 0; --count) {
        const auto text = joined(words, at, at + count);
        auto span = named_span(text, present);
        if (!span) {
            const auto parsed = quick_add("x " + text, present.now, present.zone);
            if (parsed.title != "x" || !parsed.due_date || !parsed.all_day || parsed.recurrence || !parsed.tags.empty())
                continue;
            const local_days day{to_local(*parsed.due_date, present.zone).date};
            span = std::pair(day, day);
        }
        at += count;
        return span;
    }
    return std::nullopt;
}

bool means_one(std::string_view low) {
    return is_in(low, {"it", "that", "this", "that one", "this one", "that task", "this task"});
}

bool means_all(std::string_view low) {
    return is_in(low, {"them", "those", "these", "all of them", "both", "both of them", "them all"});
}

bool earlier(const Todo& a, const Todo& b) {
    const auto key = [](const Todo& todo) {
        return std::tuple(!todo.due_date, todo.due_date.value_or(Time{}), -static_cast<int>(todo.priority), todo.id);
    };
    return key(a) < key(b);
}

/// How many words from `at` on say `undated`, `without a due date`, `no date`.
std::size_t count_of_undated(const std::vector<std::string>& words, std::size_t at) {
    if (words[at] == "undated") return 1;
    auto next = at;
    if (words[next] == "with") ++next;
    if (next >= words.size() || !is_in(words[next], {"no", "without"})) return 0;
    ++next;
    while (next < words.size() && is_in(words[next], {"a", "any", "due"})) ++next;
    return next < words.size() && words[next] == "date" ? next + 1 - at : 0;
}

bool holds_all(const std::string& title, const std::vector<std::string>& words) {
    return std::all_of(words.begin(), words.end(),
                       [&](const auto& word) { return title.find(word) != std::string::npos; });
}

}  // namespace

bool Filter::takes(const Todo& todo, const Present& present) const {
    if (todo.status != status || (priority && todo.priority != *priority)) return false;
    if (tag &&
        std::none_of(todo.tags.begin(), todo.tags.end(), [&](const auto& name) { return text::fold(name) == *tag; }))
        return false;
    if (late && (!todo.due_date || *todo.due_date >= present.now)) return false;
    if (undated && todo.due_date) return false;
    if (days) {
        const auto& when = status == Status::completed ? todo.completed_at : todo.due_date;
        if (!when) return false;
        const local_days day{to_local(*when, present.zone).date};
        if (day < days->first || day > days->second) return false;
    }
    return text.empty() || holds_all(text::fold(todo.title), words_of(text));
}

Filter read_filter(std::string_view given, const Present& present) {
    const auto words = words_of(given);
    Filter filter;
    for (std::size_t i = 0; i < words.size();) {
        const auto& word = words[i];
        const bool more = i + 1 < words.size();
        if (is_in(word, {"late", "overdue"})) {
            filter.late = true;
        } else if (const auto count = count_of_undated(words, i)) {
            filter.undated = true;
            i += count;
            continue;
        } else if (is_in(word, {"done", "completed", "finished"})) {
            filter.status = Status::completed;
        } else if (is_in(word, {"high", "medium", "low"})) {
            filter.priority = word == "high" ? Priority::high : word == "low" ? Priority::low : Priority::medium;
            if (more && words[i + 1] == "priority") ++i;
        } else if (more && is_in(word, {"tagged", "tag", "labelled", "labeled"})) {
            ++i;
            if (is_in(words[i], {"with", "as"}) && i + 1 < words.size()) ++i;
            filter.tag = text::fold(words[i].starts_with('#') ? words[i].substr(1) : words[i]);
        } else if (word.starts_with('#') && word.size() > 1) {
            filter.tag = text::fold(word.substr(1));
        } else if (auto days = take_days(words, i, present)) {
            filter.days = days;
            continue;
        } else if (!is_in(word, {"my",     "the",   "tasks",      "task",  "todos",  "things", "is",    "are",
                                 "due",    "on",    "with",       "that",  "and",    "i",      "have",  "to",
                                 "do",     "there", "in",         "about", "called", "ones",   "named", "open",
                                 "active", "all",   "everything", "for",   "one",    "me"})) {
            filter.text += (filter.text.empty() ? "" : " ") + text::fold(word);
        }
        ++i;
    }
    return filter;
}

std::vector<Todo> Selector::list(const Filter& filter) const {
    std::vector<Todo> out;
    tasks_.each_in(session_, user_id_, [&](const Todo& todo) {
        if (filter.takes(todo, present_)) out.push_back(todo);
    });
    std::sort(out.begin(), out.end(), earlier);
    return out;
}

std::vector<Todo> Selector::spoken_of() const {
    std::vector<Todo> out;
    for (const auto id : conversation_.about)
        if (auto todo = tasks_.find_in(session_, user_id_, id)) out.push_back(std::move(*todo));
    return out;
}

std::optional<std::size_t> place_of(std::string_view words, std::size_t count) {
    constexpr std::string_view places[] = {"first", "second", "third", "fourth", "fifth"};
    const auto low = plain(words);
    const auto names = [&](std::string_view place) {
        const std::string word(place);
        return is_in(low, {word, "the " + word, "the " + word + " one", word + " one"});
    };
    for (std::size_t i = 0; i < std::size(places); ++i)
        if (names(places[i])) return i;
    return names("last") ? std::optional(count - 1) : std::nullopt;
}

bool is_pronoun(std::string_view target) {
    const auto low = plain(target);
    return means_one(low) || means_all(low) || place_of(low, 1);
}

Selection Selector::find(std::string_view target, Status status) const {
    const auto low = plain(target);
    if (means_one(low)) return {spoken_of(), false};
    if (means_all(low)) return {spoken_of(), true};
    const auto all = spoken_of();
    if (const auto place = place_of(low, all.size()))
        return *place < all.size() ? Selection{{all[*place]}, false} : Selection{};
    for (const std::string_view start : {"everything", "all", "every"}) {
        if (low != start && !low.starts_with(std::string(start) + " ")) continue;
        auto filter = read_filter(low.substr(start.size()), present_);
        if (filter.status == Status::active) filter.status = status;
        return {list(filter), true};
    }
    const auto words = words_of(low);
    if (std::any_of(words.begin(), words.end(), [](const auto& word) { return is_in(word, {"tasks", "ones"}); }))
        return {list(read_filter(low, present_)), true};
    return by_name(target, status);
}

Selection Selector::by_name(std::string_view target, Status status) const {
    auto words = words_of(target);
    if (words.size() == 2 && words[0] == "task") {
        std::int64_t id = 0;
        const auto& digits = words[1];
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
        if (error == std::errc{} && end == digits.data() + digits.size()) {
            auto todo = tasks_.find_in(session_, user_id_, id);
            return todo ? Selection{{std::move(*todo)}, false} : Selection{};
        }
    }
    std::erase_if(words, [](const auto& word) {
        return is_in(word, {"the", "my", "a", "an", "one", "task", "about", "called", "named"});
    });
    for (auto& word : words) {
        std::erase(word, '"');
        word = text::fold(word);
    }
    std::erase(words, "");
    if (words.empty()) return {};
    std::vector<Todo> found, exact;
    const auto whole = joined(words, 0, words.size());
    tasks_.each_in(session_, user_id_, [&](const Todo& todo) {
        if (todo.status != status) return;
        const auto title = text::fold(todo.title);
        if (holds_all(title, words)) found.push_back(todo);
        if (title == whole || title == text::fold(text::trim(target))) exact.push_back(todo);
    });
    if (!exact.empty()) found = std::move(exact);
    std::sort(found.begin(), found.end(), earlier);
    return {std::move(found), false};
}

}  // namespace carillon::chat
