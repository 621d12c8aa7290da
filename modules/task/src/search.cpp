#include "search.hpp"

#include "carillon/text.hpp"

#include <algorithm>
#include <vector>

namespace carillon::task::search {
namespace {

constexpr char separator = '\x1f';  // control characters are refused in every field
constexpr std::size_t prefix_length = 8;
constexpr std::size_t most_grams = 3;  // of a term: more cost more than they tell, since hits are checked

/// The random end of the user's UUID. Two users sharing it would cost time only: every hit is checked.
std::string_view prefix_of(std::string_view user_id) {
    return user_id.substr(user_id.size() - std::min(user_id.size(), prefix_length));
}

/// The trigrams of code points, each once.
std::vector<std::string_view> trigrams_of(std::string_view text) {
    std::vector<std::size_t> starts;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
    }
    starts.push_back(text.size());
    std::vector<std::string_view> trigrams;
    for (std::size_t i = 0; i + 3 < starts.size(); ++i) {
        const auto trigram = text.substr(starts[i], starts[i + 3] - starts[i]);
        if (trigram.find(separator) == std::string_view::npos) trigrams.push_back(trigram);
    }
    std::sort(trigrams.begin(), trigrams.end());
    trigrams.erase(std::unique(trigrams.begin(), trigrams.end()), trigrams.end());
    return trigrams;
}

/// How rare a trigram is likely to be: reading the list of a common one costs as much as the rest of the search.
std::size_t rarity(std::string_view trigram) {
    static constexpr std::string_view by_frequency = " etaoinshrdlcumwfgypbvkjxqz";  // in English; the rest is rarer
    std::size_t sum = 0;
    for (const char c : trigram) sum += std::min(by_frequency.find(c), by_frequency.size());
    return sum;
}

/// The user's prefix and the trigram's bytes in hex.
std::string token(std::string_view user_id, std::string_view trigram) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string out(prefix_of(user_id));
    for (const unsigned char c : trigram) {
        out += hex[c >> 4];
        out += hex[c & 15];
    }
    return out;
}

std::string tokens(std::string_view user_id, std::string_view text) {
    std::string out;
    for (const auto trigram : trigrams_of(text)) out.append(token(user_id, trigram)).append(" ");
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
    tx.exec("INSERT INTO task_grams (rowid, grams) VALUES (:id, :grams)", todo.id, tokens(todo.user_id, text));
}

void remove(db::Transaction& tx, const Todo& todo, const std::string& text) {
    if (tx.backend() != db::Backend::sqlite) return;
    tx.exec("INSERT INTO task_grams (task_grams, rowid, grams) VALUES ('delete', :id, :grams)", todo.id,
            tokens(todo.user_id, text));
}

std::optional<std::string> match(std::string_view user_id, std::string_view term, std::string_view tag) {
    std::string out;
    for (const auto text : {term, tag}) {
        auto trigrams = trigrams_of(text);
        std::stable_sort(trigrams.begin(), trigrams.end(), [](auto a, auto b) { return rarity(a) > rarity(b); });
        trigrams.resize(std::min(trigrams.size(), most_grams));
        for (const auto trigram : trigrams)
            out.append(out.empty() ? "\"" : " AND \"").append(token(user_id, trigram)).append("\"");
        if (out.empty()) return std::nullopt;
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
