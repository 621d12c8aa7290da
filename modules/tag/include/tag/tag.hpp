// tag: a user's tags; tasks carry them by name, the module keeps them by id and counts their use.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/principal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::tag {

inline constexpr std::int64_t max_per_user = 1000;

struct Tag {
    std::int64_t id = 0;
    std::string name;
    std::int64_t active = 0;     ///< active tasks that carry it
    std::int64_t completed = 0;  ///< completed ones
};

/// A name as it is kept: trimmed, NFC. Fails with a message that completes "tags.0 …": not 1..50 letters, digits,
/// hyphens.
Result<std::string> check_name(std::string_view name);

/// The tag of that name, created if there is none; `active` and `completed` are added to its use counts. The same
/// folded name is the same tag, spelled as it was first. `name` must have passed check_name. Fails with: invalid (too
/// many tags).
Result<Tag> use_in(db::Transaction& tx, std::string_view user_id, std::string_view name, std::int64_t active,
                   std::int64_t completed);
/// Adds to the use counts of a tag there is; its id. Nothing when there is no such tag.
std::optional<std::int64_t> count_in(db::Transaction& tx, std::string_view user_id, std::string_view name,
                                     std::int64_t active, std::int64_t completed);

std::optional<Tag> find_in(db::Session& session, std::string_view user_id, std::string_view name);
std::optional<Tag> find_in(db::Session& session, std::string_view user_id, std::int64_t id);

/// Removes all tags of a deleted account.
void erase_in(db::Transaction& tx, std::string_view user_id);

}  // namespace carillon::tag
