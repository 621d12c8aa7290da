#include "talk.hpp"

#include "carillon/text.hpp"
#include "chat/quick_add.hpp"
#include "line.hpp"
#include "request.hpp"
#include "select.hpp"
#include "tag/tag.hpp"
#include "tools.hpp"
#include "wording.hpp"

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
    "I can list, add, complete, reopen, move, snooze, repeat, rename, tag, prioritise and delete tasks, remind you of "
    "them, and undo: say \"what is late?\", \"move everything tagged home to saturday\" or \"add pay rent tomorrow "
    "9am\".";

/// What is asked for, before it is known of how many tasks.
struct Plan {
    std::string asks;  ///< behind a count: `4 tasks ` … `:`
    Deed deed;
};

/// `every 2 weeks` says how often, and nothing of the day.
bool says_no_day(const std::string& words) {
    const auto read = read_line(words).words;
    return std::all_of(read.begin(), read.end(), [](const Word& word) {
        constexpr std::string_view plain_words[] = {
            "every",  "every!",  "other",     "day",    "days", "week",  "weeks",   "month",    "months",  "daily",
            "weekly", "monthly", "quarterly", "yearly", "year", "years", "quarter", "quarters", "annually"};
        return count_of(word.lower) ||
               std::find(std::begin(plain_words), std::end(plain_words), word.lower) != std::end(plain_words);
    });
}

/// Fields as people call them.
std::string in_plain_words(const FieldError& error) {
    auto text = error.field + " " + error.message;
    constexpr std::pair<std::string_view, std::string_view> names[] = {{"reminder_at", "the reminder"},
                                                                       {"due_date", "the due date"},
                                                                       {"recurrence", "the repetition"},
                                                                       {"until", "the new time"},
                                                                       {"title", "the title"}};
    for (const auto& [name, words] : names)
        if (const auto at = text.find(name); at != std::string::npos) text.replace(at, name.size(), words);
    return text;
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
            case Verb::when:
                return when(ask);
            case Verb::next:
                return next();
            case Verb::add:
                return add(ask);
            case Verb::complete:
                return change(ask, Status::active, {Act::complete, 0}, {"will be marked done", {"done", "Complete"}});
            case Verb::reopen:
                return change(ask, Status::completed, {Act::reopen, 0},
                              {"will be open again", {"open again", "Reopen"}});
            case Verb::remove:
                return change(ask, Status::active, {Act::remove, 0}, {"will be deleted", {"deleted", "Delete"}});
            case Verb::move:
                return move(ask);
            case Verb::shift:
                return shift(ask);
            case Verb::undate:
                return change(ask, Status::active, {Act::update, 0, {{"due_date", nullptr}}},
                              {"will have no due date", {"left without a due date", "Clear the date"}});
            case Verb::snooze:
                return snooze(ask);
            case Verb::remind:
                return remind(ask);
            case Verb::rename:
                return rename(ask.value);
            case Verb::repeat:
                return repeat(ask);
            case Verb::stop_repeating:
                return change(ask, Status::active, {Act::update, 0, {{"recurrence", nullptr}}},
                              {"will no longer repeat", {"set to repeat no more", "Stop repeating"}});
            case Verb::prioritise:
                return change(ask, Status::active, {Act::update, 0, {{"priority", ask.value}}},
                              {"will get " + ask.value + " priority", {"set to " + ask.value + " priority", "Change"}});
            case Verb::tag:
            case Verb::untag:
                return retag(ask);
            case Verb::undo:
                return undo();
            case Verb::help:
                return say(Outcome::answered, std::string(help));
            case Verb::thanks:
                return say(Outcome::answered, "You are welcome.");
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
        if (found.empty()) {
            if (!filter.text.empty())
                return say(Outcome::answered, fmt::format("No task matches \"{}\".", filter.text));
            return say(Outcome::answered, filter.late ? "Nothing is late." : "Nothing there.");
        }
        speak_of(found);
        auto reply = count_of_tasks(found.size()) + (filter.late ? " late" : "");
        if (found.size() > most_shown) reply += fmt::format(", the first {} here", most_shown);
        return say(Outcome::answered, reply + ".");
    }

    Result<Answer> when(const Ask& ask) {
        const auto found = selector_.find(ask.target, Status::active).todos;
        if (found.empty()) return none_found(ask.target);
        speak_of(found);
        if (found.size() > most_choices) return say(Outcome::answered, count_of_tasks(found.size()) + " match.");
        std::string reply;
        for (const auto& todo : found)
            reply += (reply.empty() ? "" : ", ") + quoted(todo) + due_in_words(todo, present_);
        return say(Outcome::answered, reply + ".");
    }

    Result<Answer> next() {
        auto found = tools_.list_todos(selector_, {});
        if (found.empty()) return say(Outcome::answered, "Nothing is left to do.");
        found.resize(1);
        speak_of(found);
        return say(Outcome::answered, quoted(found.front()) + due_in_words(found.front(), present_) + ".");
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
        return carry_out(memory_.undo, {"put back", {}});
    }

    Result<Answer> move(const Ask& ask) {
        auto target = ask.target, when = ask.value;
        if (when.empty()) when = split_time(target);
        const auto said = read_time(when, As::due, present_);
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
        const auto day = in_words(*said.time, said.all_day, present_);
        return change(target, Status::active, to, {"move to " + day, {"moved to " + day, "Move"}});
    }

    /// Each by as much from its own due date.
    Result<Answer> shift(const Ask& ask) {
        if (!shifted(present_.now, ask.value, present_.zone))
            return say(Outcome::refused, fmt::format("I do not know how long \"{}\" is.", ask.value));
        const auto new_due = [&](const Todo& todo) { return *shifted(*todo.due_date, ask.value, present_.zone); };
        const auto found = selector_.find(ask.target, Status::active).todos;
        for (const auto& todo : found)
            if (!todo.due_date) return say(Outcome::refused, quoted(todo) + " has no due date to move.");
        const auto to = [&](const Todo& todo) {
            return Step{Act::update, todo.id, {{"due_date", format_rfc3339(new_due(todo))}}};
        };
        const auto where =
            found.size() == 1 ? "to " + in_words(new_due(found[0]), found[0].all_day, present_) : "by " + ask.value;
        return change(ask.target, Status::active, to, {"move " + where, {"moved " + where, "Move"}});
    }

    Result<Answer> snooze(const Ask& ask) {
        auto target = ask.target, when = ask.value;
        if (when.empty()) when = split_time(target);
        const auto said = read_time(when.empty() ? "in 10 minutes" : when, As::reminder, present_);
        if (!said.time) return say(Outcome::refused, said.why);
        const auto until = in_words(*said.time, false, present_);
        return change(target, Status::active, {Act::snooze, 0, {{"until", format_rfc3339(*said.time)}}},
                      {"will be snoozed until " + until, {"snoozed until " + until, "Snooze"}});
    }

    Result<Answer> remind(const Ask& ask) {
        auto target = ask.target, when = ask.value;
        if (when.empty()) when = split_time(target);
        const auto said = read_time(when, As::reminder, present_);
        if (!said.time) return say(Outcome::refused, said.why);
        const auto at = in_words(*said.time, false, present_);
        return change(target, Status::active, {Act::update, 0, {{"reminder_at", format_rfc3339(*said.time)}}},
                      {"will remind you " + at, {"set to remind you " + at, "Remind"}});
    }

    /// `words` are a name, "to" and a title; the first "to" before which a name stands parts them.
    Result<Answer> rename(const std::string& words) {
        constexpr std::string_view to = " to ";
        for (auto at = words.find(to); at != std::string::npos; at = words.find(to, at + 1)) {
            const auto target = words.substr(0, at), title = words.substr(at + to.size());
            const auto found = selector_.find(target, Status::active);
            if (found.todos.empty()) continue;
            if (found.bulk && found.todos.size() > 1) return say(Outcome::refused, "I rename one task at a time.");
            return change(target, Status::active, {Act::update, 0, {{"title", title}}}, {{}, {"is its name now", {}}});
        }
        if (words.find(to) == std::string::npos) return say(Outcome::refused, "Say \"rename … to …\".");
        return none_found(words.substr(0, words.find(to)));
    }

    Result<Answer> repeat(const Ask& ask) {
        const auto line = "x " + ask.value;
        const auto parsed = quick_add(line, present_.now, present_.zone);
        if (const auto task = to_task(parsed, line); !task)
            return say(Outcome::refused, task.error().fields.front().message);
        if (parsed.title != "x" || !parsed.recurrence)
            return say(Outcome::refused, fmt::format("I do not know how often \"{}\" is.", ask.value));
        const auto fields = to_json(parsed, present_.zone);
        const auto to = [&](const Todo& todo) {
            boost::json::object patch{{"recurrence", fields.at("recurrence")}};
            if (!todo.due_date || !says_no_day(ask.value)) {
                patch["due_date"] = fields.at("due_date");
                patch["all_day"] = parsed.all_day;
            }
            return Step{Act::update, todo.id, std::move(patch)};
        };
        return change(ask.target, Status::active, to,
                      {"will repeat " + ask.value, {"set to repeat " + ask.value, "Repeat"}});
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
        const auto what = (add ? "tagged " : "no longer tagged ") + *name;
        return change(ask.target, Status::active, to, {"will be " + what, {what, add ? "Tag" : "Untag"}});
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

    /// The same step for each task.
    Result<Answer> change(const std::string& target, Status status, const Step& step, const Plan& plan) {
        const auto to = [&](const Todo& todo) {
            auto own = step;
            own.id = todo.id;
            return own;
        };
        return change(target, status, to, plan);
    }
    Result<Answer> change(const Ask& ask, Status status, const Step& step, const Plan& plan) {
        return change(ask.target, status, step, plan);
    }

    template <class MakeStep>
    Result<Answer> change(const std::string& target, Status status, MakeStep step_for, const Plan& plan) {
        if (target.empty()) return say(Outcome::refused, "Say which task.");
        auto selection = selector_.find(target, status);
        auto& found = selection.todos;
        if (found.empty()) return none_found(target);
        if (found.size() > most_tasks)
            return say(Outcome::refused, fmt::format("That is {}, more than I change at once; say which more closely.",
                                                     count_of_tasks(found.size())));
        std::vector<Step> steps;
        for (const auto& todo : found) steps.push_back(step_for(todo));
        if (found.size() == 1) return carry_out(steps, plan.deed);
        return selection.bulk ? ask_all(found, std::move(steps), plan) : ask_which(found, std::move(steps), plan.deed);
    }

    Result<Answer> none_found(const std::string& target) {
        if (is_pronoun(target)) return say(Outcome::refused, "I do not know which task you mean: say its name.");
        return say(Outcome::refused, fmt::format("No task matches \"{}\".", target));
    }

    Result<Answer> ask_all(const std::vector<Todo>& found, std::vector<Step> steps, const Plan& plan) {
        speak_of(found);
        answer_.choices = {plan.deed.button, "No"};
        answer_.conversation.pending = Pending{false, std::move(steps), plan.deed};
        return say(Outcome::asks, fmt::format("{} {}:", count_of_tasks(found.size()), plan.asks));
    }

    Result<Answer> ask_which(std::vector<Todo> found, std::vector<Step> steps, const Deed& deed) {
        const auto all = found.size();
        found.resize(std::min(all, most_choices));
        steps.resize(found.size());
        speak_of(found);
        answer_.conversation.pending = Pending{true, std::move(steps), deed};
        auto reply = fmt::format("{} match", count_of_tasks(all));
        reply += all > found.size() ? fmt::format(", the first {} here. Which one?", found.size()) : ". Which one?";
        for (std::size_t i = 0; i < found.size(); ++i) {
            reply += fmt::format(" {}. {}{}", i + 1, quoted(found[i]), i + 1 < found.size() ? "," : "");
            answer_.choices.push_back(std::to_string(i + 1));
        }
        answer_.choices.emplace_back("None");
        return say(Outcome::asks, reply);
    }

    /// Nothing where the message is no answer: then it is a new request, and the question is dropped.
    std::optional<Result<Answer>> answer_to_question(std::string_view message) {
        const auto& [choose, steps, deed] = *memory_.pending;
        const auto low = plain(message);
        const auto verb = read_ask(message).verb;
        if (verb == Verb::no) return say(Outcome::answered, "Nothing was changed.");
        if (!choose) {
            if (verb == Verb::yes || low == plain(deed.button)) return carry_out(steps, deed);
            return std::nullopt;
        }
        if (low == "all" || low == "all of them" || low == "both") return carry_out(steps, deed);
        if (const auto index = choice_of(low, steps)) return carry_out({steps[*index]}, deed);
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
        if (const auto place = place_of(low, steps.size()); place && *place < steps.size()) return place;
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
    Result<Answer> carry_out(const std::vector<Step>& steps, const Deed& deed) {
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
        if (changed.size() != 1)
            return say(Outcome::done,
                       fmt::format("Done, {} {}.", changed.size(), deed.done == "done" ? "completed" : deed.done));
        return say(Outcome::done, fmt::format("{} {}.", quoted(changed.front()), deed.done));
    }

    Result<Answer> refuse(const Error& error) {
        if (error.code == Errc::unavailable || error.code == Errc::internal) return error;
        std::string why;
        for (const auto& field : error.fields) why += (why.empty() ? "" : "; ") + in_plain_words(field);
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
