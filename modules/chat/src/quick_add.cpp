#include "chat/quick_add.hpp"

#include "line.hpp"

namespace carillon::chat {

QuickAdd quick_add(std::string_view text, Time, std::string_view) {
    const auto line = read_line(text);
    QuickAdd out;
    for (const auto& word : line.words) {
        if (!out.title.empty()) out.title += ' ';
        out.title += word.escaped ? word.text.substr(1) : word.text;
    }
    out.description = line.description;
    if (const auto& span = line.description_span)
        out.spans.push_back({span->first, span->second, Kind::description, line.slice(span->first, span->second)});
    if (out.title.empty()) out.errors.push_back({"title_empty", 0, line.length});
    return out;
}

}  // namespace carillon::chat
