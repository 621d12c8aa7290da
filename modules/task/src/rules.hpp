// What DESIGN calls defaults and checks across fields: due date, all-day, reminder, bell. No SQL here.
#pragma once

#include "identity/identity.hpp"
#include "task/task.hpp"

#include <functional>
#include <optional>

namespace carillon::task {

/// The user's zone and default reminder time, read only when a rule needs them.
class Settings {
public:
    explicit Settings(std::function<identity::UserSettings()> read) : read_(std::move(read)) {}
    const identity::UserSettings& get() {
        if (!known_) known_ = read_();
        return *known_;
    }

private:
    std::function<identity::UserSettings()> read_;
    std::optional<identity::UserSettings> known_;
};

/// How far a change may go beyond what a plain request may.
struct Leave {
    std::optional<Time> queued_at;    ///< a reminder that was future then is accepted
    bool past_reminder = false;       ///< import, undo, the next occurrence: what ended or rang may come back
    bool reminder_after_due = false;  ///< snooze, undo
    bool move_reminder = false;       ///< PATCH of the due date alone: an explicit reminder keeps its distance
};

/// Completes and checks `next`, which is `before` with the asked-for fields set (`before` null: a new task). Sets due
/// date, reminder and bell. Fails with: invalid.
Result<void> settle(Todo& next, const Todo* before, Time now, Settings& settings, const Leave& leave);

/// 23:59 of the instant's day in the zone, where all-day due dates lie.
Time end_of_day(Time instant, const std::string& zone);
/// RFC 3339 has the years 0001 to 9999; a zone or a shift may lead out of them.
bool is_writable(Time time);

/// A bell that passed while the task was completed or deleted does not ring when it comes back.
void quiet_past_bell(Todo& todo, Time now);

void apply(Todo& todo, const NewTask& input);
void apply(Todo& todo, const TaskPatch& patch);  ///< all but status
void apply(Todo& todo, const Todo& state);       ///< the writable fields, status and completed_at of an earlier state

}  // namespace carillon::task
