#pragma once

#include "task/task.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace carillon::task {

/// What read-only fields in a body mean: POST refuses them, PUT takes back what GET gave and ignores them.
enum class ReadOnly { refused, ignored };

Result<NewTask> parse_task(const boost::json::object& body, const std::string& prefix, ReadOnly mode);

}  // namespace carillon::task
