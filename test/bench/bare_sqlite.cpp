// The limit a durable create is measured against: SQLite alone, inserting the very rows that Carillon left behind for
// the tasks of SOURCE (task, tags, search index, event, the subscribers' rows) into TARGET, a migrated and empty
// database, with the same durability (WAL, synchronous FULL), GROUP tasks in a transaction. Prints tasks per second.
// bare_sqlite SOURCE TARGET GROUP
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

struct Table {
    const char* name;
    const char* task;  ///< expression of the task's id
};
const Table tables[] = {
    {"tasks", "id"},
    {"task_tags", "task_id"},
    {"outbox", "CAST(aggregateid AS INTEGER)"},
    {"inbox",
     "(SELECT CAST(aggregateid AS INTEGER) FROM outbox o WHERE o.user_id = inbox.user_id AND o.sequence = "
     "inbox.sequence)"},
    {"task_events", "task_id"},
    {"reminders", "task_id"},
};

void check(sqlite3* db, int code) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    std::exit(1);
}

using Value = std::unique_ptr<sqlite3_value, decltype(&sqlite3_value_free)>;
struct Insert {
    std::size_t statement;
    std::vector<Value> values;
};

sqlite3* open(const char* path) {
    sqlite3* db = nullptr;
    check(db, sqlite3_open(path, &db));
    return db;
}

void exec(sqlite3* db, const char* sql) { check(db, sqlite3_exec(db, sql, nullptr, nullptr, nullptr)); }

sqlite3_stmt* prepare(sqlite3* db, const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    check(db, sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr));
    return statement;
}

/// Adds what `select` (the task's id, then the values) finds to the rows of each task.
void collect(sqlite3* source, const std::string& select, std::size_t statement,
             std::map<sqlite3_int64, std::vector<Insert>>& rows) {
    auto* query = prepare(source, select);
    while (sqlite3_step(query) == SQLITE_ROW) {
        Insert insert{statement, {}};
        for (int i = 1; i < sqlite3_column_count(query); ++i)
            insert.values.emplace_back(sqlite3_value_dup(sqlite3_column_value(query, i)), &sqlite3_value_free);
        rows[sqlite3_column_int64(query, 0)].push_back(std::move(insert));
    }
    sqlite3_finalize(query);
}

std::string places(int count) {
    std::string out = "?";
    for (int i = 1; i < count; ++i) out += ",?";
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    auto* source = open(argv[1]);
    auto* target = open(argv[2]);
    const auto group = static_cast<std::size_t>(std::atoi(argv[3]));
    exec(target,
         "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192");

    std::map<sqlite3_int64, std::vector<Insert>> rows;
    std::vector<sqlite3_stmt*> inserts;
    for (const auto& table : tables) {
        const std::string name = table.name;
        collect(source, std::string("SELECT ") + table.task + ", * FROM " + name, inserts.size(), rows);
        auto* columns = prepare(source, "SELECT * FROM " + name);
        inserts.push_back(
            prepare(target, "INSERT INTO " + name + " VALUES (" + places(sqlite3_column_count(columns)) + ")"));
        sqlite3_finalize(columns);
    }
    exec(source, "CREATE VIRTUAL TABLE temp.grams USING fts5vocab(main, task_grams, instance)");
    collect(source, "SELECT doc, doc, group_concat(term, ' ') FROM temp.grams GROUP BY doc", inserts.size(), rows);
    inserts.push_back(prepare(target, "INSERT INTO task_grams (rowid, grams) VALUES (?, ?)"));

    const auto start = std::chrono::steady_clock::now();
    std::size_t at = 0;
    for (const auto& [task, list] : rows) {
        if (at++ % group == 0) exec(target, "BEGIN IMMEDIATE");
        for (const auto& insert : list) {
            auto* statement = inserts[insert.statement];
            for (std::size_t i = 0; i < insert.values.size(); ++i)
                sqlite3_bind_value(statement, static_cast<int>(i) + 1, insert.values[i].get());
            check(target, sqlite3_step(statement));
            sqlite3_reset(statement);
        }
        if (at % group == 0 || at == rows.size()) exec(target, "COMMIT");
    }
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%.1f\n", static_cast<double>(rows.size()) / seconds);
    for (auto* statement : inserts) sqlite3_finalize(statement);
    sqlite3_close(source);
    sqlite3_close(target);
}
