// Reading phrases off a line, word by word.
#pragma once

#include "line.hpp"

#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace carillon::chat {

/// Where reading stands: the next word, and the punctuation that the last one ended with.
struct At {
    std::size_t word = 0;
    char mark = 0;
};

/// Reads the parts of one word.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}
    /// A number of `min` to `max` digits, no digit after it.
    std::optional<int> digits(std::size_t min, std::size_t max) {
        std::size_t count = 0;
        while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') ++count;
        if (count < min || count > max) return std::nullopt;
        int value = 0;
        std::from_chars(rest_.data(), rest_.data() + count, value);
        rest_.remove_prefix(count);
        return value;
    }
    bool literal(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    std::string_view rest() const { return rest_; }
    bool done() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

class Reader {
public:
    explicit Reader(const Line& line) : words_(line.words) {}

    /// Takes the next word if `matches` takes it as it is, or without one of `, ; . : ! ?` at its end. Nothing can
    /// follow such a mark, but for a comma where comma() was asked.
    template <class Matches>
    bool take(At& at, Matches matches) const {
        if (at.mark != 0 || at.word >= words_.size() || words_[at.word].is_protected) return false;
        const std::string_view text = words_[at.word].lower;
        if (matches(text)) {
            ++at.word;
            return true;
        }
        if (text.size() < 2 || std::string_view(",;.:!?").find(text.back()) == std::string_view::npos) return false;
        if (!matches(text.substr(0, text.size() - 1))) return false;
        at = {at.word + 1, text.back()};
        return true;
    }
    bool literal(At& at, std::string_view text) const {
        return take(at, [text](std::string_view word) { return word == text; });
    }
    /// All of them, in order; none is taken where one is missing.
    bool literals(At& at, std::initializer_list<std::string_view> texts) const {
        auto ahead = at;
        for (const auto text : texts)
            if (!literal(ahead, text)) return false;
        at = ahead;
        return true;
    }
    bool one_of(At& at, std::initializer_list<std::string_view> texts) const {
        for (const auto text : texts)
            if (literal(at, text)) return true;
        return false;
    }
    /// Lets the phrase go on behind a comma, where one is natural.
    static void comma(At& at) {
        if (at.mark == ',') at.mark = 0;
    }

private:
    const std::vector<Word>& words_;
};

}  // namespace carillon::chat
