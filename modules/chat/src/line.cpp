#include "line.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace carillon::chat {
namespace {

constexpr std::string_view closing_marks = ",;.:!?";

std::u32string decode(std::string_view text) {
    std::u32string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        utf8proc_int32_t c = 0;
        const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                           static_cast<utf8proc_ssize_t>(text.size() - i), &c);
        if (size <= 0) {  // not UTF-8: each stray byte is a replacement character
            out.push_back(0xFFFD);
            ++i;
            continue;
        }
        out.push_back(static_cast<char32_t>(c));
        i += static_cast<std::size_t>(size);
    }
    return out;
}

std::string encode(std::u32string_view characters) {
    std::string out;
    for (const char32_t c : characters) {
        utf8proc_uint8_t bytes[4];
        const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return out;
}

bool is_break(char32_t c) { return c == '\n' || c == '\r'; }
bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool opens_quote(char32_t c) { return c == '"' || c == U'“'; }
bool closes_quote(char32_t c) { return c == '"' || c == U'”'; }

class Reader {
public:
    explicit Reader(std::string_view text) {
        line_.characters = decode(text);
        line_.length = line_.characters.size();
        const auto first = std::find_if(line_.characters.begin(), line_.characters.end(), is_break);
        limit_ = static_cast<std::size_t>(first - line_.characters.begin());
    }

    Line read() {
        split();
        for (std::size_t i = 0; i < line_.words.size(); ++i) {
            auto& word = line_.words[i];
            if (escape(word)) continue;
            if (const auto end = quoted_until(i)) {
                for (auto k = i; k <= *end; ++k) line_.words[k].is_protected = true;
                i = *end;
                continue;
            }
            if (word.text != "//") continue;
            describe(word.start, word.end);
            line_.words.resize(i);
            return std::move(line_);
        }
        if (limit_ < line_.length) describe(limit_, limit_);
        return std::move(line_);
    }

private:
    void split() {
        for (std::size_t at = 0; at < limit_;) {
            if (is_blank(line_.characters[at])) {
                ++at;
                continue;
            }
            Word word;
            word.start = at;
            while (at < limit_ && !is_blank(line_.characters[at])) ++at;
            word.end = at;
            word.text = line_.slice(word.start, word.end);
            word.lower = word.text;
            for (auto& c : word.lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            line_.words.push_back(std::move(word));
        }
    }

    bool escape(Word& word) const {
        if (word.end - word.start < 2 || line_.characters[word.start] != '\\') return false;
        const auto next = line_.characters[word.start + 1];
        const bool covered = is_ascii_letter(next) || is_digit(next) || is_letter(next) ||
                             std::u32string_view(U"#!/@\"").find(next) != std::u32string_view::npos;
        if (!covered) return false;
        word.escaped = word.is_protected = true;
        return true;
    }

    /// Whether the word ends with a closing quote, punctuation aside, that is not its opening one.
    bool closes(const Word& word, std::size_t from) const {
        auto last = word.end;
        while (last > from && closing_marks.find(static_cast<char>(line_.characters[last - 1])) != closing_marks.npos &&
               line_.characters[last - 1] < 0x80)
            --last;
        return last > from && closes_quote(line_.characters[last - 1]);
    }

    /// The index of the word that closes the quote that word `i` opens.
    std::optional<std::size_t> quoted_until(std::size_t i) const {
        const auto& words = line_.words;
        if (!opens_quote(line_.characters[words[i].start])) return std::nullopt;
        if (closes(words[i], words[i].start + 1)) return i;
        for (auto k = i + 1; k < words.size(); ++k)
            if (closes(words[k], words[k].start)) return k;
        return std::nullopt;
    }

    /// What follows `after` is description; its span begins at `start`, or at the first visible character.
    void describe(std::size_t start, std::size_t after) {
        const auto& all = line_.characters;
        auto from = after, upto = line_.length;
        while (from < upto && is_blank(all[from])) ++from;
        while (upto > from && is_blank(all[upto - 1])) --upto;
        if (from < upto) line_.description = line_.slice(from, upto);
        const bool marked = after > start;
        if (marked || from < upto) line_.description_span = {marked ? start : from, from < upto ? upto : after};
    }

    Line line_;
    std::size_t limit_ = 0;  // the first line break, or the end
};

}  // namespace

bool is_blank(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_letter(char32_t c) {
    const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_ND; }

std::string Line::slice(std::size_t start, std::size_t end) const {
    return encode(std::u32string_view(characters).substr(start, end - start));
}

Line read_line(std::string_view text) { return Reader(text).read(); }

}  // namespace carillon::chat
