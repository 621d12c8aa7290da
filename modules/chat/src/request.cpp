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

/// The words of a message, single-spaced, as they were typed.
std::string single_spaced(std::string_view message) {
    std::string out;
    for (const auto& word : read_line(message).words) out += (out.empty() ? "" : " ") + word.text;
    while (!out.empty() && std::string_view(".!?,;").find(out.back()) != std::string_view::npos) out.pop_back();
    return out;
}

/// `mark X as done`, `make X high priority`, `set X to low`.
std::optional<Ask> read_mark(std::string text) {
    if (!take(text, {"mark", "make", "set", "tick off", "check off", "tick", "check"})) return std::nullopt;
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
    if (!take(text, {"move", "reschedule", "postpone", "push", "shift", "defer", "delay"})) return std::nullopt;
    Ask ask{Verb::move, {}, {}};
    if (split_last(text, {"to", "until", "till"}, ask.target, ask.value)) return ask;
    ask.target = text;
    return ask;
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

std::optional<Ask> read_list(std::string text) {
    const bool asked = take(text, {"what do i have",
                                   "what is there to do",
                                   "what have i got",
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
    for (const auto read : {read_mark, read_move, read_tag, read_list})
        if (auto ask = read(text)) return *ask;
    if (auto ask = read_remind(text)) return *ask;
    if (take(text, {"complete", "finish", "done with", "i did", "i have done", "close"}))
        return {Verb::complete, text, {}};
    if (take(text, {"reopen", "uncheck", "untick"})) return {Verb::reopen, text, {}};
    if (take(text, {"delete", "remove", "drop", "throw away"})) return {Verb::remove, text, {}};
    if (take(text, {"add a task to", "add a task", "add task", "add", "create a task to", "create a task", "create",
                    "new task", "new", "remember to", "i need to", "i have to"}))
        return {Verb::add, {}, tail_of(message, text)};
    return {};
}

}  // namespace carillon::chat
