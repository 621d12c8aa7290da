// GET /api/todos: filters, sorts and both kinds of paging.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/http/router.hpp"
#include "task/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::task::listing {

enum class Sort { created_at, due_date, priority, title };

/// Where the page before ended.
struct Cursor {
    std::int64_t id = 0;
    std::optional<std::int64_t> number;  ///< due date (nothing: none) or priority
    std::string text;                    ///< title key
};

struct Query {
    std::optional<Status> status;
    std::optional<Priority> priority;
    std::optional<std::string> tag;
    std::optional<std::int64_t> due_before, due_after;
    std::optional<std::string> search;  ///< folded
    Sort sort = Sort::created_at;
    bool descending = true;
    std::int64_t page = 1;
    std::int64_t limit = 20;
    std::optional<Cursor> cursor;
    std::optional<Time> at;  ///< as the list was then
};

struct Total {
    std::int64_t n = 0;
    bool capped = false;  ///< there are more than n
};

struct Page {
    std::string items;  ///< bodies, joined by commas
    std::int64_t size = 0;
    bool more = false;
    Cursor last;
};

/// Opaque, tied to the sort and its order.
std::string encode(const Cursor& cursor, Sort sort, bool descending);
std::optional<Cursor> decode(std::string_view text, Sort sort, bool descending);

/// Fails with: invalid.
Result<Query> read(const http::Request& request);

/// Whether the answer may need to look through many tasks.
db::ReadKind kind_of(const Query& query, db::Backend backend);

/// `{items,total,page,limit,pages,next_cursor}`, `total_capped`, and `Link` to the next page.
http::Response answer(db::Session& session, std::string_view user_id, const Query& query, const http::Request& request);

/// The same answer from the list as it was: all of its Todos, in no order.
http::Response answer_past(const std::vector<boost::json::object>& todos, const Query& query,
                           const http::Request& request);

/// The answer of a page that was found.
http::Response answer_page(const Page& page, const Total& total, const Query& query, const http::Request& request);

}  // namespace carillon::task::listing
