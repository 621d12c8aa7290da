// What a leaf of the log's tree commits to, in its one binary form (docs/audit.md).
#pragma once

#include "audit/merkle.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::audit {

/// Bytes of a salt. Random, so that who knows only the hash of an erased payload cannot guess at it.
inline constexpr std::size_t salt_size = 16;

struct Leaf {
    std::int64_t position = 0;    ///< from 1; the leaf's index in the tree is one less
    std::int64_t created_at = 0;  ///< microseconds since the epoch
    std::int64_t task_id = 0;
    std::int64_t sequence = 0;
    std::string event_id, type, user_id, actor;
    merkle::Hash content{};  ///< content_hash() of the payload; zeroes where it was erased before it had a leaf
};

/// SHA-256(salt ‖ payload).
merkle::Hash content_hash(std::string_view salt, std::string_view payload);
/// The octets that are hashed: 0x01, the four numbers as 8 octets each (big-endian), the four texts each behind its
/// length in 4 octets, the content's hash.
std::string encode(const Leaf& leaf);
merkle::Hash hash(const Leaf& leaf);

}  // namespace carillon::audit
