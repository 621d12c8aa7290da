#include "events.hpp"
#include "series.hpp"
#include "service.hpp"

namespace carillon::task {

Result<Todo> Service::create_in(db::Transaction& tx, const Principal& who, const NewTask& input, const Origin& origin) {
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    // Looked up, not left to the unique keys: the user is locked, and on PostgreSQL a violation would end the
    // transaction.
    if (origin.import_key && repository::import_key_exists(tx, who.user_id, *origin.import_key)) {
        return Error{Errc::conflict, "This entry was imported before."};
    }
    if (origin.series_id && origin.occurrence &&
        repository::load_occurrence(tx, who.user_id, *origin.series_id, *origin.occurrence)) {
        return Error{Errc::conflict, "This occurrence exists."};
    }
    const auto now = clock_.now();
    Todo todo;
    apply(todo, input);
    todo.user_id = who.user_id;
    todo.created_at = todo.updated_at = now;
    todo.parent_task_id = origin.parent_task_id;
    todo.series_id = origin.series_id;
    todo.occurrence = origin.occurrence;
    todo.import_key = origin.import_key;
    todo.import_stamp = origin.import_stamp;
    if (origin.completed) {
        todo.status = Status::completed;
        todo.completed_at = origin.completed_at.value_or(now);
    }
    auto settings = settings_of(tx, who.user_id);
    Leave leave;
    leave.queued_at = who.queued_at;
    leave.past_reminder = origin.accept_past_reminder || origin.series_id;
    leave.reminder_after_due = origin.series_id.has_value();  // keeps the distance a snooze may have made
    if (auto sound = settle(todo, nullptr, now, settings, leave); !sound) return sound.error();
    todo.id = repository::next_id(tx);
    if (todo.recurrence && !todo.series_id) series::start(tx, todo, settings.get().timezone, now);
    const auto body = repository::store(tx, nullptr, todo);
    if (!body) return body.error();
    outbox_.add(tx, who, "task.created", todo.id, events::created(todo, *body));
    return todo;
}

}  // namespace carillon::task
