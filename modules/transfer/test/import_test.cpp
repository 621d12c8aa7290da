#include "carillon/events/relay.hpp"
#include "identity/identity.hpp"
#include "support/database.hpp"
#include "task/task.hpp"
#include "transfer/transfer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

using namespace carillon;
using namespace carillon::transfer;
using carillon::db::Backend;

namespace {

struct Fixture {
    explicit Fixture(Backend backend)
        : database(backend),
          relay(make_relay(*database, clock, database.metrics(), io.get_executor())),
          identity(identity::make_identity(*database, clock, hashing, database.metrics(), {})),
          tasks(task::make_task_service(*database, relay->outbox(), *identity, clock)) {}
    ~Fixture() { hashing.join(); }

    Principal new_user() {
        Principal who;
        who.user_id = test::add_user(*database, "Europe/Berlin");
        who.actor = "import";
        return who;
    }
    Report import(const Principal& who, const std::string& bytes, Format format, bool dry_run = false) {
        auto report = import_entries(*database, *tasks, who, parse(bytes, format, "list", "Europe/Berlin"), dry_run);
        REQUIRE(report.has_value());
        return *report;
    }
    std::string exported(const Principal& who, Format format) {
        std::ostringstream out;
        REQUIRE(export_tasks(*database, *tasks, who.user_id, "Europe/Berlin", format, out).has_value());
        return out.str();
    }
    std::int64_t count(const std::string& table, const Principal& who) {
        auto n = database->read_now([&](db::Session& session) -> Result<std::int64_t> {
            return std::get<0>(
                *session.query_one<std::int64_t>("SELECT count(*) FROM " + table + " WHERE user_id = :u", who.user_id));
        });
        return *n;
    }

    boost::asio::io_context io;
    boost::asio::thread_pool hashing{1};
    ManualClock clock{*parse_rfc3339("2026-11-23T12:00:00Z")};
    test::TestDatabase database;
    std::unique_ptr<Relay> relay;
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<task::TaskService> tasks;
};

const std::string list =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
    "BEGIN:VTODO\r\nUID:rent\r\nSUMMARY:Pay rent\\, "
    "power\r\nDESCRIPTION:a\\nb\\;c\r\nDUE:20270131T080000Z\r\nPRIORITY:1\r\n"
    "CATEGORIES:home,money\r\nDTSTAMP:20260101T000000Z\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;RELATED=END:-PT1H\r\nEND:VALARM\r\nEND:VTODO\r\n"
    "BEGIN:VTODO\r\nUID:day\r\nSUMMARY:Läufe 日本\r\nDUE;VALUE=DATE:20270301\r\nEND:VTODO\r\n"
    "BEGIN:VTODO\r\nUID:old\r\nSUMMARY:Taxes\r\nDUE:19980415T235959\r\nCOMPLETED:19980401T120000Z\r\n"
    "BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:19980403T120000Z\r\nEND:VALARM\r\nEND:VTODO\r\n"
    "BEGIN:VTODO\r\nUID:bare\r\nSUMMARY:Bare\r\nX-CARILLON-REMIND:FALSE\r\nEND:VTODO\r\n"
    "BEGIN:VTODO\r\nUID:bad\r\nEND:VTODO\r\nEND:VCALENDAR\r\n";

std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    REQUIRE(in);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every imported task has its event, and a second import adds nothing") {
    Fixture f(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto who = f.new_user();
    const auto first = f.import(who, list, Format::ical);
    CHECK(first.added == 4);
    CHECK(first.known == 0);
    REQUIRE(first.problems.size() == 1);
    CHECK(f.count("tasks", who) == 4);
    CHECK(f.count("outbox", who) == 4);

    const auto second = f.import(who, list, Format::ical);
    CHECK(second.added == 0);
    CHECK(second.known == 4);
    CHECK(f.count("tasks", who) == 4);
    CHECK(f.count("outbox", who) == 4);

    // Another user's list is another list.
    CHECK(f.import(f.new_user(), list, Format::ical).added == 4);
}

TEST_CASE("a dry run tells the same figures and stores nothing") {
    Fixture f(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto who = f.new_user();
    const auto dry = f.import(who, list, Format::ical, true);
    CHECK(dry.added == 4);
    CHECK(dry.problems.size() == 1);
    CHECK(f.count("tasks", who) == 0);
    CHECK(f.count("outbox", who) == 0);
}

TEST_CASE("export, import, export is a fixed point") {
    Fixture f(GENERATE(Backend::sqlite, Backend::postgresql));
    const auto format = GENERATE(Format::ical, Format::json);
    const auto who = f.new_user();
    f.import(who, list, Format::ical);
    // One of our own making, with everything iCalendar has no word for.
    auto made = f.database->write_now([&](db::Transaction& tx) {
        task::NewTask task;
        task.title = "Water ferns";
        task.due_date = parse_rfc3339("2027-05-01T06:30:00Z");
        task.recurrence.emplace();
        task.recurrence->rule = Frequency::daily;
        task.recurrence->interval = 3;
        task.recurrence->anchor = Anchor::completion;
        task.recurrence->timezone = "Asia/Tokyo";
        return f.tasks->create_in(tx, who, task);
    });
    REQUIRE(made.has_value());

    const auto once = f.exported(who, format);
    const auto copy = f.new_user();
    const auto report = f.import(copy, once, format);
    for (const auto& problem : report.problems) UNSCOPED_INFO(problem.line << ": " << problem.message);
    CHECK(report.problems.empty());
    CHECK(report.added == 5);
    CHECK(f.exported(copy, format) == once);

    // Back into the account it came from: everything is known.
    CHECK(f.import(who, once, format).added == 0);
    CHECK(f.count("tasks", who) == 5);
}

TEST_CASE("the owner's plan comes in whole") {
    Fixture f(Backend::sqlite);
    const auto who = f.new_user();
    const auto report = f.import(who, read(CARILLON_TEST_DATA "/phase-v-tasks.md"), Format::markdown);
    CHECK(report.added == 67);
    CHECK(report.problems.empty());
    std::vector<std::string> open;
    f.database->read_now([&](db::Session& session) -> Result<int> {
        f.tasks->each_in(session, who.user_id, [&](const task::Todo& todo) {
            if (todo.status == task::Status::active) open.push_back(todo.title.substr(0, 4));
        });
        return 0;
    });
    CHECK(open == std::vector<std::string>{"T061", "T062", "T066", "T067"});
}
