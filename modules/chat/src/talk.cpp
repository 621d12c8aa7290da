#include "talk.hpp"

#include "answer.hpp"
#include "carillon/text.hpp"
#include "chat/quick_add.hpp"
#include "line.hpp"
#include "request.hpp"
#include "select.hpp"
#include "tag/tag.hpp"
#include "tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace carillon::chat {
namespace {

using namespace std::chrono;
using task::Status;
using task::Todo;

constexpr std::size_t most_shown = 50, most_choices = 10;
constexpr std::string_view help =
    "I can list, add, complete, reopen, move, tag, prioritise and delete tasks, remind you of them, and undo: say "
    "\"what is late?\", "
    "\"move everything tagged home to saturday\" or \"add pay rent tomorrow 9am\".";

std::string quoted(const Todo& todo) { return "\"" + todo.title + "\""; }
std::string count_of_tasks(std::size_t count) { return count == 1 ? "1 task" : fmt::format("{} tasks", count); }

/// `Sat 28 Nov`, `Sat 28 Nov 17:00`
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

/// A time said in words, as quick add reads it; the reply that says why there is none.
struct Said {
    std::optional<Time> time;
    bool all_day = false;
    std::string why;
};

Said read_time(const std::string& words, bool as_reminder, const Present& present) {
    const auto line = (as_reminder ? "x remind me " : "x ") + words;
    const auto parsed = quick_add(line, present.now, present.zone);
    Said out;
    if (!parsed.errors.empty()) {
        const auto& error = parsed.errors.front();
        out.why = explain(error, read_line(line).slice(error.start, error.end));
        return out;
    }
    out.time = as_reminder ? parsed.reminder_at : parsed.due_date;
    out.all_day = parsed.all_day;
    if (parsed.title != "x" || !out.time || parsed.recurrence) {
        out.time.reset();
        out.why =
            words.empty() ? "Say when, such as \"tomorrow 9am\"." : fmt::format("I do not know when \"{}\" is.", words);
    }
    return out;
}

class Talk {
public:
    Talk(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Present& present,
         Conversation conversation)
        : tx_(tx),
          present_(present),
          memory_(std::move(conversation)),
          selector_(tx, tasks, who.user_id, present, memory_),
          tools_(tx, tasks, who) {
        answer_.conversation.about = memory_.about;
        answer_.conversation.undo = memory_.undo;
    }

    Result<Answer> hear(std::string_view message) {
        if (memory_.pending) {
            if (auto taken = answer_to_question(message)) return std::move(*taken);
        }
        const auto ask = read_ask(message);
        switch (ask.verb) {
            case Verb::list:
                return list(ask);
            case Verb::add:
                return add(ask);
            case Verb::complete:
                return change(ask, Status::active, {Act::complete, 0}, "done");
            case Verb::reopen:
                return change(ask, Status::completed, {Act::reopen, 0}, "open again");
            case Verb::remove:
                return change(ask, Status::active, {Act::remove, 0}, "deleted");
            case Verb::move:
                return move(ask);
            case Verb::remind:
                return remind(ask);
            case Verb::prioritise:
                return change(ask, Status::active, {Act::update, 0, {{"priority", ask.value}}},
                              ask.value + " priority");
            case Verb::tag:
            case Verb::untag:
                return retag(ask);
            case Verb::undo:
                return undo();
            case Verb::help:
                return say(Outcome::answered, std::string(help));
            case Verb::yes:
            case Verb::no:
                return say(Outcome::refused, "There is nothing I have asked about.");
            case Verb::unknown:
                break;
        }
        return say(Outcome::refused, "I did not understand that; say \"help\" for what I can do.");
    }

private:
    Answer say(Outcome outcome, std::string reply) {
        answer_.outcome = outcome;
        answer_.reply = std::move(reply);
        return std::move(answer_);
    }

    void speak_of(const std::vector<Todo>& todos) {
        answer_.todos.assign(todos.begin(),
                             todos.begin() + static_cast<std::ptrdiff_t>(std::min(todos.size(), most_shown)));
        answer_.conversation.about.clear();
        for (const auto& todo : answer_.todos) answer_.conversation.about.push_back(todo.id);
    }

    Result<Answer> list(const Ask& ask) {
        const auto filter = read_filter(ask.target, present_);
        const auto found = tools_.list_todos(selector_, filter);
        speak_of(found);
        if (found.empty()) {
            const auto about = filter.text.empty() ? std::string() : fmt::format(" matches \"{}\"", filter.text);
            return say(Outcome::answered, about.empty() ? "Nothing there." : "No task" + about + ".");
        }
        auto reply = count_of_tasks(found.size()) + (filter.late ? " late" : "");
        if (found.size() > most_shown) reply += fmt::format(", the first {} here", most_shown);
        return say(Outcome::answered, reply + ".");
    }

    Result<Answer> add(const Ask& ask) {
        const auto task = to_task(quick_add(ask.value, present_.now, present_.zone), ask.value);
        if (!task) return say(Outcome::refused, task.error().fields.front().message);
        const auto made = tools_.create_todo(*task);
        if (!made) return refuse(made.error());
        speak_of({*made});
        answer_.conversation.undo = {{Act::remove, made->id, {}, made->version}};
        const auto due = made->due_date ? ", due " + in_words(*made->due_date, made->all_day, present_) : std::string();
        return say(Outcome::done, "Added " + quoted(*made) + due + ".");
    }

    Result<Answer> undo() {
        if (memory_.undo.empty()) return say(Outcome::refused, "There is nothing to undo.");
        return carry_out(memory_.undo, "put back");
    }

    Result<Answer> move(const Ask& ask) {
        auto target = ask.target, when = ask.value;
        if (when.empty()) when = split_time(target);
        const auto said = read_time(when, false, present_);
        if (!said.time) return say(Outcome::refused, said.why);
        const auto to = [&](const Todo& todo) {
            const bool keeps_time = said.all_day && todo.due_date && !todo.all_day;
            auto due = *said.time;
            if (keeps_time) {
                const auto day = to_local(due, present_.zone).date;
                due = to_instant({day, to_local(*todo.due_date, present_.zone).of_day}, present_.zone);
            }
            return Step{
                Act::update, todo.id, {{"due_date", format_rfc3339(due)}, {"all_day", said.all_day && !keeps_time}}};
        };
        return change(target, Status::active, to, "moved to " + in_words(*said.time, said.all_day, present_));
    }

    Result<Answer> remind(const Ask& ask) {
        auto target = ask.target, when = ask.value;
        if (when.empty()) when = split_time(target);
        const auto said = read_time(when, true, present_);
        if (!said.time) return say(Outcome::refused, said.why);
        const auto to = [&](const Todo& todo) {
            return Step{Act::update, todo.id, {{"reminder_at", format_rfc3339(*said.time)}}};
        };
        return change(target, Status::active, to, "reminds you " + in_words(*said.time, false, present_));
    }

    Result<Answer> retag(const Ask& ask) {
        const auto value = ask.value.starts_with('#') ? ask.value.substr(1) : ask.value;
        const auto name = tag::check_name(value);
        if (!name) return say(Outcome::refused, fmt::format("\"{}\" is no tag: it {}.", value, name.error().detail));
        const bool add = ask.verb == Verb::tag;
        const auto to = [&](const Todo& todo) {
            boost::json::array tags;
            const auto key = text::fold(*name);
            for (const auto& own : todo.tags)
                if (text::fold(own) != key) tags.emplace_back(own);
            if (add) tags.emplace_back(*name);
            return Step{Act::update, todo.id, {{"tags", std::move(tags)}}};
        };
        return change(ask.target, Status::active, to, (add ? "tagged " : "no longer tagged ") + *name);
    }

    /// Cuts the time off the end of `words`.
    std::string split_time(std::string& words) const {
        const auto parsed = quick_add(words, present_.now, present_.zone);
        std::string when;
        for (const auto& span : parsed.spans)
            if (span.kind == Kind::due) when += (when.empty() ? "" : " ") + span.text;
        if (!when.empty()) words = parsed.title;
        return when;
    }

    Result<Answer> change(const Ask& ask, Status status, const Step& step, const std::string& what) {
        const auto to = [&](const Todo& todo) {
            auto own = step;
            own.id = todo.id;
            return own;
        };
        return change(ask.target, status, to, what);
    }

    template <class MakeStep>
    Result<Answer> change(const std::string& target, Status status, MakeStep step_for, const std::string& what) {
        if (target.empty()) return say(Outcome::refused, "Say which task.");
        auto selection = selector_.find(target, status);
        auto& found = selection.todos;
        if (found.empty()) return say(Outcome::refused, fmt::format("No task matches \"{}\".", target));
        if (found.size() > most_tasks)
            return say(Outcome::refused, fmt::format("That is {}, more than I change at once; say which more closely.",
                                                     count_of_tasks(found.size())));
        std::vector<Step> steps;
        for (const auto& todo : found) steps.push_back(step_for(todo));
        if (found.size() == 1) return carry_out(steps, what);
        return selection.bulk ? ask_all(found, std::move(steps), what) : ask_which(found, std::move(steps));
    }

    Result<Answer> ask_all(const std::vector<Todo>& found, std::vector<Step> steps, const std::string& what) {
        speak_of(found);
        answer_.conversation.pending = Pending{false, std::move(steps)};
        answer_.choices = {"yes", "no"};
        return say(Outcome::asks, fmt::format("{}: {}?", count_of_tasks(found.size()), what));
    }

    Result<Answer> ask_which(std::vector<Todo> found, std::vector<Step> steps) {
        const auto all = found.size();
        found.resize(std::min(all, most_choices));
        steps.resize(found.size());
        speak_of(found);
        answer_.conversation.pending = Pending{true, std::move(steps)};
        auto reply = fmt::format("{} match", count_of_tasks(all));
        reply += all > found.size() ? fmt::format(", the first {} here. Which one?", found.size()) : ". Which one?";
        for (std::size_t i = 0; i < found.size(); ++i) {
            reply += fmt::format(" {}. {}{}", i + 1, quoted(found[i]), i + 1 < found.size() ? "," : "");
            answer_.choices.push_back(std::to_string(i + 1));
        }
        answer_.choices.emplace_back("none");
        return say(Outcome::asks, reply);
    }

    /// Nothing where the message is no answer: then it is a new request, and the question is dropped.
    std::optional<Result<Answer>> answer_to_question(std::string_view message) {
        const auto& steps = memory_.pending->steps;
        const auto verb = read_ask(message).verb;
        if (verb == Verb::no) return say(Outcome::answered, "Nothing was changed.");
        if (!memory_.pending->choose) {
            if (verb == Verb::yes) return carry_out(steps, "changed");
            return std::nullopt;
        }
        const auto low = plain(message);
        if (low == "all" || low == "all of them" || low == "both") return carry_out(steps, "changed");
        if (const auto index = choice_of(low, steps)) return carry_out({steps[*index]}, "changed");
        if (verb == Verb::yes) return say_again("Which one? Say its number.");
        return std::nullopt;
    }

    Answer say_again(std::string reply) {
        answer_.conversation.pending = memory_.pending;
        return say(Outcome::asks, std::move(reply));
    }

    /// A number, a place, or words that only one of the titles has.
    std::optional<std::size_t> choice_of(const std::string& low, const std::vector<Step>& steps) {
        std::size_t number = 0;
        const auto digits = low.starts_with('#') ? low.substr(1) : low;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc{} && end == digits.data() + digits.size() && number >= 1 && number <= steps.size())
            return number - 1;
        constexpr std::string_view places[] = {"first", "second", "third", "fourth", "fifth"};
        for (std::size_t i = 0; i < std::size(places) && i < steps.size(); ++i) {
            const std::string place(places[i]);
            if (low == place || low == "the " + place || low == "the " + place + " one") return i;
        }
        if (low == "the last" || low == "last" || low == "the last one") return steps.size() - 1;
        std::optional<std::size_t> only;
        auto needle = low;
        if (needle.starts_with("the ")) needle.erase(0, 4);
        if (needle.ends_with(" one")) needle.resize(needle.size() - 4);
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const auto todo = tools_.get_todo(steps[i].id);
            if (!todo || needle.empty() || text::fold(todo->title).find(text::fold(needle)) == std::string::npos)
                continue;
            if (only) return std::nullopt;
            only = i;
        }
        return only;
    }

    /// All of the steps or none.
    Result<Answer> carry_out(const std::vector<Step>& steps, const std::string& what) {
        std::vector<Todo> changed;
        std::vector<Step> back;
        std::optional<Error> error;
        tx_.savepoint([&] {
            for (const auto& step : steps) {
                auto now = tools_.act(step, back);
                if (!now) error = now.error();
                if (error) return false;
                changed.push_back(std::move(*now));
            }
            return true;
        });
        if (error) return refuse(*error);
        answer_.conversation.undo = std::move(back);
        auto shown = changed;
        std::erase_if(shown, [](const Todo& todo) { return todo.deleted_at.has_value(); });
        speak_of(shown);
        if (changed.size() != 1) return say(Outcome::done, fmt::format("{} {}.", count_of_tasks(changed.size()), what));
        return say(Outcome::done, fmt::format("{} {}.", quoted(changed.front()), what));
    }

    Result<Answer> refuse(const Error& error) {
        if (error.code == Errc::unavailable || error.code == Errc::internal) return error;
        std::string why;
        for (const auto& field : error.fields) why += (why.empty() ? "" : "; ") + field.field + " " + field.message;
        return say(Outcome::refused, "Not done: " + (why.empty() ? error.detail : why + "."));
    }

    db::Transaction& tx_;
    const Present& present_;
    const Conversation memory_;
    Selector selector_;
    Tools tools_;
    Answer answer_;
};

}  // namespace

Result<Answer> talk(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Present& present,
                    Conversation conversation, std::string_view message) {
    return Talk(tx, tasks, who, present, std::move(conversation)).hear(message);
}

}  // namespace carillon::chat
