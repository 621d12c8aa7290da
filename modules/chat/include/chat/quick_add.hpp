// Quick add: one line of text becomes one task. Deterministic: the answer depends on text, now and zone only.
// docs/quick-add.md is the grammar.
#pragma once

#include "carillon/time/instant.hpp"
#include "carillon/time/recurrence.hpp"
#include "task/task.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::chat {

inline constexpr std::size_t max_line = 2000;  ///< characters of a quick-add line

/// What a piece of the line means.
enum class Kind { due, recurrence, reminder, priority, tag, description };

/// A piece of the line that was understood. Positions count code points, `end` exclusive.
struct Span {
    std::size_t start = 0;
    std::size_t end = 0;
    Kind kind = Kind::due;
    std::string text;
};

/// Why the line cannot be saved as it is; `code` is one of the grammar's section 5.
struct LineError {
    std::string_view code;
    std::size_t start = 0;
    std::size_t end = 0;
};

struct QuickAdd {
    std::string title;
    std::optional<std::string> description;
    std::optional<task::Priority> priority;
    std::optional<Time> due_date;
    bool all_day = false;
    std::optional<Time> reminder_at;
    std::optional<Recurrence> recurrence;
    std::vector<std::string> tags;
    std::vector<Span> spans;
    std::vector<LineError> errors;
};

/// Reads a line: UTF-8 of any content, at most max_line characters (what is longer is read all the same, and slowly).
/// `zone` must satisfy is_time_zone. Never throws for what the line holds.
QuickAdd quick_add(std::string_view line, Time now, std::string_view zone);

/// As POST /api/parse answers it; instants with the offset that `zone` has at them.
boost::json::object to_json(const QuickAdd& parsed, std::string_view zone);

/// The task that the line asks for. Fails with: invalid, one field `text` for each error of the line.
Result<task::NewTask> to_task(const QuickAdd& parsed, std::string_view line);

}  // namespace carillon::chat
