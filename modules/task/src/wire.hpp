// JSON text of task values, appended piece by piece: what is stored, answered and sent is built once.
#pragma once

#include "carillon/time/instant.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::task::wire {

inline constexpr std::string_view null = "null";

std::string_view name_of(Status status);
std::string_view name_of(Priority priority);
std::optional<Priority> priority_of(std::string_view name);

void append(std::string& out, Time time);  ///< RFC 3339, quoted
void append(std::string& out, const std::optional<Time>& time);
void append(std::string& out, const std::optional<std::string>& text);
void append(std::string& out, const std::optional<std::int64_t>& number);
void append(std::string& out, bool value);
void append(std::string& out, const std::vector<std::string>& texts);
void append(std::string& out, const std::optional<Recurrence>& recurrence);

}  // namespace carillon::task::wire
