// Finding a page. First the total, from counters or counted up to 1,000. A list that short is collected through the
// index of its most telling filter and sorted; a longer one is walked in the order asked for until the page is full.
#include "listing.hpp"

#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "search.hpp"
#include "tag/tag.hpp"

#include <algorithm>
#include <vector>

namespace carillon::task::listing {
namespace {

constexpr std::int64_t counted_exactly = 1000;

/// SQL put together with its parameters, which must outlive it.
struct Statement {
    std::string text;
    std::vector<db::Param> params;

    Statement& add(std::string_view sql) {
        text += sql;
        return *this;
    }
    template <class T>
    Statement& add(std::string_view sql, const T& value) {
        params.emplace_back(value);
        return add(sql);
    }
};

class Finder {
public:
    Finder(db::Session& session, std::string_view user_id, const Query& query)
        : session_(session), user_(user_id), query_(query) {
        if (query.tag) tag_ = tag::find_in(session, user_id, *query.tag);
        if (query.search && session.backend() == db::Backend::sqlite)
            match_ = search::match(user_id, *query.search, tag_ ? text::fold(tag_->name) : std::string());
        if (query.search && session.backend() == db::Backend::postgresql) like_ = search::like(*query.search);
    }

    bool hopeless() const { return query_.tag && !tag_; }
    Total total();
    Page page(const Total& total);

private:
    enum class Driver { tasks, tag, search };

    Driver driver_for(bool collect) const;
    std::string_view id_column(Driver driver) const;
    void from(Statement& sql, Driver driver, bool collect);
    void filter(Statement& sql, Driver driver, bool collect);
    void run(Statement& sql, Driver driver, std::int64_t offset, Page& page);
    void key_filter(Statement& sql, Driver driver);
    void due_page(Driver driver, bool collect, Page& page);
    std::int64_t count(bool with_due_only, std::int64_t limit);

    db::Session& session_;
    std::string_view user_;
    const Query& query_;
    std::optional<tag::Tag> tag_;
    std::optional<std::string> match_;
    std::string like_;
};

Finder::Driver Finder::driver_for(bool collect) const {
    const bool walk_sorted = !collect && query_.sort != Sort::created_at;
    if (match_ && !walk_sorted) return Driver::search;
    if (tag_ && !walk_sorted) return Driver::tag;
    return Driver::tasks;
}

std::string_view Finder::id_column(Driver driver) const {
    switch (driver) {
        case Driver::tasks:
            return "t.id";
        case Driver::tag:
            return "g.task_id";
        case Driver::search:
            return "g.rowid";
    }
    return "t.id";
}

void Finder::from(Statement& sql, Driver driver, bool collect) {
    // CROSS JOIN: SQLite takes the tables in this order.
    switch (driver) {
        case Driver::search:
            sql.add(" FROM task_grams g CROSS JOIN tasks t WHERE g.task_grams MATCH :match AND t.id = g.rowid",
                    *match_);
            sql.add(" AND t.user_id = :user", user_);
            break;
        case Driver::tag:
            sql.add(" FROM task_tags g CROSS JOIN tasks t WHERE g.user_id = :user", user_);
            sql.add(" AND g.tag_id = :tag AND t.user_id = :user AND t.id = g.task_id", tag_->id);
            break;
        case Driver::tasks:
            sql.add(" FROM tasks t WHERE t.user_id = :user", user_);
            break;
    }
    sql.add(" AND t.deleted_at IS NULL");
    filter(sql, driver, collect);
}

void Finder::filter(Statement& sql, Driver driver, bool collect) {
    // A plus sign keeps an index on the column from being chosen over the one that has the order.
    const bool walk_sorted = !collect && query_.sort != Sort::created_at;
    const std::string plus = walk_sorted ? "+" : "";
    if (query_.status) sql.add(" AND " + plus + "t.status = :status", static_cast<int>(*query_.status));
    if (query_.priority) {
        const bool second = query_.status && !collect;
        sql.add(" AND " + std::string(second ? "+" : plus) + "t.priority = :priority",
                static_cast<int>(*query_.priority));
    }
    const std::string due = collect || query_.sort == Sort::due_date ? " AND t.due_at" : " AND +t.due_at";
    if (query_.due_before) sql.add(due + " < :before", *query_.due_before);
    if (query_.due_after) sql.add(due + " > :after_due", *query_.due_after);
    if (query_.search) {
        if (session_.backend() == db::Backend::sqlite)
            sql.add(" AND instr(t.search, :term) > 0", *query_.search);
        else
            sql.add(" AND t.search LIKE :pattern ESCAPE '!'", like_);
    }
    if (tag_ && driver != Driver::tag) {
        // By the driver's own id, so that a hit without the tag is dropped before its task is read.
        sql.add(" AND EXISTS (SELECT 1 FROM task_tags e WHERE e.user_id = :user AND e.tag_id = :tag", tag_->id);
        sql.add(" AND e.task_id = " + std::string(id_column(driver)) + ")");
    }
}

std::int64_t Finder::count(bool with_due_only, std::int64_t limit) {
    Statement sql;
    sql.add("SELECT count(*) FROM (SELECT 1");
    from(sql, driver_for(true), true);
    if (with_due_only) sql.add(" AND t.due_at IS NOT NULL");
    sql.add(" LIMIT :limit) AS found", limit);
    return std::get<0>(session_.query_with<std::int64_t>(sql.text, sql.params).front());
}

Total Finder::total() {
    const bool ranged = query_.due_before || query_.due_after || query_.search;
    if (!ranged && tag_ && !query_.priority) {
        if (!query_.status) return {tag_->active + tag_->completed};
        return {*query_.status == Status::active ? tag_->active : tag_->completed};
    }
    if (!ranged && !tag_) {
        Statement sql;
        sql.add("SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM task_counts WHERE user_id = :user", user_);
        if (query_.status) sql.add(" AND status = :status", static_cast<int>(*query_.status));
        if (query_.priority) sql.add(" AND priority = :priority", static_cast<int>(*query_.priority));
        return {std::get<0>(session_.query_with<std::int64_t>(sql.text, sql.params).front())};
    }
    const auto n = count(false, counted_exactly + 1);
    return n > counted_exactly ? Total{counted_exactly, true} : Total{n};
}

/// Rows after the cursor in the sort's order, ties by id.
void Finder::key_filter(Statement& sql, Driver driver) {
    if (!query_.cursor) return;
    const auto& cursor = *query_.cursor;
    const std::string id(id_column(driver)), less = query_.descending ? " < " : " > ";
    switch (query_.sort) {
        case Sort::created_at:
            sql.add(" AND " + id + less + ":last", cursor.id);
            return;
        case Sort::priority:
            sql.add(" AND (t.priority, t.id)" + less + "(:key", *cursor.number).add(", :last)", cursor.id);
            return;
        case Sort::title:
            sql.add(" AND (t.title_key, t.id)" + less + "(:key", cursor.text).add(", :last)", cursor.id);
            return;
        case Sort::due_date:
            return;  // due_page
    }
}

/// Ends the statement with order and limit and appends its rows to the page, one more than fit being noted as `more`.
void Finder::run(Statement& sql, Driver driver, std::int64_t offset, Page& page) {
    static constexpr std::string_view keys[] = {"", "t.due_at", "t.priority", "t.title_key"};
    const std::string key(keys[static_cast<int>(query_.sort)]), id(id_column(driver)),
        order = query_.descending ? " DESC" : " ASC";
    sql.text = "SELECT t.id, " + (key.empty() ? "t.id" : key) + ", t.body" + sql.text;
    sql.add(" ORDER BY " + (key.empty() ? "" : key + order + ", ") + id + order);
    sql.add(" LIMIT :limit", query_.limit - page.size + 1);
    if (offset > 0) sql.add(" OFFSET :offset", offset);
    const auto take = [&](std::int64_t row_id, std::string&& body) {
        if (page.size == query_.limit) {
            page.more = true;
            return false;
        }
        if (page.size++) page.items += ',';
        page.items += body;
        page.last.id = row_id;
        return true;
    };
    if (query_.sort == Sort::title) {
        session_.each<std::int64_t, std::string, std::string>(
            sql.text, sql.params, [&](std::int64_t row, std::string text, std::string body) {
                if (take(row, std::move(body))) page.last.text = std::move(text);
            });
        return;
    }
    session_.each<std::int64_t, std::optional<std::int64_t>, std::string>(
        sql.text, sql.params, [&](std::int64_t row, std::optional<std::int64_t> number, std::string body) {
            if (take(row, std::move(body)) && query_.sort != Sort::created_at) page.last.number = number;
        });
}

/// Those with a due date in its order, then those without: no due date comes last in either order.
void Finder::due_page(Driver driver, bool collect, Page& page) {
    const std::string less = query_.descending ? " < " : " > ";
    const auto offset = query_.cursor ? 0 : (query_.page - 1) * query_.limit;
    const bool among_undated = query_.cursor && !query_.cursor->number;
    if (!among_undated) {
        Statement sql;
        from(sql, driver, collect);
        if (query_.cursor)
            sql.add(" AND (t.due_at, t.id)" + less + "(:key", *query_.cursor->number)
                .add(", :last)", query_.cursor->id);
        else
            sql.add(" AND t.due_at IS NOT NULL");
        run(sql, driver, offset, page);
    }
    if (page.more || query_.due_before || query_.due_after) return;
    const auto skipped = page.size == 0 && offset > 0 ? offset - count(true, offset) : 0;
    Statement sql;
    from(sql, driver, collect);
    sql.add(" AND t.due_at IS NULL");
    if (among_undated) sql.add(" AND t.id" + less + ":last", query_.cursor->id);
    run(sql, driver, skipped, page);
}

Page Finder::page(const Total& total) {
    const bool filtered =
        query_.tag || query_.search || query_.status || query_.priority || query_.due_before || query_.due_after;
    const bool collect = filtered && !total.capped && total.n <= counted_exactly;
    const auto driver = driver_for(collect);
    Page page;
    page.items.reserve(static_cast<std::size_t>(std::min(query_.limit, total.n)) * 700);
    if (query_.sort == Sort::due_date) {
        due_page(driver, collect, page);
        return page;
    }
    Statement sql;
    from(sql, driver, collect);
    key_filter(sql, driver);
    run(sql, driver, query_.cursor ? 0 : (query_.page - 1) * query_.limit, page);
    return page;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char hex[] = "0123456789ABCDEF";
    std::string out;
    for (const unsigned char c : text) {
        if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~')
            out += static_cast<char>(c);
        else
            out += {'%', hex[c >> 4], hex[c & 15]};
    }
    return out;
}

std::string link_to(const http::Request& request, const std::string& cursor) {
    std::string link = "</api/todos?";
    for (const auto& [name, value] : request.query) {
        if (name != "cursor" && name != "page")
            link.append(name).append("=").append(percent_encoded(value)).append("&");
    }
    return link.append("cursor=").append(cursor).append(">; rel=\"next\"");
}

}  // namespace

http::Response answer(db::Session& session, std::string_view user_id, const Query& query,
                      const http::Request& request) {
    Finder finder(session, user_id, query);
    Total total;
    Page page;
    // A search in order of creation is walked in any case: what fits on its first page needs no counting.
    const bool page_first = query.search && query.sort == Sort::created_at && !query.cursor && query.page == 1;
    if (!finder.hopeless() && page_first) {
        page = finder.page({counted_exactly, true});
        total = page.more ? finder.total() : Total{page.size};
    } else if (!finder.hopeless()) {
        total = finder.total();
        if (total.n > 0) page = finder.page(total);
    }
    return answer_page(page, total, query, request);
}

http::Response answer_page(const Page& page, const Total& total, const Query& query, const http::Request& request) {
    std::string body;
    body.reserve(page.items.size() + 160);
    body.append("{\"items\":[").append(page.items).append("],\"total\":").append(std::to_string(total.n));
    body.append(",\"page\":").append(query.cursor ? "null" : std::to_string(query.page));
    body.append(",\"limit\":").append(std::to_string(query.limit));
    body.append(",\"pages\":").append(std::to_string((total.n + query.limit - 1) / query.limit));
    if (!page.more) {
        body.append(",\"next_cursor\":null");
        body.append(total.capped ? ",\"total_capped\":true}" : "}");
        return http::Response::json(200, std::move(body));
    }
    const auto cursor = encode(page.last, query.sort, query.descending);
    body.append(",\"next_cursor\":\"").append(cursor).append(total.capped ? "\",\"total_capped\":true}" : "\"}");
    auto response = http::Response::json(200, std::move(body));
    response.with("Link", link_to(request, cursor));
    return response;
}

}  // namespace carillon::task::listing
