// GET /api/todos?at=: the list as it was, from Todos that the log remembers. The same filters, order and paging as the
// present list's, over a list that is in memory as a whole.
#include "carillon/text.hpp"
#include "listing.hpp"
#include "search.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <tuple>

namespace carillon::task::listing {
namespace {

struct Found {
    const boost::json::object* json;
    std::int64_t id;
    std::optional<std::int64_t> number;  ///< due date or priority, where the list is sorted by it
    std::string text;                    ///< title key, the same
};

bool passes(const Todo& todo, const Query& query) {
    if (query.status && todo.status != *query.status) return false;
    if (query.priority && todo.priority != *query.priority) return false;
    if ((query.due_before || query.due_after) && !todo.due_date) return false;
    if (query.due_before && to_micros(*todo.due_date) >= *query.due_before) return false;
    if (query.due_after && to_micros(*todo.due_date) <= *query.due_after) return false;
    if (query.tag) {
        const auto wanted = text::fold(*query.tag);
        const auto is_it = [&wanted](const std::string& tag) { return text::fold(tag) == wanted; };
        if (std::none_of(todo.tags.begin(), todo.tags.end(), is_it)) return false;
    }
    return !query.search || search::text_of(todo).find(*query.search) != std::string::npos;
}

Found keyed(const boost::json::object& json, const Todo& todo, Sort sort) {
    Found found{&json, todo.id, std::nullopt, {}};
    if (sort == Sort::due_date && todo.due_date) found.number = to_micros(*todo.due_date);
    if (sort == Sort::priority) found.number = static_cast<std::int64_t>(todo.priority);
    if (sort == Sort::title) found.text = text::fold(todo.title);
    return found;
}

/// The order of the list; what has no due date comes last in either direction.
class Before {
public:
    explicit Before(bool descending) : descending_(descending) {}
    bool operator()(const Found& a, const Found& b) const {
        if (a.number.has_value() != b.number.has_value()) return a.number.has_value();
        const auto& [first, second] = descending_ ? std::tie(b, a) : std::tie(a, b);
        return std::tie(first.number, first.text, first.id) < std::tie(second.number, second.text, second.id);
    }

private:
    bool descending_;
};

}  // namespace

http::Response answer_past(const std::vector<boost::json::object>& todos, const Query& query,
                           const http::Request& request) {
    std::vector<Found> found;
    for (const auto& json : todos) {
        const auto todo = todo_from_json(json);
        if (todo && passes(*todo, query)) found.push_back(keyed(json, *todo, query.sort));
    }
    const Before before(query.descending);
    std::sort(found.begin(), found.end(), before);
    auto from = found.cbegin() + std::min<std::ptrdiff_t>(found.end() - found.begin(), (query.page - 1) * query.limit);
    if (query.cursor) {
        const Found last{nullptr, query.cursor->id, query.cursor->number, query.cursor->text};
        from = std::upper_bound(found.cbegin(), found.cend(), last, before);
    }
    Page page;
    page.more = found.cend() - from > query.limit;
    for (const auto end = page.more ? from + query.limit : found.cend(); from != end; ++from) {
        if (page.size++) page.items += ',';
        page.items += boost::json::serialize(*from->json);
        page.last = {from->id, from->number, from->text};
    }
    return answer_page(page, {static_cast<std::int64_t>(found.size())}, query, request);
}

}  // namespace carillon::task::listing
