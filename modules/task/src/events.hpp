// Data of the task events (docs/api/asyncapi.yaml): camelCase, Unix seconds, and `todo` with the stored bytes.
#pragma once

#include "task/task.hpp"

#include <string>
#include <string_view>

namespace carillon::task::events {

std::string created(const Todo& todo, std::string_view body);
/// `changes` as diff() gives it.
std::string updated(const Todo& todo, std::string_view changes, std::string_view body);
std::string completed(const Todo& todo, std::string_view body);
std::string deleted(const Todo& todo);
std::string restored(const Todo& todo, std::string_view body);

/// `{"field":{"old":…,"new":…},…}` of the fields that differ, named and written as in the event's data; `{}` when
/// nothing does.
std::string diff(const Todo& before, const Todo& after);

}  // namespace carillon::task::events
