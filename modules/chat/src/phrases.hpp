// The phrases of a line, and which of them count.
#pragma once

#include "chat/quick_add.hpp"
#include "moment.hpp"
#include "repetition.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carillon::chat {

/// `until jan 5`
struct Until {
    When last;
};

/// `remind 1h before`, `remind me tomorrow`: one of the three.
struct Reminder {
    std::optional<minutes> before;      ///< elapsed time
    std::optional<Amount> days_before;  ///< calendar days and longer, at `when.clock` if that is said
    When when;
};

struct Tag {
    std::string name;
};

using Meaning = std::variant<When, Repetition, Until, Reminder, task::Priority, Tag>;

/// Words `first` to `last` (exclusive) of the line.
struct Phrase {
    std::size_t first = 0;
    std::size_t last = 0;
    Meaning meaning;
    bool strong = true;
    bool introduced = true;  ///< lifts the guard words
    bool ambiguous = false;  ///< counts only beside another phrase
    char mark = 0;           ///< punctuation it ends with

    Kind kind() const;
    template <class T>
    const T* as() const {
        return std::get_if<T>(&meaning);
    }
};

/// Every phrase that no guard word holds back, left to right.
std::vector<Phrase> find_phrases(const Line& line, const Present& present);

/// What the line asks for. Phrases that were joined stand in `due`, day first.
struct Chosen {
    std::vector<const Phrase*> due;
    const Phrase* repetition = nullptr;
    const Phrase* until = nullptr;
    const Phrase* reminder = nullptr;
    const Phrase* priority = nullptr;
    std::vector<const Phrase*> tags;

    /// All of them, left to right.
    std::vector<const Phrase*> all() const;
};

/// Applies the edge rule, one value per field, and joining.
Chosen choose(const std::vector<Phrase>& phrases, std::size_t words);

}  // namespace carillon::chat
