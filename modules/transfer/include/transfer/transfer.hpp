// transfer: real lists in (iCalendar VTODO, Markdown check lists) and out (iCalendar, JSON), through the task service.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/error.hpp"
#include "task/task.hpp"

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::transfer {

enum class Format { ical, markdown, json };

/// One sound entry of a file.
struct Entry {
    int line = 0;     ///< 1-based line where it starts
    std::string key;  ///< identity: UID, or a hash of file name, text and ordinal
    task::NewTask task;
    bool completed = false;
    std::optional<Time> completed_at;
    std::optional<Time> stamp;  ///< when it was last revised where it comes from
};
/// One thing in the file that could not be taken in, or was changed to fit.
struct Problem {
    Problem(int where, std::string what) : line(where), message(std::move(what)) {}
    int line = 0;
    std::string message;
};
struct Parsed {
    std::vector<Entry> entries;
    std::vector<Problem> problems;
};

/// Never throws on any bytes. `zone` is for floating times.
Parsed parse(std::string_view bytes, Format format, std::string_view file_name, std::string_view zone);
/// By name and content; nothing when it is neither.
std::optional<Format> detect(std::string_view file_name, std::string_view bytes);

enum class Outcome { added, known, refused };

/// What became of one entry.
struct Verdict {
    int line = 0;
    std::string title;
    Outcome outcome = Outcome::added;
};

struct Report {
    int added = 0;
    int known = 0;  ///< already there from an earlier import
    std::vector<Verdict> verdicts;
    std::vector<Problem> problems;
};
/// Adds the entries within the caller's transaction, each under its own savepoint; `dry_run` takes all of them back.
Result<Report> import_in(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Parsed& parsed,
                         bool dry_run);
/// Adds the entries in transactions of up to 100. `dry_run` changes nothing and reports the same figures.
Result<Report> import_entries(db::Database& database, task::TaskService& tasks, const Principal& who,
                              const Parsed& parsed, bool dry_run);

/// `GET /api/export`, `POST /api/import`.
std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity);

/// Writes all live tasks as iCalendar or JSON; `zone` is the user's. export → import → export is a fixed point.
Result<void> export_tasks(db::Database& database, task::TaskService& tasks, std::string_view user_id,
                          std::string_view zone, Format format, std::ostream& out);

}  // namespace carillon::transfer
