// Substring search, case-folded, from one character on.
#pragma once

#include "carillon/db/session.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::task::search {

/// What is searched: folded title, description and tags, with a separator that no field holds.
std::string text_of(const Todo& todo);

/// SQLite's trigram index; PostgreSQL indexes the column itself.
void add(db::Transaction& tx, const Todo& todo, const std::string& text);
/// `text` must be what was added.
void remove(db::Transaction& tx, const Todo& todo, const std::string& text);

/// FTS5 expression for tasks that may hold the folded `term` and the folded `tag`, empty for any; nothing where the
/// term is too short for trigrams.
std::optional<std::string> match(std::string_view user_id, std::string_view term, std::string_view tag);
/// LIKE pattern for the folded `term`, escaped by `!`.
std::string like(std::string_view term);

}  // namespace carillon::task::search
