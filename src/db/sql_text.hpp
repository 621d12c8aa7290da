// The text of a statement as both SOCI backends understand it, and the names of its parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace carillon::db {

struct SqlText {
    std::string text;                ///< without comments: SOCI would look for quotes and names inside them
    std::vector<std::string> names;  ///< each `:name` once, in the order of first appearance
};

/// Quoted strings, quoted identifiers and `::` casts hold no parameters.
SqlText parse_sql(std::string_view sql);

}  // namespace carillon::db
