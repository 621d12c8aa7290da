#include "sql_text.hpp"

#include <algorithm>

namespace carillon::db {
namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool in_name(char c) { return starts_name(c) || (c >= '0' && c <= '9'); }

/// The position after the comment that starts at `at`, or `at` when none does.
std::size_t skip_comment(std::string_view sql, std::size_t at) {
    const auto start = sql.substr(at, 2);
    if (start == "--") return std::min(sql.find('\n', at), sql.size());
    if (start != "/*") return at;
    const auto end = sql.find("*/", at + 2);
    return end == sql.npos ? sql.size() : end + 2;
}

/// The position after the quoted text that starts at `at`. A doubled quote is two quoted texts side by side: the same
/// end.
std::size_t skip_quoted(std::string_view sql, std::size_t at) {
    const auto end = sql.find(sql[at], at + 1);
    return end == sql.npos ? sql.size() : end + 1;
}

}  // namespace

SqlText parse_sql(std::string_view sql) {
    SqlText parsed;
    parsed.text.reserve(sql.size());
    for (std::size_t at = 0; at < sql.size();) {
        std::size_t end = at + 1;
        if (const auto after = skip_comment(sql, at); after != at) {
            parsed.text += ' ';
            at = after;
            continue;
        }
        if (sql[at] == '\'' || sql[at] == '"') {
            end = skip_quoted(sql, at);
        } else if (sql.substr(at, 2) == "::") {
            end = at + 2;
        } else if (sql[at] == ':' && end < sql.size() && starts_name(sql[end])) {
            while (end < sql.size() && in_name(sql[end])) ++end;
            std::string name{sql.substr(at + 1, end - at - 1)};
            if (std::find(parsed.names.begin(), parsed.names.end(), name) == parsed.names.end()) {
                parsed.names.push_back(std::move(name));
            }
        }
        parsed.text += sql.substr(at, end - at);
        at = end;
    }
    return parsed;
}

}  // namespace carillon::db
