// Check lists in CommonMark documents: `- [ ] open`, `1. [x] done`. cmark finds the list items, so that examples in
// code blocks are no tasks and every entry knows its line.
#include "carillon/ids.hpp"
#include "carillon/text.hpp"
#include "formats.hpp"

#include <cmark.h>
#include <fmt/format.h>

#include <map>
#include <memory>

namespace carillon::transfer {

namespace {

/// Text of a paragraph without its markup.
std::string plain_text(cmark_node* node) {
    std::string out;
    const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> iter(cmark_iter_new(node), cmark_iter_free);
    for (auto event = cmark_iter_next(iter.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iter.get())) {
        auto* current = cmark_iter_get_node(iter.get());
        switch (cmark_node_get_type(current)) {
            case CMARK_NODE_TEXT:
            case CMARK_NODE_CODE:
            case CMARK_NODE_HTML_INLINE:
                out += cmark_node_get_literal(current);
                break;
            case CMARK_NODE_SOFTBREAK:
            case CMARK_NODE_LINEBREAK:
                out += ' ';
                break;
            default:
                break;
        }
    }
    return out;
}

class Reader {
public:
    Reader(std::string_view file_name) : file_name_(file_name) {}

    Parsed read(std::string_view bytes) {
        const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> document(
            cmark_parse_document(bytes.data(), bytes.size(), CMARK_OPT_DEFAULT), cmark_node_free);
        const std::unique_ptr<cmark_iter, decltype(&cmark_iter_free)> iter(cmark_iter_new(document.get()),
                                                                           cmark_iter_free);
        for (auto event = cmark_iter_next(iter.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iter.get()))
            if (event == CMARK_EVENT_ENTER && cmark_node_get_type(cmark_iter_get_node(iter.get())) == CMARK_NODE_ITEM)
                item(cmark_iter_get_node(iter.get()));
        return std::move(parsed_);
    }

private:
    void item(cmark_node* node) {
        auto* first = cmark_node_first_child(node);
        if (first == nullptr || cmark_node_get_type(first) != CMARK_NODE_PARAGRAPH) return;
        const auto text = plain_text(first);
        const int line = cmark_node_get_start_line(node);
        if (text.size() < 3 || text[0] != '[' || text[2] != ']') return;
        if (text[1] != ' ' && text[1] != 'x' && text[1] != 'X') return;
        if (text.size() > 3 && text[3] != ' ' && text[3] != '\t') return;  // `[x](link)`

        Entry entry;
        entry.line = line;
        entry.completed = text[1] != ' ';
        entry.task.title = fit_title(std::string_view(text).substr(3), line, parsed_.problems);
        if (entry.task.title.empty()) {
            parsed_.problems.push_back({line, "the entry has no text"});
            return;
        }
        const auto notes = notes_below(first);
        if (!notes.empty()) entry.task.description = fit_description(notes, line, parsed_.problems);
        const int ordinal = ++seen_[entry.task.title];
        entry.key =
            sha256_hex(fmt::format("{}\n{}\n{}", file_name_, entry.task.title, ordinal)).substr(0, 32) + "@markdown";
        parsed_.entries.push_back(std::move(entry));
    }

    /// Further paragraphs of the item belong to the task; lists below it have entries of their own.
    static std::string notes_below(cmark_node* first) {
        std::string out;
        for (auto* next = cmark_node_next(first); next != nullptr; next = cmark_node_next(next)) {
            const auto type = cmark_node_get_type(next);
            std::string text;
            if (type == CMARK_NODE_PARAGRAPH)
                text = plain_text(next);
            else if (type == CMARK_NODE_CODE_BLOCK)
                text = cmark_node_get_literal(next);
            if (!text.empty()) out += (out.empty() ? "" : "\n\n") + text;
        }
        return out;
    }

    std::string file_name_;
    Parsed parsed_;
    std::map<std::string, int> seen_;
};

}  // namespace

Parsed read_markdown(std::string_view bytes, std::string_view file_name) { return Reader(file_name).read(bytes); }

}  // namespace carillon::transfer
