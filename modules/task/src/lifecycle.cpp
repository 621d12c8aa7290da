#include "events.hpp"
#include "series.hpp"
#include "service.hpp"

namespace carillon::task {

using namespace std::chrono_literals;

constexpr auto restorable = 24h * 30;

Result<Todo> Service::complete(db::Transaction& tx, const Principal& who, const Todo& before) {
    if (before.status == Status::completed) return before;
    auto next = before;
    next.status = Status::completed;
    next.completed_at = clock_.now();
    return commit(tx, who, before, std::move(next), "task.completed");
}

Result<Todo> Service::reopen(db::Transaction& tx, const Principal& who, const Todo& before) {
    if (before.status == Status::active) return before;
    auto next = before;
    next.status = Status::active;
    next.completed_at.reset();
    quiet_past_bell(next, clock_.now());
    return commit(tx, who, before, std::move(next), "task.updated");
}

Result<Todo> Service::complete_in(db::Transaction& tx, const Principal& who, std::int64_t id,
                                  std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    return before ? complete(tx, who, *before) : before;
}

Result<Todo> Service::reopen_in(db::Transaction& tx, const Principal& who, std::int64_t id,
                                std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    return before ? reopen(tx, who, *before) : before;
}

Result<Todo> Service::remove_in(db::Transaction& tx, const Principal& who, std::int64_t id,
                                std::optional<std::int64_t> if_match, bool keep_series) {
    auto before = open(tx, who, id, if_match);
    if (!before) return before;
    auto next = *before;
    next.deleted_at = clock_.now();
    if (before->series_id && before->status == Status::active && !keep_series) {
        series::set_ended(tx, who.user_id, *before->series_id, true);
    }
    return commit(tx, who, *before, std::move(next), "task.deleted");
}

Result<Todo> Service::restore_in(db::Transaction& tx, const Principal& who, std::int64_t id) {
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    auto before = repository::load(tx, who.user_id, id);
    const auto now = clock_.now();
    if (!before || (before->deleted_at && *before->deleted_at + restorable < now)) return not_found();
    if (!before->deleted_at) return std::move(*before);
    auto next = *before;
    next.deleted_at.reset();
    quiet_past_bell(next, now);
    if (next.series_id && next.status == Status::active) series::set_ended(tx, who.user_id, *next.series_id, false);
    return commit(tx, who, *before, std::move(next), "task.restored");
}

}  // namespace carillon::task
