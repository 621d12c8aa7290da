// Reading the list's query parameters, and its cursors.
#include "carillon/text.hpp"
#include "listing.hpp"
#include "search.hpp"
#include "tag/tag.hpp"
#include "wire.hpp"

#include <sodium.h>

#include <charconv>

namespace carillon::task::listing {
namespace {

constexpr std::int64_t last_page = 1'000'000;
constexpr std::size_t longest_search = 200;
constexpr std::size_t longest_cursor = 2048;
constexpr std::string_view sort_names[] = {"created_at", "due_date", "priority", "title"};

std::string tag_of(Sort sort, bool descending) {
    return std::string(1, "cdpt"[static_cast<int>(sort)]) + (descending ? 'd' : 'a');
}

std::optional<std::int64_t> number_of(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::string> read_search(http::Query& query) {
    const auto text = query.text("search");
    if (!text) return std::nullopt;
    if (!text::is_utf8(*text) || text::has_control(*text, false)) {
        query.error("search", "must be text without control characters");
        return std::nullopt;
    }
    const auto term = text::trim(*text);
    if (const auto length = text::length(term); length < 1 || length > longest_search) {
        query.error("search", "must be 1 to 200 characters");
        return std::nullopt;
    }
    return text::fold(term);
}

std::optional<std::string> read_tag(http::Query& query) {
    const auto text = query.text("tag");
    if (!text) return std::nullopt;
    auto name =
        text::is_utf8(*text) ? tag::check_name(*text) : Result<std::string>(Error{Errc::invalid, "must be UTF-8"});
    if (name) return std::move(*name);
    query.error("tag", name.error().detail);
    return std::nullopt;
}

}  // namespace

std::string encode(const Cursor& cursor, Sort sort, bool descending) {
    const auto plain = tag_of(sort, descending) + std::to_string(cursor.id) + ":" +
                       (cursor.number ? std::to_string(*cursor.number) : "") + ":" + cursor.text;
    constexpr auto variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string out(sodium_base64_encoded_len(plain.size(), variant), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(plain.data()), plain.size(),
                      variant);
    out.pop_back();  // the terminating NUL
    return out;
}

std::optional<Cursor> decode(std::string_view text, Sort sort, bool descending) {
    std::string plain(text.size(), '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    if (text.empty() || text.size() > longest_cursor ||
        sodium_base642bin(reinterpret_cast<unsigned char*>(plain.data()), plain.size(), text.data(), text.size(),
                          nullptr, &size, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        end != text.data() + text.size()) {
        return std::nullopt;
    }
    plain.resize(size);
    if (!plain.starts_with(tag_of(sort, descending)) || !text::is_utf8(plain) || plain.find('\0') != std::string::npos)
        return std::nullopt;
    const auto first = plain.find(':');
    const auto second = first == std::string::npos ? first : plain.find(':', first + 1);
    if (second == std::string::npos) return std::nullopt;
    const auto id = number_of(std::string_view(plain).substr(2, first - 2));
    const auto middle = std::string_view(plain).substr(first + 1, second - first - 1);
    Cursor cursor;
    cursor.number = number_of(middle);
    if (!id || (!middle.empty() && !cursor.number) || (sort == Sort::priority && !cursor.number)) return std::nullopt;
    cursor.id = *id;
    cursor.text = plain.substr(second + 1);
    return cursor;
}

Result<Query> read(const http::Request& request) {
    http::Query query(request);
    Query list;
    if (const auto status = query.choice("status", {"active", "completed", "all"}); status && *status != "all") {
        list.status = *status == "active" ? Status::active : Status::completed;
    }
    if (const auto priority = query.choice("priority", {"low", "medium", "high"}))
        list.priority = wire::priority_of(*priority);
    list.tag = read_tag(query);
    if (const auto time = query.instant("due_before")) list.due_before = to_micros(*time);
    if (const auto time = query.instant("due_after")) list.due_after = to_micros(*time);
    list.search = read_search(query);
    if (const auto sort = query.choice("sort", {sort_names[0], sort_names[1], sort_names[2], sort_names[3]})) {
        while (sort_names[static_cast<int>(list.sort)] != *sort)
            list.sort = static_cast<Sort>(static_cast<int>(list.sort) + 1);
    }
    if (const auto order = query.choice("order", {"asc", "desc"})) list.descending = *order == "desc";
    const auto page = query.integer("page", 1, last_page);
    list.page = page.value_or(1);
    list.limit = query.integer("limit", 1, 100).value_or(list.limit);
    list.at = query.instant("at");
    if (const auto cursor = query.text("cursor")) {
        list.cursor = decode(*cursor, list.sort, list.descending);
        if (!list.cursor) query.error("cursor", "is not one of a list with this sort and order");
        if (page) query.error("page", "must not be given with cursor");
    }
    if (auto sound = query.finish(); !sound) return sound.error();
    return list;
}

db::ReadKind kind_of(const Query& query, db::Backend backend) {
    if (query.at) return db::ReadKind::scan;
    const bool indexed = !query.search || (backend == db::Backend::sqlite && text::length(*query.search) >= 3);
    return indexed ? db::ReadKind::point : db::ReadKind::scan;
}

}  // namespace carillon::task::listing
