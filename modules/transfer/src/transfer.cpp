#include "transfer/transfer.hpp"

#include "carillon/text.hpp"
#include "formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace carillon::transfer {

namespace {

constexpr std::size_t batch = 100;

bool ends_with(std::string_view name, std::string_view suffix) {
    if (name.size() < suffix.size()) return false;
    const auto tail = name.substr(name.size() - suffix.size());
    return std::equal(tail.begin(), tail.end(), suffix.begin(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

int line_of(std::string_view bytes, std::size_t at) {
    return static_cast<int>(std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
}

/// A task of this user and server, exported under its own id and never imported.
std::optional<std::int64_t> own_id(std::string_view key, std::string_view user_id) {
    const auto tail = fmt::format(".{}@carillon", user_id);
    if (!ends_with(key, tail)) return std::nullopt;
    std::int64_t id = 0;
    for (const char c : key.substr(0, key.size() - tail.size())) {
        if (c < '0' || c > '9' || id > 1'000'000'000'000'000) return std::nullopt;
        id = id * 10 + (c - '0');
    }
    return id;
}

class Importer {
public:
    Importer(task::TaskService& tasks, const Principal& who, Report& report)
        : tasks_(tasks), who_(who), report_(report) {}

    Result<void> add(db::Transaction& tx, const Entry& entry) {
        if (const auto id = own_id(entry.key, who_.user_id); id && tasks_.find_in(tx, who_.user_id, *id, true)) {
            count(entry, Outcome::known);
            return {};
        }
        std::optional<Error> error;
        tx.savepoint([&] {
            auto made = tasks_.create_in(tx, who_, entry.task, origin(entry));
            if (!made) error = made.error();
            return made.has_value();
        });
        if (!error) {
            count(entry, Outcome::added);
        } else if (error->code == Errc::conflict) {
            count(entry, Outcome::known);
        } else if (error->code != Errc::invalid) {
            return std::move(*error);
        } else {
            count(entry, Outcome::refused);
            report_.problems.push_back({entry.line, reason(*error)});
        }
        return {};
    }

private:
    void count(const Entry& entry, Outcome outcome) {
        report_.added += outcome == Outcome::added ? 1 : 0;
        report_.known += outcome == Outcome::known ? 1 : 0;
        report_.verdicts.push_back({entry.line, entry.task.title, outcome});
    }
    static task::Origin origin(const Entry& entry) {
        task::Origin origin;
        origin.accept_past_reminder = true;
        origin.completed = entry.completed;
        origin.completed_at = entry.completed_at;
        origin.import_stamp = entry.stamp;
        origin.import_key = entry.key;
        return origin;
    }
    static std::string reason(const Error& error) {
        std::string out;
        for (const auto& field : error.fields) out += (out.empty() ? "" : "; ") + field.field + " " + field.message;
        return out.empty() ? error.detail : out;
    }

    task::TaskService& tasks_;
    const Principal& who_;
    Report& report_;
};

}  // namespace

std::optional<Format> detect(std::string_view file_name, std::string_view bytes) {
    if (ends_with(file_name, ".ics") || ends_with(file_name, ".ical")) return Format::ical;
    if (ends_with(file_name, ".md") || ends_with(file_name, ".markdown")) return Format::markdown;
    if (ends_with(file_name, ".json")) return Format::json;
    if (bytes.substr(0, 4096).find("BEGIN:VCALENDAR") != std::string_view::npos) return Format::ical;
    return std::nullopt;
}

Parsed parse(std::string_view bytes, Format format, std::string_view file_name, std::string_view zone) {
    // libical's texts end at a NUL; no format of these has one.
    if (bytes.find('\0') != std::string_view::npos) {
        std::string clean(bytes);
        std::replace(clean.begin(), clean.end(), '\0', ' ');
        auto parsed = parse(clean, format, file_name, zone);
        for (auto at = bytes.find('\0'); at != std::string_view::npos; at = bytes.find('\0', bytes.find('\n', at)))
            parsed.problems.push_back({line_of(bytes, at), "a NUL byte is read as a blank"});
        return parsed;
    }
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    switch (format) {
        case Format::ical:
            return read_icalendar(bytes, zone);
        case Format::markdown:
            return read_markdown(bytes, file_name);
        case Format::json:
            return read_json(bytes);
    }
    return {};
}

namespace {

void sort_by_line(std::vector<Problem>& problems) {
    std::stable_sort(problems.begin(), problems.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
}

/// Entries `from` up to `upto`, without what could not even be read.
Result<Report> import_part(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Parsed& parsed,
                           std::size_t from, std::size_t upto, bool dry_run) {
    Report report;
    Importer importer(tasks, who, report);
    std::optional<Error> error;
    // The figures of a dry run are those of a real one, which is taken back.
    tx.savepoint([&] {
        for (auto i = from; i < upto && !error; ++i)
            if (auto added = importer.add(tx, parsed.entries[i]); !added) error = added.error();
        return !error && !dry_run;
    });
    if (error) return std::move(*error);
    return report;
}

}  // namespace

Result<Report> import_in(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Parsed& parsed,
                         bool dry_run) {
    auto report = import_part(tx, tasks, who, parsed, 0, parsed.entries.size(), dry_run);
    if (!report) return report;
    report->problems.insert(report->problems.end(), parsed.problems.begin(), parsed.problems.end());
    sort_by_line(report->problems);
    return report;
}

Result<Report> import_entries(db::Database& database, task::TaskService& tasks, const Principal& who,
                              const Parsed& parsed, bool dry_run) {
    Report total;
    total.problems = parsed.problems;
    for (std::size_t from = 0; from < parsed.entries.size(); from += batch) {
        const auto upto = std::min(from + batch, parsed.entries.size());
        const auto part = database.write_now(
            [&](db::Transaction& tx) { return import_part(tx, tasks, who, parsed, from, upto, dry_run); });
        if (!part) return part.error();
        total.added += part->added;
        total.known += part->known;
        total.verdicts.insert(total.verdicts.end(), part->verdicts.begin(), part->verdicts.end());
        total.problems.insert(total.problems.end(), part->problems.begin(), part->problems.end());
    }
    sort_by_line(total.problems);
    return total;
}

std::string write(const std::vector<task::Todo>& todos, Format format, std::string_view zone) {
    return format == Format::json ? write_json(todos) : write_icalendar(todos, zone);
}

Result<void> export_tasks(db::Database& database, task::TaskService& tasks, std::string_view user_id,
                          std::string_view zone, Format format, std::ostream& out) {
    const auto todos = database.read_now([&](db::Session& session) -> Result<std::vector<task::Todo>> {
        std::vector<task::Todo> all;
        tasks.each_in(session, user_id, [&all](const task::Todo& todo) { all.push_back(todo); });
        return all;
    });
    if (!todos) return todos.error();
    out << write(*todos, format, zone);
    return {};
}

}  // namespace carillon::transfer
