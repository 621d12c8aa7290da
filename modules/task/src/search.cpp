#include "search.hpp"

#include "carillon/text.hpp"

#include <algorithm>
#include <vector>

namespace carillon::task::search {
namespace {

constexpr char separator = '\x1f';  // control characters are refused in every field
constexpr std::size_t prefix_length = 8;
constexpr std::size_t most_grams =
    4;  // of a term, spread over it: more cost more than they tell, since hits are checked

/// The random end of the user's UUID. Two users sharing it would cost time only: every hit is checked.
std::string_view prefix_of(std::string_view user_id) {
    return user_id.substr(user_id.size() - std::min(user_id.size(), prefix_length));
}

/// One token for each trigram of code points, each once: the user's prefix and the trigram's bytes in hex.
std::vector<std::string> grams(std::string_view user_id, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
    }
    starts.push_back(text.size());
    std::vector<std::string_view> trigrams;
    for (std::size_t i = 0; i + 3 < starts.size(); ++i)
        trigrams.push_back(text.substr(starts[i], starts[i + 3] - starts[i]));
    std::sort(trigrams.begin(), trigrams.end());
    trigrams.erase(std::unique(trigrams.begin(), trigrams.end()), trigrams.end());
    std::vector<std::string> tokens;
    tokens.reserve(trigrams.size());
    for (const auto trigram : trigrams) {
        if (trigram.find(separator) != std::string_view::npos) continue;
        std::string token(prefix_of(user_id));
        for (const unsigned char c : trigram) {
            token += hex[c >> 4];
            token += hex[c & 15];
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

std::string joined(const std::vector<std::string>& tokens) {
    std::string out;
    for (const auto& token : tokens) out.append(token).append(" ");
    return out;
}

}  // namespace

std::string text_of(const Todo& todo) {
    auto text = text::fold(todo.title);
    text += separator;
    if (todo.description) text += text::fold(*todo.description);
    for (const auto& tag : todo.tags) (text += separator) += text::fold(tag);
    return text;
}

void add(db::Transaction& tx, const Todo& todo, const std::string& text) {
    if (tx.backend() != db::Backend::sqlite) return;
    tx.exec("INSERT INTO task_grams (rowid, grams) VALUES (:id, :grams)", todo.id, joined(grams(todo.user_id, text)));
}

void remove(db::Transaction& tx, const Todo& todo, const std::string& text) {
    if (tx.backend() != db::Backend::sqlite) return;
    tx.exec("INSERT INTO task_grams (task_grams, rowid, grams) VALUES ('delete', :id, :grams)", todo.id,
            joined(grams(todo.user_id, text)));
}

std::optional<std::string> match(std::string_view user_id, std::string_view term) {
    const auto tokens = grams(user_id, term);
    if (tokens.empty()) return std::nullopt;
    std::string out;
    const auto step = (tokens.size() + most_grams - 1) / most_grams;
    for (std::size_t i = 0; i < tokens.size(); i += step) {
        if (!out.empty()) out += " AND ";
        out.append("\"").append(tokens[i]).append("\"");
    }
    return out;
}

std::string like(std::string_view term) {
    std::string pattern = "%";
    for (const char c : term) {
        if (c == '%' || c == '_' || c == '!') pattern += '!';
        pattern += c;
    }
    return pattern += '%';
}

}  // namespace carillon::task::search
