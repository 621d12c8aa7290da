#include "repository.hpp"

#include "carillon/text.hpp"
#include "search.hpp"
#include "tag/tag.hpp"
#include "task/key_table.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <stdexcept>

namespace carillon::task::repository {
namespace {

/// The order of Columns.
const std::string select_todo =
    "SELECT user_id, body, bell_at, bell_silent, series_id, occurrence, deleted_at, import_key, import_stamp FROM "
    "tasks ";
using Columns = std::tuple<std::string, std::string, std::optional<std::int64_t>, bool, std::optional<std::string>,
                           std::optional<std::int64_t>, std::optional<std::int64_t>, std::optional<std::string>,
                           std::optional<std::int64_t>>;

Todo todo_of(Columns columns) {
    auto& [user_id, body, bell_at, bell_silent, series_id, occurrence, deleted_at, import_key, import_stamp] = columns;
    auto todo = todo_from_json(boost::json::parse(body).as_object());
    if (!todo) throw std::logic_error("a stored task cannot be read: " + todo.error().detail);
    todo->user_id = std::move(user_id);
    todo->bell_at = from_micros(bell_at);
    todo->bell_silent = bell_silent;
    todo->series_id = std::move(series_id);
    todo->occurrence = occurrence;
    todo->deleted_at = from_micros(deleted_at);
    todo->import_key = std::move(import_key);
    todo->import_stamp = from_micros(import_stamp);
    return std::move(*todo);
}

template <class... In>
std::optional<Todo> load_one(db::Session& session, std::string_view sql, const In&... in) {
    auto row = session.query_one<std::string, std::string, std::optional<std::int64_t>, bool,
                                 std::optional<std::string>, std::optional<std::int64_t>, std::optional<std::int64_t>,
                                 std::optional<std::string>, std::optional<std::int64_t>>(sql, in...);
    if (!row) return std::nullopt;
    return todo_of(std::move(*row));
}

template <class Visit>
void each_todo(db::Session& session, std::string_view sql, std::initializer_list<db::Param> params, Visit visit) {
    session.each<std::string, std::string, std::optional<std::int64_t>, bool, std::optional<std::string>,
                 std::optional<std::int64_t>, std::optional<std::int64_t>, std::optional<std::string>,
                 std::optional<std::int64_t>>(
        sql, params, [&visit](auto... columns) { visit(todo_of(Columns(std::move(columns)...))); });
}

bool live(const Todo* todo) { return todo && !todo->deleted_at; }

void insert(db::Transaction& tx, const Todo& todo, const std::string& body, const std::string& search) {
    tx.exec(
        "INSERT INTO tasks (id, user_id, version, status, priority, due_at, bell_at, bell_silent, series_id, "
        "occurrence, "
        "import_key, import_stamp, deleted_at, title_key, body, search) VALUES (:id, :user, :version, :status, "
        ":priority, :due, :bell, "
        ":silent, :series, :occurrence, :import_key, :import_stamp, :deleted, :title_key, :body, :search)",
        todo.id, todo.user_id, todo.version, static_cast<int>(todo.status), static_cast<int>(todo.priority),
        to_micros(todo.due_date), to_micros(todo.bell_at), todo.bell_silent, todo.series_id, todo.occurrence,
        todo.import_key, to_micros(todo.import_stamp), to_micros(todo.deleted_at), text::fold(todo.title), body,
        search);
}

void update(db::Transaction& tx, const Todo& before, const Todo& todo, const std::string& body,
            const std::string* search) {
    tx.exec(
        "UPDATE tasks SET version = :version, status = :status, priority = :priority, due_at = :due, bell_at = :bell, "
        "bell_silent = :silent, series_id = :series, occurrence = :occurrence, deleted_at = :deleted, body = :body "
        "WHERE user_id = :user AND id = :id",
        todo.version, static_cast<int>(todo.status), static_cast<int>(todo.priority), to_micros(todo.due_date),
        to_micros(todo.bell_at), todo.bell_silent, todo.series_id, todo.occurrence, to_micros(todo.deleted_at), body,
        todo.user_id, todo.id);
    if (search) {
        tx.exec("UPDATE tasks SET search = :search WHERE user_id = :user AND id = :id", *search, todo.user_id, todo.id);
    }
    if (before.title != todo.title) {
        tx.exec("UPDATE tasks SET title_key = :key WHERE user_id = :user AND id = :id", text::fold(todo.title),
                todo.user_id, todo.id);
    }
}

void count(db::Transaction& tx, const Todo& todo, int by) {
    tx.exec(
        "INSERT INTO task_counts (user_id, status, priority, n) VALUES (:user, :status, :priority, :n) "
        "ON CONFLICT (user_id, status, priority) DO UPDATE SET n = task_counts.n + excluded.n",
        todo.user_id, static_cast<int>(todo.status), static_cast<int>(todo.priority), by);
}

void keep_counts(db::Transaction& tx, const Todo* before, const Todo& after) {
    const bool same =
        live(before) && live(&after) && before->status == after.status && before->priority == after.priority;
    if (same) return;
    if (live(before)) count(tx, *before, -1);
    if (live(&after)) count(tx, after, 1);
}

std::vector<std::string> keys_of(const Todo* todo) {
    std::vector<std::string> keys;
    if (live(todo)) {
        for (const auto& name : todo->tags) keys.push_back(text::fold(name));
    }
    return keys;
}

bool holds(const std::vector<std::string>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

struct Use {
    int active = 0, completed = 0;
};
Use use_of(const Todo* todo) {
    if (!live(todo)) return {};
    return todo->status == Status::active ? Use{1, 0} : Use{0, 1};
}

void unlink(db::Transaction& tx, const Todo& before, const std::string& name, Use use) {
    const auto id = tag::count_in(tx, before.user_id, name, -use.active, -use.completed);
    if (!id) throw std::logic_error("a task carries a tag that is not there");
    tx.exec("DELETE FROM task_tags WHERE user_id = :user AND tag_id = :tag AND task_id = :task", before.user_id, *id,
            before.id);
}

Result<void> keep_tags(db::Transaction& tx, const Todo* before, Todo& after) {
    const auto old_keys = keys_of(before), new_keys = keys_of(&after);
    const auto was = use_of(before), is = use_of(&after);
    for (std::size_t i = 0; i < old_keys.size(); ++i) {
        if (!holds(new_keys, old_keys[i])) unlink(tx, *before, before->tags[i], was);
    }
    for (std::size_t i = 0; i < new_keys.size(); ++i) {
        const bool kept = holds(old_keys, new_keys[i]);
        const Use more = kept ? Use{is.active - was.active, is.completed - was.completed} : is;
        if (kept && !more.active && !more.completed && before->tags == after.tags) continue;
        auto used = tag::use_in(tx, after.user_id, after.tags[i], more.active, more.completed);
        if (!used) return invalid({{"tags", used.error().detail}});
        after.tags[i] = used->name;
        if (!kept) {
            tx.exec("INSERT INTO task_tags (user_id, tag_id, task_id) VALUES (:user, :tag, :task)", after.user_id,
                    used->id, after.id);
        }
    }
    return {};
}

}  // namespace

std::int64_t next_id(db::Transaction& tx) {
    // SQLite has one writer, and AUTOINCREMENT keeps the highest id ever given there.
    const auto* sql = tx.backend() == db::Backend::sqlite
                          ? "SELECT COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'tasks'), 0) + 1"
                          : "SELECT nextval('task_ids')";
    return std::get<0>(*tx.query_one<std::int64_t>(sql));
}

Result<std::string> store(db::Transaction& tx, const Todo* before, Todo& after, Tagging tagging) {
    if (tagging == Tagging::links) {
        if (auto kept = keep_tags(tx, before, after); !kept) return kept.error();
    }
    keep_counts(tx, before, after);
    auto body = to_json(after);
    const auto searched = search::text_of(after);
    if (!before) {
        insert(tx, after, body, searched);
        if (live(&after)) search::add(tx, after, searched);
        return body;
    }
    const auto searched_before = search::text_of(*before);
    const bool changed = searched != searched_before;
    if (live(before) && (changed || !live(&after))) search::remove(tx, *before, searched_before);
    if (live(&after) && (changed || !live(before))) search::add(tx, after, searched);
    update(tx, *before, after, body, changed ? &searched : nullptr);
    return body;
}

std::optional<Todo> load(db::Session& session, std::string_view user_id, std::int64_t id) {
    return load_one(session, select_todo + "WHERE user_id = :user AND id = :id", user_id, id);
}

std::vector<Todo> load_with_bells(db::Session& session, const std::vector<TaskKey>& keys) {
    const auto params = params_of(keys);
    std::vector<Todo> found;
    // LIMIT keeps PostgreSQL from making a join of it that reads the whole table.
    each_todo(session,
              "SELECT found.* FROM " + std::string(key_table) + " CROSS JOIN LATERAL (" + select_todo +
                  "WHERE user_id = u AND id = t AND deleted_at IS NULL AND bell_at IS NOT NULL AND status = :active "
                  "LIMIT 1) AS found",
              {params.users, params.ids, static_cast<int>(Status::active)},
              [&found](Todo todo) { found.push_back(std::move(todo)); });
    return found;
}

std::optional<Todo> load_occurrence(db::Session& session, std::string_view user_id, std::string_view series_id,
                                    std::int64_t number) {
    return load_one(session, select_todo + "WHERE user_id = :user AND series_id = :series AND occurrence = :number",
                    user_id, series_id, number);
}

std::optional<Todo> load_latest_occurrence(db::Session& session, std::string_view user_id, std::string_view series_id) {
    return load_one(session,
                    select_todo + "WHERE user_id = :user AND series_id = :series ORDER BY occurrence DESC LIMIT 1",
                    user_id, series_id);
}

void each(db::Session& session, std::string_view user_id, const std::function<void(const Todo&)>& visit) {
    each_todo(session, select_todo + "WHERE user_id = :user AND deleted_at IS NULL ORDER BY id", {user_id}, visit);
}

bool import_key_exists(db::Session& session, std::string_view user_id, std::string_view key) {
    return session
        .query_one<std::int64_t>("SELECT id FROM tasks WHERE user_id = :user AND import_key = :key", user_id, key)
        .has_value();
}

std::vector<std::int64_t> tagged(db::Session& session, std::string_view user_id, std::int64_t tag_id,
                                 std::int64_t after, int limit) {
    std::vector<std::int64_t> ids;
    session.each<std::int64_t>(
        "SELECT task_id FROM task_tags WHERE user_id = :user AND tag_id = :tag AND task_id > :after ORDER BY task_id "
        "LIMIT :limit",
        {db::Param(user_id), db::Param(tag_id), db::Param(after), db::Param(limit)},
        [&ids](std::int64_t id) { ids.push_back(id); });
    return ids;
}

void erase(db::Transaction& tx, std::string_view user_id) {
    each(tx, user_id, [&tx](const Todo& todo) { search::remove(tx, todo, search::text_of(todo)); });
    tx.exec("DELETE FROM tasks WHERE user_id = :user", user_id);
    tx.exec("DELETE FROM task_tags WHERE user_id = :user", user_id);
    tx.exec("DELETE FROM task_counts WHERE user_id = :user", user_id);
    tx.exec("DELETE FROM series WHERE user_id = :user", user_id);
}

}  // namespace carillon::task::repository
