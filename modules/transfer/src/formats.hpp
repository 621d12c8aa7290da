// The formats one by one; transfer.cpp chooses.
#pragma once

#include "transfer/transfer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::transfer {

Parsed read_icalendar(std::string_view bytes, std::string_view zone);
Parsed read_markdown(std::string_view bytes, std::string_view file_name);
Parsed read_json(std::string_view bytes);

/// All-day tasks are written as dates of `zone`, the user's.
std::string write_icalendar(const std::vector<task::Todo>& todos, std::string_view zone);
std::string write_json(const std::vector<task::Todo>& todos);
/// Either of them.
std::string write(const std::vector<task::Todo>& todos, Format format, std::string_view zone);

/// The name under which a task is known outside: where it was imported from, or else its own id.
std::string uid_of(const task::Todo& todo);
/// When it was last revised, here or, if it has not been changed since its import, where it comes from. So a task that
/// goes out and comes in again says the same.
Time stamp_of(const task::Todo& todo);

/// Makes foreign text fit a task: control characters and line ends become blanks, what is too long is cut and listed.
std::string fit_title(std::string_view text, int line, std::vector<Problem>& problems);
std::string fit_description(std::string_view text, int line, std::vector<Problem>& problems);
/// Names that are allowed as tags, from foreign categories: blanks become hyphens, other characters go.
std::vector<std::string> fit_tags(const std::vector<std::string>& names, int line, std::vector<Problem>& problems);

}  // namespace carillon::transfer
