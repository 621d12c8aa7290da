#include "audit/entries.hpp"
#include "world.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace carillon;
using namespace carillon::audit;
using namespace carillon::audit::test;
using carillon::test::name_of;

namespace {

std::string type_of(const bj::value& entry) { return std::string(entry.at("event_type").as_string()); }

std::string path(const bj::object& todo, const std::string& verb = {}) {
    return "/api/todos/" + std::to_string(todo.at("id").as_int64()) + (verb.empty() ? "" : "/" + verb);
}

}  // namespace

TEST_CASE("every change is in the log, newest first, byte for byte", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto todo = world.change(Method::post, "/api/todos", R"({"title":"ring the bell"})");
    world.change(Method::patch, path(todo), R"({"title":"ring both bells"})");
    world.change(Method::post, path(todo, "complete"));
    world.change(Method::del, path(todo));
    world.change(Method::post, path(todo, "restore"));
    const auto log = world.log();
    REQUIRE(log.size() == 5);
    const char* const expected[] = {"task.restored", "task.deleted", "task.completed", "task.updated", "task.created"};
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(type_of(log[i]) == expected[i]);
        CHECK(log[i].at("id").as_int64() == static_cast<std::int64_t>(5 - i));
        CHECK(log[i].at("sequence").as_int64() == static_cast<std::int64_t>(5 - i));
        CHECK(log[i].at("task_id") == todo.at("id"));
        CHECK(log[i].at("actor") == "user");
        CHECK(log[i].as_object().size() == 7);
    }
    CHECK(log[4].at("created_at") == "2027-01-10T10:00:00Z");
    CHECK(log[3].at("created_at") == "2027-01-10T10:00:01Z");
    CHECK(log[4].at("payload").at("todo") == todo);
    CHECK(
        world.number("SELECT count(*) FROM outbox o JOIN task_events e ON e.event_id = o.id AND e.payload = o.payload "
                     "AND e.sequence = o.sequence AND e.created_at = o.time") == 5);
    CHECK(world.send_as(world.other, Method::get, "/api/audit").body == "[]");
}

TEST_CASE("the log has one order without gaps, whoever writes", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    for (int i = 0; i < 40; ++i) {
        const auto& who = i % 2 ? world.who : world.other;
        REQUIRE(world.send_as(who, Method::post, "/api/todos", R"({"title":"x"})").status == 201);
        REQUIRE(world.send_as(who, Method::post, "/api/todos", R"({"title":""})").status == 422);
    }
    world.wait_for_log();
    CHECK(world.number("SELECT max(position) FROM task_events") == 40);
    CHECK(world.number("SELECT min(position) FROM task_events") == 1);
    CHECK(world.number("SELECT count(*) FROM task_events a JOIN task_events b ON a.user_id = b.user_id "
                       "AND a.sequence < b.sequence AND a.position > b.position") == 0);
}

namespace {

/// Keeps the subscription, to call its handler from many threads.
class Caught final : public EventBus {
public:
    void subscribe(Subscription s) override { subscription = std::move(s); }
    void listen(Listener) override {}
    void start() override {}
    awaitable<std::vector<bool>> publish(std::vector<std::shared_ptr<const Event>>) override {
        co_return std::vector<bool>{};
    }
    awaitable<void> drain() override { co_return; }
    Subscription subscription;
};

}  // namespace

TEST_CASE("appenders at the same time take positions without gap or clash", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    Caught caught;
    const auto audit = audit::make_audit(*world.database, caught, *world.tasks, world.clock, world.database.metrics(),
                                         world.io.get_executor(), {});
    CHECK(caught.subscription.name == "audit");
    CHECK(caught.subscription.types.empty());
    std::atomic<int> refused{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i) {
                const auto append = [&](db::Transaction& tx) -> Result<bool> {
                    for (int j = 0; j < 3; ++j) {
                        Event event;
                        event.id = "evt-" + std::to_string(t) + "-" + std::to_string(i) + "-" + std::to_string(j);
                        event.type = "task.updated";
                        event.user_id = world.who.user_id;
                        event.task_id = 1;
                        event.sequence = i * 3 + j + 1;
                        event.data = "{}";
                        if (!caught.subscription.handle(tx, event).has_value()) return Error{Errc::internal, "refused"};
                    }
                    if (i % 5 == 0) return Error{Errc::conflict, "rolled back: must leave no gap"};
                    return true;
                };
                try {
                    const auto done = world.database->write_now(append);
                    if (!done && done.error().code != Errc::conflict) ++refused;
                } catch (const std::exception&) {
                    ++refused;
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(refused == 0);
    CHECK(world.number("SELECT count(*) FROM task_events") == 240);
    CHECK(world.number("SELECT max(position) FROM task_events") == 240);
}

TEST_CASE("a delivery's events are appended at once, in their order and as one by one", "[audit]") {
    World world(Backend::postgresql);
    world.change(Method::post, "/api/todos", R"({"title":"one by one"})");
    world.wait_for_log();
    std::vector<Event> events(3);
    for (std::size_t i = 0; i < events.size(); ++i) {
        auto& event = events[i];
        event.id = "evt-" + std::to_string(9 - i);
        event.type = "task.updated";
        event.user_id = world.who.user_id;
        event.task_id = 7;
        event.sequence = 2 + static_cast<std::int64_t>(i);
        event.time = from_micros(1'800'000'000'000'001);
        event.actor = "user";
        event.data = "{\"title\":\"\\u0000 \\\"quoted\\\" \xC3\xA9\"}";
    }
    const auto append = [&](const std::vector<const Event*>& some) {
        return *world.database->write_now(
            [&](db::Transaction& tx) -> Result<std::int64_t> { return append_all(tx, some); });
    };
    CHECK(append({&events[0], &events[1]}) == 2);
    CHECK(append({&events[0], &events[2], &events[1]}) == 1);  // two are there already
    const auto entries = *world.database->read_now([&](db::Session& session) -> Result<std::vector<Entry>> {
        Filter filter;
        filter.task_id = 7;
        return list(session, world.who.user_id, filter);
    });
    REQUIRE(entries.size() == 3);
    for (std::size_t i = 0; i < entries.size(); ++i) {  // the newest first
        CHECK(entries[i].position == static_cast<std::int64_t>(4 - i));
        CHECK(entries[i].sequence == static_cast<std::int64_t>(4 - i));
        CHECK(entries[i].payload == events[0].data);
        CHECK(entries[i].created_at == events[0].time);
        CHECK(entries[i].actor == "user");
    }
}

TEST_CASE("an event delivered twice is one entry", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    world.change(Method::post, "/api/todos", R"({"title":"x"})");
    world.wait_for_log();
    REQUIRE(world.sql("DELETE FROM inbox") == "");  // as if the inbox had forgotten
    REQUIRE(world.sql("UPDATE outbox SET published_at = NULL") == "");
    world.change(Method::post, "/api/todos", R"({"title":"y"})");
    CHECK(world.log().size() == 2);
    CHECK(world.number("SELECT max(position) FROM task_events") == 2);
    CHECK(world.number("SELECT count(*) FROM inbox") == 2);
}

TEST_CASE("each filter finds what it names", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto first = world.change(Method::post, "/api/todos", R"({"title":"one"})");   // 10:00:00
    const auto second = world.change(Method::post, "/api/todos", R"({"title":"two"})");  // :01
    world.change(Method::patch, path(first), R"({"priority":"high"})");                  // :02
    world.change(Method::post, path(second, "complete"));                                // :03
    const auto ids = [&](const std::string& query) {
        std::vector<std::int64_t> found;
        for (const auto& entry : world.log("/api/audit?" + query)) found.push_back(entry.at("id").as_int64());
        return found;
    };
    using Ids = std::vector<std::int64_t>;
    const auto task = "task_id=" + std::to_string(first.at("id").as_int64());
    CHECK(ids("") == Ids{4, 3, 2, 1});
    CHECK(ids(task) == Ids{3, 1});
    CHECK(ids("task_id=999999") == Ids{});
    CHECK(ids("event_type=task.created") == Ids{2, 1});
    CHECK(ids("event_type=task.created&" + task) == Ids{1});
    CHECK(ids("after=2027-01-10T10:00:01Z") == Ids{4, 3});
    CHECK(ids("before=2027-01-10T10:00:02Z") == Ids{2, 1});
    CHECK(ids("after=2027-01-10T11:00:00+01:00&before=2027-01-10T10:00:03Z") == Ids{3, 2});
    CHECK(ids("limit=1") == Ids{4});
}

TEST_CASE("pages follow each other without gap or overlap", "[audit]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    World world(backend);
    const auto todo = world.change(Method::post, "/api/todos", R"({"title":"0"})");
    for (int i = 1; i < 23; ++i) {
        world.change(Method::patch, path(todo), R"({"title":")" + std::to_string(i) + "\"}");
        if (i % 3) world.clock.advance(-std::chrono::seconds(1));  // several at the same time
    }
    int pages = 0;
    std::vector<std::int64_t> all(23);
    std::generate(all.begin(), all.end(), [n = std::int64_t{23}]() mutable { return n--; });
    CHECK(world.ids_of_all_pages("/api/audit?limit=5", pages) == all);
    CHECK(pages == 5);
    CHECK(world.ids_of_all_pages("/api/audit?limit=1", pages) == all);
    CHECK(pages == 23);
    CHECK(world.ids_of_all_pages("/api/audit?limit=23", pages) == all);
    CHECK(pages == 1);
    const auto whole =
        world.ids_of_all_pages("/api/audit?limit=200&before=2027-01-10T10:00:05Z&event_type=task.updated", pages);
    CHECK(pages == 1);
    CHECK_FALSE(whole.empty());
    const auto filters =
        "/api/audit?limit=2&before=2027-01-10T10:00:05Z&after=2027-01-10T09:00:00Z&event_type=task.updated&task_id=" +
        std::to_string(todo.at("id").as_int64());
    CHECK(world.ids_of_all_pages(filters, pages) == whole);
    CHECK(pages > 2);
}

TEST_CASE("a query that is not understood is refused with every wrong parameter", "[audit]") {
    World world(Backend::sqlite);
    const auto wrong = [&](const std::string& query) {
        const auto response = world.send(Method::get, "/api/audit?" + query);
        CHECK(response.status == 422);
        return field_errors(response);
    };
    CHECK(wrong("limit=0") == "limit");
    CHECK(wrong("limit=201") == "limit");
    CHECK(wrong("limit=5&limit=5") == "limit");
    CHECK(wrong("page=1") == "page");
    CHECK(wrong("task_id=x&event_type=task.eaten&after=yesterday&before=2027-01-10T10:00:00&cursor=zzz&limit=many") ==
          "after before cursor event_type limit task_id");
    for (const char* cursor :
         {"", "1", "1.", ".1", "1.0", "1.-1", "1.1x", "99999999999999999999.1", "1.99999999999999999999"}) {
        CHECK(wrong("cursor=" + std::string(cursor)) == "cursor");
    }
    CHECK(world.send(Method::get, "/api/audit?cursor=9223372036854775807.9223372036854775807").status == 200);
    CHECK(world.send(Method::get, "/api/audit?task_id=9223372036854775807").status == 200);
}
