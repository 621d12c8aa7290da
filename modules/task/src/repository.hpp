// SQL of tasks, task_tags, task_counts and the search index; one call keeps all four in step.
#pragma once

#include "carillon/db/session.hpp"
#include "task/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::task::repository {

/// An id for a new task: higher than any before it.
std::int64_t next_id(db::Transaction& tx);

/// What a write does to the links to tags: `links` follows the names; `names_only` is for a tag whose own name changes.
enum class Tagging { links, names_only };

/// Stores `after` in place of `before` (null: a new task) and keeps links, counts and search index in step with both.
/// Spells after.tags as the tags are spelled. Returns the stored body. Fails with: invalid (too many tags).
Result<std::string> store(db::Transaction& tx, const Todo* before, Todo& after, Tagging tagging = Tagging::links);

/// Deleted or not.
std::optional<Todo> load(db::Session& session, std::string_view user_id, std::int64_t id);
std::vector<Todo> load_with_bells(db::Session& session, const std::vector<TaskKey>& keys);
std::optional<Todo> load_occurrence(db::Session& session, std::string_view user_id, std::string_view series_id,
                                    std::int64_t number);
std::optional<Todo> load_latest_occurrence(db::Session& session, std::string_view user_id, std::string_view series_id);
void each(db::Session& session, std::string_view user_id, const std::function<void(const Todo&)>& visit);

bool import_key_exists(db::Session& session, std::string_view user_id, std::string_view key);
/// Ids above `after` of live tasks with the tag, ascending.
std::vector<std::int64_t> tagged(db::Session& session, std::string_view user_id, std::int64_t tag_id,
                                 std::int64_t after, int limit);

/// Removes everything of a deleted account.
void erase(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::task::repository
