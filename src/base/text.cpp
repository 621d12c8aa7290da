#include "carillon/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace carillon::text {
namespace {

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

/// The first code point of `text` and how many bytes it takes; -1 and 1 where it is not UTF-8.
struct CodePoint {
    utf8proc_int32_t value;
    std::size_t size;
};
CodePoint first(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return {lead, 1};
    utf8proc_int32_t value = -1;
    const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &value);
    return size > 0 ? CodePoint{value, static_cast<std::size_t>(size)} : CodePoint{-1, 1};
}

CodePoint last(std::string_view text) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    return {first(text.substr(start)).value, text.size() - start};
}

/// Unicode's White_Space, and the zero-width blanks that come along when people paste.
bool is_blank(utf8proc_int32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 ||
           c == 0x3000 || c == 0xFEFF;
}

std::string map(std::string_view text, int options) {
    utf8proc_uint8_t* out = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &out, static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(out, &std::free);
    if (size < 0) throw std::invalid_argument(std::string("not UTF-8: ") + utf8proc_errmsg(size));
    return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto c = first(text);
        if (c.value < 0) return false;
        text.remove_prefix(c.size);
    }
    return true;
}

std::size_t length(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string_view trim(std::string_view text) {
    while (!text.empty()) {
        const auto c = first(text);
        if (!is_blank(c.value)) break;
        text.remove_prefix(c.size);
    }
    while (!text.empty()) {
        const auto c = last(text);
        if (!is_blank(c.value)) break;
        text.remove_suffix(c.size);
    }
    return text;
}

std::string fold(std::string_view text) {
    std::string folded(text);
    if (is_ascii(text)) {
        for (char& c : folded) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
        }
        return folded;
    }
    // Folding can yield what composes or folds again (U+0345 and its like), so it is repeated until nothing changes.
    for (int round = 0; round < 4; ++round) {
        auto next = map(folded, UTF8PROC_CASEFOLD);
        if (next == folded) break;
        folded = std::move(next);
    }
    return folded;
}

std::string normalize(std::string_view text) { return is_ascii(text) ? std::string(text) : map(text, 0); }

bool has_control(std::string_view text, bool multiline) {
    while (!text.empty()) {
        const auto [c, size] = first(text);
        text.remove_prefix(size);
        if (multiline && (c == '\t' || c == '\n' || c == '\r')) continue;
        if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
        if ((c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE) return true;
    }
    return false;
}

bool is_tag_name(std::string_view text) {
    bool any = false;
    bool after_letter = false;
    while (!text.empty()) {
        const auto [c, size] = first(text);
        text.remove_prefix(size);
        if (c < 0) return false;
        switch (utf8proc_category(c)) {
            case UTF8PROC_CATEGORY_LU:
            case UTF8PROC_CATEGORY_LL:
            case UTF8PROC_CATEGORY_LT:
            case UTF8PROC_CATEGORY_LM:
            case UTF8PROC_CATEGORY_LO:
                any = after_letter = true;
                break;
            case UTF8PROC_CATEGORY_MN:
            case UTF8PROC_CATEGORY_MC:
            case UTF8PROC_CATEGORY_ME:
                if (!after_letter) return false;
                break;
            case UTF8PROC_CATEGORY_ND:
                any = true;
                after_letter = false;
                break;
            default:
                if (c != '-') return false;
                after_letter = false;
        }
    }
    return any;
}

}  // namespace carillon::text
