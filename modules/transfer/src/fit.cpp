#include "carillon/text.hpp"
#include "formats.hpp"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>

namespace carillon::transfer {

namespace {
constexpr std::size_t max_title = 200;
constexpr std::size_t max_description = 10'000;
constexpr std::size_t max_tags = 10;
constexpr std::size_t max_tag = 50;

/// The first `count` characters.
std::string_view first_characters(std::string_view text, std::size_t count) {
    std::size_t bytes = 0;
    while (bytes < text.size() && count-- > 0) {
        ++bytes;
        while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
    }
    return text.substr(0, bytes);
}

/// Each character that `bad` names, with what stands for it.
template <class Replace>
std::string map_characters(std::string_view text, Replace replace) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        utf8proc_int32_t point = 0;
        const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                           static_cast<utf8proc_ssize_t>(text.size() - i), &point);
        if (size <= 0) return out;
        replace(out, text.substr(i, static_cast<std::size_t>(size)));
        i += static_cast<std::size_t>(size);
    }
    return out;
}

std::string without_control(std::string_view text, bool multiline) {
    return map_characters(text, [multiline](std::string& out, std::string_view character) {
        out += text::has_control(character, multiline) ? std::string_view(" ") : character;
    });
}

std::string cut(std::string text, std::size_t limit, std::string_view what, int line, std::vector<Problem>& problems) {
    if (text::length(text) <= limit) return text;
    problems.push_back({line, fmt::format("the {} was longer than {} characters and is cut", what, limit)});
    return std::string(text::trim(first_characters(text, limit)));
}
}  // namespace

std::string fit_title(std::string_view text, int line, std::vector<Problem>& problems) {
    return cut(std::string(text::trim(without_control(text, false))), max_title, "title", line, problems);
}

std::string fit_description(std::string_view text, int line, std::vector<Problem>& problems) {
    return cut(std::string(text::trim(without_control(text, true))), max_description, "description", line, problems);
}

std::vector<std::string> fit_tags(const std::vector<std::string>& names, int line, std::vector<Problem>& problems) {
    std::vector<std::string> out, folded;
    for (const auto& name : names) {
        auto fitted =
            map_characters(text::trim(text::normalize(name)), [](std::string& tag, std::string_view character) {
                // A mark alone is no tag name, so it is tried behind a letter.
                if (text::is_tag_name("a" + std::string(character)))
                    tag += character;
                else if (!tag.empty() && tag.back() != '-')
                    tag += '-';
            });
        while (!fitted.empty() && fitted.back() == '-') fitted.pop_back();
        fitted = std::string(first_characters(fitted, max_tag));
        if (!text::is_tag_name(fitted)) {
            if (!text::trim(name).empty()) problems.push_back({line, "a category that cannot be a tag is left out"});
            continue;
        }
        const auto key = text::fold(fitted);
        if (std::find(folded.begin(), folded.end(), key) != folded.end()) continue;
        if (out.size() == max_tags) {
            problems.push_back({line, fmt::format("only the first {} categories are kept as tags", max_tags)});
            break;
        }
        folded.push_back(key);
        out.push_back(std::move(fitted));
    }
    return out;
}

std::string uid_of(const task::Todo& todo) {
    return todo.import_key ? *todo.import_key : fmt::format("{}.{}@carillon", todo.id, todo.user_id);
}

Time stamp_of(const task::Todo& todo) {
    return todo.version == 1 && todo.import_stamp ? *todo.import_stamp : todo.updated_at;
}

}  // namespace carillon::transfer
