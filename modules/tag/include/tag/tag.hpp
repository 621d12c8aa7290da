// tag: a user's tags; tasks carry them by name, the module keeps them by id.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/principal.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::tag {

struct Tag {
    std::int64_t id = 0;
    std::string name;
    std::int64_t active = 0;     ///< active tasks that carry it
    std::int64_t completed = 0;  ///< completed ones
};

/// Ids of the names, in order, creating unknown ones. Names must be valid (text::is_tag_name, 1..50 characters); the same
/// folded name is the same tag, spelled as it was first.
std::vector<Tag> ensure_in(db::Transaction& tx, std::string_view user_id, const std::vector<std::string>& names);
/// Keeps the use counts; `active` and `completed` are differences.
void count_in(db::Transaction& tx, std::int64_t tag_id, std::int64_t active, std::int64_t completed);

}  // namespace carillon::tag
