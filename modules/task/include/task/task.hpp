// task: the tasks themselves. Every change stores the row, its event and the user's next sequence in one transaction.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/outbox.hpp"
#include "carillon/http/router.hpp"
#include "carillon/principal.hpp"
#include "carillon/time/clock.hpp"
#include "carillon/time/recurrence.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::identity {
class Identity;
}

namespace carillon::task {

enum class Status { active, completed };
enum class Priority { low = 1, medium = 2, high = 3 };

struct Todo {
    std::int64_t id = 0;
    std::string user_id;
    std::string title;
    std::optional<std::string> description;
    Status status = Status::active;
    Priority priority = Priority::medium;
    std::optional<Time> due_date;
    bool all_day = false;
    std::optional<Time> reminder_at;  ///< explicit; the bell that rings is bell_at
    bool remind = true;
    std::optional<Recurrence> recurrence;
    std::vector<std::string> tags;
    std::optional<std::int64_t> parent_task_id;
    Time created_at{};
    Time updated_at{};
    std::optional<Time> completed_at;
    std::int64_t version = 1;

    // Not on the wire:
    std::optional<Time>
        bell_at;  ///< when it should ring: reminder_at, else the due time or the all-day default; none if !remind
    bool bell_silent =
        false;  ///< bell_at was already past when accepted (import, offline): counted as fired late, does not ring
    std::optional<std::string> series_id;
    std::optional<std::int64_t> occurrence;  ///< number within the series
    std::optional<Time> deleted_at;
    std::optional<std::string> import_key;  ///< of the list it came from (an iCalendar UID)
    std::optional<Time> import_stamp;       ///< when it was last revised there; says so until it is changed here
};

/// The Todo exactly as the API answers it and as events carry it.
std::string to_json(const Todo& todo);
/// Reads what to_json wrote (of the log or an export). Fails with: invalid.
Result<Todo> todo_from_json(const boost::json::object& json);

/// Fields of POST and PUT. Defaults are those of an absent field.
struct NewTask {
    std::string title;
    std::optional<std::string> description;
    Priority priority = Priority::medium;
    std::optional<Time> due_date;
    bool all_day = false;
    std::optional<Time> reminder_at;
    bool remind = true;
    std::optional<Recurrence> recurrence;
    std::vector<std::string> tags;
};

/// Merge-patch: outer nothing leaves alone, inner nothing clears.
struct TaskPatch {
    std::optional<std::string> title;
    std::optional<std::optional<std::string>> description;
    std::optional<Status> status;
    std::optional<Priority> priority;
    std::optional<std::optional<Time>> due_date;
    std::optional<bool> all_day;
    std::optional<std::optional<Time>> reminder_at;
    std::optional<bool> remind;
    std::optional<std::optional<Recurrence>> recurrence;
    std::optional<std::vector<std::string>> tags;
};

/// Read and check bodies; unknown and read-only fields are refused, every wrong one named below `prefix`.
Result<NewTask> parse_new_task(const boost::json::object& body, std::string prefix = {});
Result<TaskPatch> parse_task_patch(const boost::json::object& body, std::string prefix = {});

/// How a task comes to be, where it is not a plain POST.
struct Origin {
    bool accept_past_reminder = false;  ///< import: a past reminder_at is kept and counted as fired late
    bool completed = false;             ///< import: created as completed
    std::optional<Time> completed_at;
    std::optional<std::string> series_id;  ///< recurring: the next occurrence of this series
    std::optional<std::int64_t> occurrence;
    std::optional<std::int64_t> parent_task_id;
    std::optional<std::string> import_key;  ///< import: a second task with the same key is a conflict
    std::optional<Time> import_stamp;       ///< import: when it was last revised where it comes from
};

/// A series of occurrences; written here in the transaction of the change, read by recurring.
struct SeriesRow {
    std::string id;
    std::string user_id;
    Recurrence recurrence;
    Time start{};
    bool all_day = false;
    std::string timezone;  ///< of the recurrence, else the user's when the series began or last changed zone
    std::int64_t first_task_id = 0;
    bool ended = false;
};

/// The past of tasks, which another module keeps. Shapes are those of the API's Todo.
struct Past {
    std::function<std::vector<boost::json::object>(db::Session&, std::string_view user_id, Time at)> tasks_at;
    /// Fails with: not_found, conflict (erased).
    std::function<Result<boost::json::object>(db::Session&, std::string_view user_id, std::int64_t id, Time at)>
        task_at;
};

struct TaskKey {
    std::string_view user_id;
    std::int64_t id = 0;
};

class TaskService {
public:
    virtual ~TaskService() = default;

    /// What `?at=` is answered from; before the first request.
    virtual void remember(Past past) = 0;

    // Each joins the caller's transaction, locks the user, adds its events. `if_match` is a version; 412 when it
    // differs.
    /// Fails with: invalid, conflict (occurrence or import key exists).
    virtual Result<Todo> create_in(db::Transaction&, const Principal&, const NewTask&, const Origin& = {}) = 0;
    /// Fails with: not_found, precondition_failed, invalid. No change, no event.
    virtual Result<Todo> update_in(db::Transaction&, const Principal&, std::int64_t id, const TaskPatch&,
                                   std::optional<std::int64_t> if_match = {}) = 0;
    virtual Result<Todo> replace_in(db::Transaction&, const Principal&, std::int64_t id, const NewTask&,
                                    std::optional<std::int64_t> if_match = {}) = 0;
    virtual Result<Todo> complete_in(db::Transaction&, const Principal&, std::int64_t id,
                                     std::optional<std::int64_t> if_match = {}) = 0;
    virtual Result<Todo> reopen_in(db::Transaction&, const Principal&, std::int64_t id,
                                   std::optional<std::int64_t> if_match = {}) = 0;
    /// Moves the task to its series' next occurrence. Fails also with: conflict (not recurring, or no further
    /// occurrence).
    virtual Result<Todo> skip_in(db::Transaction&, const Principal&, std::int64_t id,
                                 std::optional<std::int64_t> if_match = {}) = 0;
    virtual Result<Todo> snooze_in(db::Transaction&, const Principal&, std::int64_t id, Time until,
                                   std::optional<std::int64_t> if_match = {}) = 0;
    /// DELETE of an active task ends its series unless `keep_series`.
    virtual Result<Todo> remove_in(db::Transaction&, const Principal&, std::int64_t id,
                                   std::optional<std::int64_t> if_match = {}, bool keep_series = false) = 0;
    virtual Result<Todo> restore_in(db::Transaction&, const Principal&, std::int64_t id) = 0;
    /// Sets every writable field to those of `state` (an earlier state of the same task), deleted or not, as one new
    /// event.
    virtual Result<Todo> revert_in(db::Transaction&, const Principal&, std::int64_t id, const Todo& state) = 0;

    /// Nothing when it is missing, another user's, or deleted and not asked for.
    virtual std::optional<Todo> find_in(db::Session&, std::string_view user_id, std::int64_t id,
                                        bool with_deleted = false) = 0;
    /// Of these tasks those that are to ring (live, active, with a bell), in one statement and no order. PostgreSQL.
    virtual std::vector<Todo> with_bells_in(db::Session&, const std::vector<TaskKey>&) = 0;
    /// The task that is occurrence `number` of a series, deleted or not.
    virtual std::optional<Todo> occurrence_in(db::Session&, std::string_view user_id, std::string_view series_id,
                                              std::int64_t number) = 0;
    /// The highest occurrence number that ever existed in the series, with its task.
    virtual std::optional<Todo> latest_occurrence_in(db::Session&, std::string_view user_id,
                                                     std::string_view series_id) = 0;
    virtual std::optional<SeriesRow> series_in(db::Session&, std::string_view user_id, std::string_view series_id) = 0;
    /// Calls `visit` for each live task, by id.
    virtual void each_in(db::Session&, std::string_view user_id, const std::function<void(const Todo&)>& visit) = 0;
    /// Renames or removes a tag on every task that carries it: one task.updated for each. `new_name` nothing removes
    /// it.
    virtual Result<void> retag_in(db::Transaction&, const Principal&, std::int64_t tag_id,
                                  std::optional<std::string> new_name) = 0;

    virtual std::vector<http::Route> routes() = 0;
};

std::unique_ptr<TaskService> make_task_service(db::Database& database, Outbox& outbox, identity::Identity& identity,
                                               const Clock& clock);

}  // namespace carillon::task
