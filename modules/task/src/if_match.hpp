// If-Match (RFC 9110 section 13.1.1) on a task's ETag, which is its version in quotes.
#pragma once

#include "carillon/db/session.hpp"
#include "carillon/http/message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace carillon::task {

/// If-Match compares strongly: a weak tag, or one that is no version, matches nothing.
class IfMatch {
public:
    explicit IfMatch(const http::Request& request);
    /// The version to ask for: nothing where any will do; of several the current one if it is among them.
    std::optional<std::int64_t> version_for(db::Session& session, std::string_view user_id, std::int64_t id) const;

private:
    bool given_ = false;
    std::vector<std::int64_t> versions_;
};

}  // namespace carillon::task
