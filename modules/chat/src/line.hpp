// A quick-add line cut into words: what is quoted, escaped or description is settled here.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::chat {

/// A run without white space. Positions count code points of the line.
struct Word {
    std::size_t start = 0;
    std::size_t end = 0;
    std::string text;           ///< as it was typed
    std::string lower;          ///< ASCII letters in lower case, for comparing
    bool is_protected = false;  ///< quoted or escaped: title, whatever it says
    bool escaped = false;       ///< its backslash is dropped
};

struct Line {
    std::vector<Word> words;  ///< up to the description
    std::size_t length = 0;   ///< code points of the whole text
    std::optional<std::string> description;
    /// Code points of the description with its `//`; nothing where there is no visible one.
    std::optional<std::pair<std::size_t, std::size_t>> description_span;
    std::u32string characters;  ///< of the whole text

    /// The text between two positions, unchanged.
    std::string slice(std::size_t start, std::size_t end) const;
};

Line read_line(std::string_view text);

/// Unicode White_Space.
bool is_blank(char32_t c);
/// General category L*.
bool is_letter(char32_t c);
/// General category Nd: a digit of any script.
bool is_decimal(char32_t c);

}  // namespace carillon::chat
