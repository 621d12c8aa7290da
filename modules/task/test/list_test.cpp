// GET /api/todos against a naive reference: filters, sorts, both kinds of paging, totals.
#include "carillon/text.hpp"
#include "world.hpp"

#include <algorithm>
#include <random>

using namespace carillon;
using namespace carillon::task;
using namespace carillon::task::test;

namespace {

struct Task {
    std::int64_t id;
    std::string title;
    bool completed;
    int priority;
    std::string due;  ///< RFC 3339 UTC, empty for none: sorts as text
    std::vector<std::string> tags;
};

const std::vector<std::string> priorities = {"low", "medium", "high"};

/// Ties in every sort, tasks without due date, deleted ones among them, and another user's.
std::vector<Task> fill(World& w, int n) {
    std::mt19937 random(7);
    std::vector<Task> tasks;
    const std::vector<std::string> titles = {"Äpfel",  "apple",     "Apple", "zebra",
                                             "Éclair", "10 things", "ÄPFEL", "straße"};
    for (int i = 0; i < n; ++i) {
        Task t{0, titles[random() % titles.size()], random() % 3 == 0, static_cast<int>(random() % 3), "", {}};
        if (random() % 3)
            t.due = "2027-0" + std::to_string(1 + random() % 3) + "-1" + std::to_string(random() % 4) + "T10:00:00Z";
        if (random() % 2) t.tags.push_back("red");
        if (random() % 4 == 0) t.tags.push_back("blue");
        const auto body = "{\"title\":\"" + t.title + "\",\"priority\":\"" + priorities[t.priority] +
                          "\",\"due_date\":" + (t.due.empty() ? "null" : "\"" + t.due + "\"") +
                          ",\"tags\":" + bj::serialize(bj::value_from(t.tags)) + "}";
        t.id = id_of(w.create(body));
        if (random() % 5 == 0) w.send_as(w.other, Method::post, "/api/todos", body);
        if (t.completed) w.act(t.id, "complete");
        if (random() % 8 == 0)
            w.send(Method::del, "/api/todos/" + std::to_string(t.id));
        else
            tasks.push_back(t);
    }
    return tasks;
}

std::vector<std::int64_t> reference(std::vector<Task> tasks, const std::string& sort, bool descending,
                                    const std::function<bool(const Task&)>& keep) {
    std::erase_if(tasks, [&](const Task& t) { return !keep(t); });
    std::sort(tasks.begin(), tasks.end(), [&](const Task& a, const Task& b) {
        const auto before = [&](const auto& x, const auto& y) { return descending ? y < x : x < y; };
        if (sort == "due_date" && a.due.empty() != b.due.empty()) return b.due.empty();
        if (sort == "due_date" && a.due != b.due) return before(a.due, b.due);
        if (sort == "priority" && a.priority != b.priority) return before(a.priority, b.priority);
        const auto ka = text::fold(a.title), kb = text::fold(b.title);
        if (sort == "title" && ka != kb) return before(ka, kb);
        return before(a.id, b.id);
    });
    std::vector<std::int64_t> ids;
    for (const auto& t : tasks) ids.push_back(t.id);
    return ids;
}

std::vector<std::int64_t> ids_of(const bj::object& page) {
    std::vector<std::int64_t> ids;
    for (const auto& item : page.at("items").as_array()) ids.push_back(id_of(item.as_object()));
    return ids;
}

std::vector<std::int64_t> by_pages(World& w, const std::string& query, std::size_t total, int limit) {
    std::vector<std::int64_t> ids;
    for (int page = 1;; ++page) {
        const auto answer =
            w.get("/api/todos" + query + "&limit=" + std::to_string(limit) + "&page=" + std::to_string(page));
        CHECK(answer.at("total") == total);
        CHECK(answer.at("page") == page);
        CHECK(answer.at("pages") == (total + limit - 1) / limit);
        const auto some = ids_of(answer);
        CHECK(answer.at("next_cursor").is_null() == (ids.size() + some.size() == total));
        if (some.empty()) return ids;
        ids.insert(ids.end(), some.begin(), some.end());
    }
}

std::vector<std::int64_t> by_cursor(World& w, const std::string& query, std::size_t total, int limit) {
    std::vector<std::int64_t> ids;
    std::string target = "/api/todos" + query + "&limit=" + std::to_string(limit);
    for (int guard = 0; guard < 1000; ++guard) {
        const auto response = w.send(Method::get, target);
        REQUIRE(response.status == 200);
        const auto answer = object_of(response);
        CHECK(answer.at("total") == total);
        const auto some = ids_of(answer);
        ids.insert(ids.end(), some.begin(), some.end());
        std::string link;
        for (const auto& header : response.headers) {
            if (header.name == "Link") link = header.value;
        }
        CHECK(link.empty() == answer.at("next_cursor").is_null());
        if (link.empty()) return ids;
        CHECK(link.ends_with(">; rel=\"next\""));
        target = link.substr(1, link.find('>') - 1);
        CHECK(target.find(std::string(answer.at("next_cursor").as_string())) != std::string::npos);
    }
    return ids;
}

}  // namespace

TEST_CASE("every sort and filter, by page and by cursor, equals the reference") {
    World w(any_backend());
    const auto tasks = fill(w, 70);
    struct Filter {
        std::string query;
        std::function<bool(const Task&)> keep;
    };
    const auto carries = [](const Task& t, const std::string& tag) {
        return std::find(t.tags.begin(), t.tags.end(), tag) != t.tags.end();
    };
    const std::vector<Filter> filters = {
        {"status=all", [](const Task&) { return true; }},
        {"status=active", [](const Task& t) { return !t.completed; }},
        {"priority=high", [](const Task& t) { return t.priority == 2; }},
        {"status=completed&priority=low", [](const Task& t) { return t.completed && t.priority == 0; }},
        {"tag=RED", [&](const Task& t) { return carries(t, "red"); }},
        {"tag=blue&status=active", [&](const Task& t) { return carries(t, "blue") && !t.completed; }},
        {"tag=red&priority=medium", [&](const Task& t) { return carries(t, "red") && t.priority == 1; }},
        {"tag=none", [](const Task&) { return false; }},
        {"due_before=2027-02-12T10:00:00Z",
         [](const Task& t) { return !t.due.empty() && t.due < "2027-02-12T10:00:00Z"; }},
        {"due_after=2027-02-12T11:00:00%2B01:00", [](const Task& t) { return t.due > "2027-02-12T10:00:00Z"; }},
        {"due_after=2027-01-12T10:00:00Z&due_before=2027-03-12T10:00:00Z&status=active",
         [](const Task& t) {
             return !t.completed && t.due > "2027-01-12T10:00:00Z" && t.due < "2027-03-12T10:00:00Z";
         }},
        {"search=app", [](const Task& t) { return text::fold(t.title).find("app") != std::string::npos; }},
        {"search=ÄP&tag=red",
         [&](const Task& t) { return text::fold(t.title) == text::fold("äpfel") && carries(t, "red"); }},
        {"search=STRASSE&priority=high", [](const Task& t) { return t.title == "straße" && t.priority == 2; }},
    };
    for (const std::string sort : {"created_at", "due_date", "priority", "title"}) {
        for (const bool descending : {true, false}) {
            for (const auto& filter : filters) {
                const auto query = "?" + filter.query + "&sort=" + sort + "&order=" + (descending ? "desc" : "asc");
                INFO(query);
                const auto expected = reference(tasks, sort, descending, filter.keep);
                CHECK(ids_of(w.get("/api/todos" + query + "&limit=100")) == expected);
                CHECK(by_pages(w, query, expected.size(), 7) == expected);
                CHECK(by_cursor(w, query, expected.size(), 7) == expected);
            }
        }
    }
    // The defaults: newest first, 20 of them; high priority first when descending.
    CHECK(w.get("/api/todos").at("limit") == 20);
    auto newest = reference(tasks, "created_at", true, filters[0].keep);
    newest.resize(20);
    CHECK(ids_of(w.get("/api/todos")) == newest);
    CHECK(w.get("/api/todos?sort=priority").at("items").as_array().at(0).as_object().at("priority") == "high");
    w.check_counters();
}

TEST_CASE("a cursor belongs to its sort and order; a page beyond the end is empty") {
    World w(any_backend());
    for (int i = 0; i < 3; ++i) w.create(R"({"title":"t"})");
    const auto cursor = string_of(w.get("/api/todos?limit=1"), "next_cursor");
    CHECK(w.get("/api/todos?limit=1&cursor=" + cursor).at("page").is_null());
    CHECK(wrong_fields(w.send(Method::get, "/api/todos?sort=title&cursor=" + cursor)) == "cursor");
    CHECK(wrong_fields(w.send(Method::get, "/api/todos?order=asc&cursor=" + cursor)) == "cursor");
    CHECK(wrong_fields(w.send(Method::get, "/api/todos?page=1&cursor=" + cursor)) == "page");
    CHECK(wrong_fields(w.send(Method::get, "/api/todos?cursor=" + cursor.substr(1))) == "cursor");
    CHECK(ids_of(w.get("/api/todos?page=1000000")).empty());
    CHECK(w.get("/api/todos?page=1000000").at("total") == 3);
}

TEST_CASE("totals beyond 1,000 are capped where nothing counts them, exact where a counter does") {
    World w(any_backend());
    auto add = [&](db::Transaction& tx) -> Result<void> {
        for (int i = 0; i < 1100; ++i) {
            NewTask task;
            task.title = i % 2 ? "needle in hay" : "needle";
            task.due_date = w.clock.now() + std::chrono::hours(i + 1);
            task.tags = {"many"};
            if (auto made = w.tasks->create_in(tx, w.who, task); !made) return made.error();
        }
        return {};
    };
    REQUIRE(w.database->write_now(add).has_value());
    for (const std::string query :
         {"?status=all", "?status=active", "?priority=medium", "?tag=many", "?tag=many&status=active"}) {
        const auto page = w.get("/api/todos" + query);
        INFO(query);
        CHECK(page.at("total") == 1100);
        CHECK_FALSE(page.contains("total_capped"));
    }
    for (const std::string query : {"?search=needle", "?search=ne", "?due_after=2000-01-01T00:00:00Z",
                                    "?tag=many&priority=medium", "?search=needle&tag=many&sort=title"}) {
        const auto page = w.get("/api/todos" + query);
        INFO(query);
        CHECK(page.at("total") == 1000);
        CHECK(page.at("pages") == 50);
        CHECK(page.at("total_capped") == true);
        CHECK(ids_of(page).size() == 20);
    }
    CHECK(w.get("/api/todos?search=hay").at("total") == 550);
    for (const std::string sort : {"created_at", "due_date", "priority", "title"}) {
        CHECK(by_cursor(w, "?tag=many&sort=" + sort, 1100, 100).size() == 1100);
        auto all = by_cursor(w, "?search=needle&sort=" + sort, 1000, 100);
        std::sort(all.begin(), all.end());
        CHECK(std::unique(all.begin(), all.end()) == all.end());
        CHECK(all.size() == 1100);
    }
    w.check_counters();
}

TEST_CASE("search finds parts of words from one character on, like a naive search of the folded text") {
    World w(any_backend());
    std::mt19937 random(11);
    const std::vector<std::string> letters = {"a", "B", "ß", "Ä", "ä", "é",    "ж",    "Ж", "Σ", "ς", "日", "本", "語",
                                              "😀", "%", "_", "!", "'", "\\\"", "\\\\", " ", "-", "İ", "ı",  "ﬁ",  "1"};
    const auto word = [&](std::size_t n) {
        std::string out;
        for (std::size_t i = 0; i < n; ++i) out += letters[random() % letters.size()];
        return out;
    };
    std::vector<std::pair<std::int64_t, std::string>> texts;
    for (int i = 0; i < 60; ++i) {
        const auto todo = w.create("{\"title\":\"x" + word(1 + random() % 12) + "\",\"description\":\"" +
                                   word(random() % 20) + "\",\"tags\":[\"täg" + std::to_string(i % 3) + "\"]}");
        auto text = text::fold(string_of(todo, "title")) + "\n" +
                    (todo.at("description").is_null() ? "" : text::fold(string_of(todo, "description"))) + "\n" +
                    "täg" + std::to_string(i % 3);
        texts.emplace_back(id_of(todo), std::move(text));
    }
    const auto encoded = [](std::string_view text) {
        static constexpr char hex[] = "0123456789ABCDEF";
        std::string out;
        for (const unsigned char c : text) out += {'%', hex[c >> 4], hex[c & 15]};
        return out;
    };
    int hits = 0;
    for (int i = 0; i < 200; ++i) {
        std::string term;
        if (i % 2) {
            const auto raw = word(1 + random() % 4);
            term = std::string(bj::parse("\"" + raw + "\"").as_string());
        } else {  // a piece of a real text
            const auto& text = texts[random() % texts.size()].second;
            auto from = random() % text.size();
            while (from && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) --from;
            auto to = std::min(text.size(), from + 1 + random() % 14);
            while (to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0) == 0x80) ++to;
            term = text.substr(from, to - from);
        }
        const auto folded = text::fold(text::trim(term));
        if (folded.empty() || term.find('\n') != std::string::npos) continue;
        std::vector<std::int64_t> expected;
        for (auto it = texts.rbegin(); it != texts.rend(); ++it) {
            if (it->second.find(folded) != std::string::npos) expected.push_back(it->first);
        }
        INFO(term);
        const auto page = w.get("/api/todos?limit=100&search=" + encoded(term));
        CHECK(ids_of(page) == expected);
        CHECK(page.at("total") == expected.size());
        hits += !expected.empty();
    }
    CHECK(hits > 60);
    CHECK(ids_of(object_of(w.send_as(w.other, Method::get, "/api/todos?search=x"))).empty());
}

TEST_CASE("search follows every change of a text") {
    World w(any_backend());
    const auto id = id_of(w.create(R"({"title":"alpha","description":"bravo","tags":["charlie"]})"));
    const auto found = [&](const std::string& term) { return ids_of(w.get("/api/todos?search=" + term)).size() == 1; };
    CHECK((found("alpha") && found("RAV") && found("charlie")));
    w.patch(id, R"({"title":"delta","description":null,"tags":[]})");
    CHECK((!found("alpha") && !found("rav") && !found("charlie") && found("elt")));
    w.act(id, "complete");
    CHECK(found("delta"));
    w.send(Method::del, "/api/todos/" + std::to_string(id));
    CHECK_FALSE(found("delta"));
    w.act(id, "restore");
    CHECK(found("delta"));
}
