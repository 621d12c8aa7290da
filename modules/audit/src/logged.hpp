// Entries beside their leaves, as the judge reads them.
#pragma once

#include "audit/leaf.hpp"
#include "carillon/db/session.hpp"

#include <functional>
#include <optional>
#include <string>

namespace carillon::audit {

struct Logged {
    Leaf leaf;                           ///< its content as it is stored beside the entry
    std::optional<std::string> payload;  ///< nothing once erased
    std::optional<std::string> salt;     ///< its bytes; the same
    bool has_leaf = false;
    std::int64_t tag = 0;
};

/// Entries with a position in (after, last], at most `limit`, in order.
void each_logged(db::Session& session, std::int64_t after, std::int64_t last, int limit,
                 const std::function<void(Logged&)>& visit);

}  // namespace carillon::audit
