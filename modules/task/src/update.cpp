#include "carillon/text.hpp"
#include "events.hpp"
#include "series.hpp"
#include "service.hpp"
#include "tag/tag.hpp"

#include <algorithm>

namespace carillon::task {
namespace {

/// A name that differs only in case from one the task carries is that one.
void spell_as_before(const Todo& before, Todo& next) {
    if (next.tags == before.tags) return;
    for (auto& name : next.tags) {
        for (const auto& known : before.tags) {
            if (text::fold(known) == text::fold(name)) name = known;
        }
    }
}

}  // namespace

void Service::keep_series(db::Transaction& tx, const Todo& before, Todo& next, Settings& settings) {
    if (next.recurrence == before.recurrence) return;
    if (before.series_id) series::set_ended(tx, before.user_id, *before.series_id, true);
    next.series_id.reset();
    next.occurrence.reset();
    if (next.recurrence) series::start(tx, next, settings.get().timezone, clock_.now());
}

Result<Todo> Service::change(db::Transaction& tx, const Principal& who, const Todo& before, Todo next,
                             const Leave& leave) {
    auto settings = settings_of(tx, who.user_id);
    if (auto sound = settle(next, &before, clock_.now(), settings, leave); !sound) return sound.error();
    spell_as_before(before, next);
    if (events::diff(before, next) == "{}") return before;
    keep_series(tx, before, next, settings);
    return commit(tx, who, before, std::move(next), "task.updated");
}

Result<Todo> Service::update_in(db::Transaction& tx, const Principal& who, std::int64_t id, const TaskPatch& patch,
                                std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    if (!before) return before;
    auto next = *before;
    apply(next, patch);
    Leave leave;
    leave.queued_at = who.queued_at;
    leave.move_reminder = patch.due_date && !patch.reminder_at;
    auto changed = change(tx, who, *before, std::move(next), leave);
    if (!changed || !patch.status || *patch.status == changed->status) return changed;
    return *patch.status == Status::completed ? complete(tx, who, *changed) : reopen(tx, who, *changed);
}

Result<Todo> Service::replace_in(db::Transaction& tx, const Principal& who, std::int64_t id, const NewTask& input,
                                 std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    if (!before) return before;
    auto next = *before;
    apply(next, input);
    Leave leave;
    leave.queued_at = who.queued_at;
    return change(tx, who, *before, std::move(next), leave);
}

Result<Todo> Service::snooze_in(db::Transaction& tx, const Principal& who, std::int64_t id, Time until,
                                std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    if (!before) return before;
    if (before->status == Status::completed) return Error{Errc::conflict, "A completed task cannot be snoozed."};
    const bool was_future = who.queued_at && until > *who.queued_at;
    if (until <= clock_.now() && !was_future) return invalid({{"until", "must not be in the past"}});
    auto next = *before;
    next.reminder_at = until;
    next.remind = true;
    Leave leave;
    leave.queued_at = who.queued_at;
    leave.reminder_after_due = true;
    return change(tx, who, *before, std::move(next), leave);
}

Result<Todo> Service::skip_in(db::Transaction& tx, const Principal& who, std::int64_t id,
                              std::optional<std::int64_t> if_match) {
    auto before = open(tx, who, id, if_match);
    if (!before) return before;
    if (before->status == Status::completed) return Error{Errc::conflict, "A completed task cannot be skipped."};
    auto row = before->series_id ? series_in(tx, who.user_id, *before->series_id) : std::nullopt;
    if (!row || !before->occurrence || row->ended) return Error{Errc::conflict, "The task does not repeat."};
    // Past what the task is at, even where its due date was moved: each skip is a step.
    row->recurrence.catch_up = false;
    const bool by_due = row->recurrence.anchor == Anchor::due;
    const auto following = series::rule_of(*row).next(
        *before->occurrence, by_due ? std::max(clock_.now(), *before->due_date) : clock_.now());
    if (!following) return Error{Errc::conflict, "The series has no further occurrence."};
    if (repository::load_occurrence(tx, who.user_id, *before->series_id, following->number)) {
        return Error{Errc::conflict, "The next occurrence exists as a task of its own."};
    }
    auto next = *before;
    next.due_date = following->due;
    next.occurrence = following->number;
    Leave leave;
    leave.move_reminder = true;
    return change(tx, who, *before, std::move(next), leave);
}

Result<Todo> Service::revert_in(db::Transaction& tx, const Principal& who, std::int64_t id, const Todo& state) {
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    auto before = repository::load(tx, who.user_id, id);
    if (!before) return not_found();
    auto next = *before;
    apply(next, state);
    auto settings = settings_of(tx, who.user_id);
    Leave leave;
    leave.past_reminder = leave.reminder_after_due = true;
    const auto now = clock_.now();
    if (auto sound = settle(next, &*before, now, settings, leave); !sound) return sound.error();
    spell_as_before(*before, next);
    if (!before->deleted_at && events::diff(*before, next) == "{}") return *before;
    keep_series(tx, *before, next, settings);
    std::string_view type = "task.updated";
    // Completing is what makes the next occurrence appear, so it is told as such.
    if (before->status == Status::active && next.status == Status::completed) type = "task.completed";
    if (before->status == Status::completed && next.status == Status::active) quiet_past_bell(next, now);
    if (before->deleted_at) {
        type = "task.restored";
        next.deleted_at.reset();
        quiet_past_bell(next, now);
        if (next.series_id && next.status == Status::active) series::set_ended(tx, who.user_id, *next.series_id, false);
    }
    return commit(tx, who, *before, std::move(next), type);
}

Result<void> Service::retag_in(db::Transaction& tx, const Principal& who, std::int64_t tag_id,
                               std::optional<std::string> new_name) {
    constexpr std::size_t at_once = 200;  // bounds the ids held, not the work: it is one change, so one transaction
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    const auto tag = tag::find_in(tx, who.user_id, tag_id);
    if (!tag) return not_found();
    const auto old_key = text::fold(tag->name);
    const auto other = new_name ? tag::find_in(tx, who.user_id, *new_name) : std::nullopt;
    const bool merge = other && other->id != tag_id;
    const auto tagging = new_name && !merge ? repository::Tagging::names_only : repository::Tagging::links;
    std::int64_t last = 0;
    for (;;) {
        const auto ids = repository::tagged(tx, who.user_id, tag_id, last, static_cast<int>(at_once));
        for (const auto id : ids) {
            const auto before = repository::load(tx, who.user_id, id);
            auto next = *before;
            const auto is_old = [&old_key](const std::string& name) { return text::fold(name) == old_key; };
            const auto has_new = merge && std::any_of(next.tags.begin(), next.tags.end(), [&](const auto& name) {
                                     return text::fold(name) == text::fold(other->name);
                                 });
            if (!new_name || has_new)
                std::erase_if(next.tags, is_old);
            else
                std::replace_if(next.tags.begin(), next.tags.end(), is_old, merge ? other->name : *new_name);
            if (next.tags == before->tags) continue;
            auto done = commit(tx, who, *before, std::move(next), "task.updated", tagging);
            if (!done) return done.error();
        }
        if (ids.size() < at_once) return {};
        last = ids.back();
    }
}

}  // namespace carillon::task
