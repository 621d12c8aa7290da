#include "request.hpp"

#include "line.hpp"

#include <algorithm>
#include <array>

namespace carillon::chat {
namespace {

/// Takes one of `beginnings`, with the blank behind it, off `text`. Their letters may be in any case.
bool take(std::string& text, std::initializer_list<std::string_view> beginnings) {
    const auto low = plain(text);
    for (const auto beginning : beginnings) {
        if (low == beginning) {
            text.clear();
            return true;
        }
        if (low.size() <= beginning.size() || !low.starts_with(beginning) || low[beginning.size()] != ' ') continue;
        text.erase(0, beginning.size() + 1);
        return true;
    }
    return false;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), text) != all.end();
}

/// Cuts `text` before and behind the last of `words`; false where there is none.
bool split_last(const std::string& text, std::initializer_list<std::string_view> words, std::string& before,
                std::string& behind) {
    const auto low = plain(text);
    std::size_t best = std::string::npos, size = 0;
    for (const auto word : words) {
        const auto at = low.rfind(" " + std::string(word) + " ");
        if (at == std::string::npos || (best != std::string::npos && at < best)) continue;
        best = at;
        size = word.size() + 2;
    }
    if (best == std::string::npos) return false;
    before = text.substr(0, best);
    behind = text.substr(best + size);
    return true;
}

/// The words of a message, single-spaced, as they were typed but for the apostrophe that phones write.
std::string single_spaced(std::string_view message) {
    std::string out;
    for (const auto& word : read_line(message).words) out += (out.empty() ? "" : " ") + word.text;
    constexpr std::string_view curled = "\u2019";
    for (auto at = out.find(curled); at != std::string::npos; at = out.find(curled, at))
        out.replace(at, curled.size(), "'");
    while (!out.empty() && std::string_view(".!?,;").find(out.back()) != std::string_view::npos) out.pop_back();
    return out;
}

/// `mark X as done`, `make X high priority`, `set X to low`.
std::optional<Ask> read_mark(std::string text) {
    if (!take(text, {"set the priority of", "change the priority of", "set priority of", "change priority of", "mark",
                     "make", "set", "change", "tick off", "check off", "tick", "check"}))
        return std::nullopt;
    const auto low = plain(text);
    const auto cut = [&](std::initializer_list<std::string_view> endings) -> std::optional<std::string> {
        for (const auto ending : endings)
            if (low.size() > ending.size() && low.ends_with(ending)) return text.substr(0, low.size() - ending.size());
        return std::nullopt;
    };
    if (const auto target = cut({" as not done", " not done", " as open", " as active", " undone"}))
        return Ask{Verb::reopen, *target, {}};
    if (const auto target = cut({" as done", " as completed", " as complete", " done", " completed", " complete"}))
        return Ask{Verb::complete, *target, {}};
    for (const std::string priority : {"high", "medium", "low"}) {
        const auto to = " to " + priority, as = " as " + priority, bare = " " + priority;
        for (const auto* tail : {" priority", ""}) {
            const auto a = to + tail, b = as + tail, c = bare + tail;
            if (const auto target = cut({a, b, c})) return Ask{Verb::prioritise, *target, priority};
        }
    }
    return std::nullopt;
}

std::optional<Ask> read_remind(const std::string& whole) {
    auto text = whole;
    if (!take(text, {"remind me", "remind"})) return std::nullopt;
    Ask ask{Verb::remind, {}, {}};
    if (take(text, {"of", "about"})) {
        ask.target = text;  // its time stands at the end: the parser finds it
        return ask;
    }
    if (split_last(text, {"of", "about"}, ask.value, ask.target) && plain(text).find(" to ") == std::string::npos)
        return ask;
    return Ask{Verb::add, {}, whole};
}

std::optional<Ask> read_move(std::string text) {
    Ask ask{Verb::move, {}, {}};
    if (take(text, {"set the due date of", "change the due date of", "set the date of", "change the date of"}))
        return split_last(text, {"to"}, ask.target, ask.value) ? std::optional(ask) : std::nullopt;
    if (take(text, {"clear the due date of", "remove the due date of", "clear the due date from",
                    "remove the due date from", "clear the date of", "remove the date from"}))
        return Ask{Verb::undate, text, {}};
    if (auto made = text; take(made, {"make", "set"}))
        return split_last(made, {"due"}, ask.target, ask.value) ? std::optional(ask) : std::nullopt;
    if (take(text, {"schedule"})) {
        if (!split_last(text, {"for", "on", "to"}, ask.target, ask.value)) ask.target = text;
        return ask;
    }
    if (!take(text, {"move", "reschedule", "postpone", "push", "shift", "defer", "delay"})) return std::nullopt;
    if (split_last(text, {"by", "forward", "back"}, ask.target, ask.value)) {
        take(ask.value, {"by"});
        ask.verb = Verb::shift;
        return ask;
    }
    if (split_last(text, {"to", "until", "till"}, ask.target, ask.value)) return ask;
    ask.target = text;
    return ask;
}

std::optional<Ask> read_snooze(std::string text) {
    if (!take(text, {"snooze"})) return std::nullopt;
    Ask ask{Verb::snooze, {}, {}};
    if (split_last(text, {"for"}, ask.target, ask.value)) {
        ask.value = "in " + ask.value;
        return ask;
    }
    if (!split_last(text, {"to", "until", "till"}, ask.target, ask.value)) ask.target = text;
    return ask;
}

/// Where the new title begins is known only by the tasks there are: both may hold a "to".
std::optional<Ask> read_rename(std::string text) {
    if (!take(text, {"rename", "retitle", "change the title of", "change the name of"})) return std::nullopt;
    return Ask{Verb::rename, {}, text};
}

std::optional<Ask> read_repeat(std::string text) {
    if (take(text, {"stop repeating", "do not repeat", "don't repeat"})) return Ask{Verb::stop_repeating, text, {}};
    const bool repeat = take(text, {"repeat"});
    if (!repeat && !take(text, {"make"})) return std::nullopt;
    const auto low = plain(text);
    auto at = low.find(repeat ? " every" : " repeat every");
    for (const auto* word : {" daily", " weekly", " monthly", " quarterly", " yearly"}) {
        const auto whole = (repeat ? "" : " repeat") + std::string(word);
        if (at == std::string::npos && low.ends_with(whole)) at = low.size() - whole.size();
    }
    if (at == std::string::npos || at == 0) return std::nullopt;
    return Ask{Verb::repeat, text.substr(0, at), text.substr(at + (repeat ? 1 : std::string_view(" repeat ").size()))};
}

std::optional<Ask> read_when(std::string text) {
    if (!take(text, {"when is", "when's", "when are", "when do i have to", "when must i", "when should i"}))
        return std::nullopt;
    if (const std::string_view end = " due"; plain(text).ends_with(end)) text.resize(text.size() - end.size());
    return Ask{Verb::when, text, {}};
}

/// `remove the tag shop from it`, `add #shop to the bread one`
std::optional<Ask> read_tag_of(std::string text) {
    const auto low = plain(text);
    const bool remove = low.starts_with("remove ");
    if (!remove && !low.starts_with("add ")) return std::nullopt;
    const bool named = take(text, {"remove the tag", "remove tag", "add the tag", "add tag"});
    if (!named) take(text, {"remove", "add"});
    Ask ask{remove ? Verb::untag : Verb::tag, {}, {}};
    if (!split_last(text, {remove ? "from" : "to"}, ask.value, ask.target)) return std::nullopt;
    const bool one_word = ask.value.find(' ') == std::string::npos;
    return one_word && (named || ask.value.starts_with('#')) ? std::optional(ask) : std::nullopt;
}

std::optional<Ask> read_tag(std::string text) {
    const bool remove = take(text, {"untag"});
    if (!remove && !take(text, {"tag"})) return std::nullopt;
    Ask ask{remove ? Verb::untag : Verb::tag, {}, {}};
    if (split_last(text, {"with", "as", "from"}, ask.target, ask.value)) return ask;
    const auto blank = text.rfind(' ');
    if (blank == std::string::npos) return std::nullopt;
    ask.target = text.substr(0, blank);
    ask.value = text.substr(blank + 1);
    return ask;
}

/// `I finished the report`, `the report is done`
std::optional<Ask> read_done(std::string text) {
    if (take(text, {"complete", "finish", "finished", "done with", "i did", "i have done", "i've done", "i finished",
                    "i have finished", "i've finished", "i completed", "i am done with", "i'm done with", "close",
                    "tick off", "check off"}))
        return Ask{Verb::complete, text, {}};
    const auto low = plain(text);
    for (const std::string_view end : {" is done", " is finished", " is completed", " is complete", " are done"})
        if (low.ends_with(end)) return Ask{Verb::complete, text.substr(0, text.size() - end.size()), {}};
    return std::nullopt;
}

std::optional<Ask> read_list(std::string text) {
    if (take(text, {"what did i finish", "what did i complete", "what did i do", "what have i done",
                    "what have i finished", "what have i completed", "what did i get done"}))
        return Ask{Verb::list, "completed " + text, {}};
    const bool asked = take(text, {"what do i have",
                                   "what is there to do",
                                   "what have i got",
                                   "what do i need to do",
                                   "what do i have to do",
                                   "what must i do",
                                   "do i have anything",
                                   "what should i do",
                                   "what about",
                                   "give me",
                                   "what is",
                                   "what's",
                                   "whats",
                                   "what are",
                                   "which tasks are",
                                   "which are",
                                   "which tasks",
                                   "show me",
                                   "show",
                                   "list",
                                   "find",
                                   "search for",
                                   "search",
                                   "how many tasks are",
                                   "how many are",
                                   "how many",
                                   "is there anything",
                                   "anything"});
    if (asked) return Ask{Verb::list, text, {}};
    if (is_one_of(plain(text), {"late", "overdue", "today", "tomorrow", "this week"})) return Ask{Verb::list, text, {}};
    return std::nullopt;
}

/// The end of `message` that has as many words as `text`, with line breaks and all.
std::string tail_of(std::string_view message, const std::string& text) {
    const auto whole = read_line(message);
    const auto count = read_line(text).words.size();
    if (count == 0 || count > whole.words.size()) return text;
    return whole.slice(whole.words[whole.words.size() - count].start, whole.length);
}

}  // namespace

std::string plain(std::string_view message) {
    auto out = single_spaced(message);
    for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return out;
}

Ask read_ask(std::string_view message) {
    auto text = single_spaced(message);
    take(text, {"please", "can you", "could you"});
    const auto low = plain(text);
    if (is_one_of(low, {"yes", "y", "ok", "okay", "sure", "do it", "go ahead", "confirm", "yes please", "yes do it"}))
        return {Verb::yes, {}, {}};
    if (is_one_of(low, {"no", "n", "cancel", "stop", "never mind", "nevermind", "none", "no thanks", "don't"}))
        return {Verb::no, {}, {}};
    if (is_one_of(low, {"undo", "undo that", "undo it", "take that back", "take it back", "put it back",
                        "put them back", "revert that"}))
        return {Verb::undo, {}, {}};
    if (is_one_of(low, {"help", "what can you do", "hello", "hi", "hey"})) return {Verb::help, {}, {}};
    if (is_one_of(low, {"next", "what's next", "what is next", "what next", "what now", "what should i do next",
                        "what should i do", "what should i do now"}))
        return {Verb::next, {}, {}};
    if (is_one_of(low, {"it's done", "that's done", "it is done"})) return {Verb::complete, "it", {}};
    if (is_one_of(low, {"thanks", "thank you", "thanks a lot", "many thanks", "thx", "cheers"}))
        return {Verb::thanks, {}, {}};
    for (const auto read : {read_repeat, read_mark, read_move, read_snooze, read_rename, read_tag_of, read_tag,
                            read_when, read_list, read_done})
        if (auto ask = read(text)) return *ask;
    if (auto ask = read_remind(text)) return *ask;
    if (take(text, {"reopen", "uncheck", "untick"})) return {Verb::reopen, text, {}};
    if (take(text, {"delete", "remove", "drop", "throw away", "get rid of", "cancel"})) return {Verb::remove, text, {}};
    if (take(text, {"add a task to", "add a task", "add task", "add", "create a task to", "create a task", "create",
                    "new task", "new", "remember to", "i need to", "i have to"}))
        return {Verb::add, {}, tail_of(message, text)};
    return {};
}

}  // namespace carillon::chat
