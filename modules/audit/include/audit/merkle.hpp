// Merkle trees as RFC 6962 section 2.1 has them: hashes, roots, proofs. No storage, no JSON.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit::merkle {

/// SHA-256.
using Hash = std::array<unsigned char, 32>;
using Path = std::vector<Hash>;

Hash sha256(std::string_view data);
/// Of one behind the other.
Hash sha256(std::string_view first, std::string_view second);
/// SHA-256(0x00 ‖ data).
Hash leaf_hash(std::string_view data);
/// SHA-256(0x01 ‖ left ‖ right).
Hash node_hash(const Hash& left, const Hash& right);

/// Base64 with padding (RFC 4648 section 4), 44 characters; reading anything else gives nothing.
std::string to_base64(const Hash& hash);
std::optional<Hash> from_base64(std::string_view text);

/// The hash of the complete subtree of the 2^level leaves from number × 2^level on.
using Nodes = std::function<Hash(int level, std::uint64_t number)>;

/// The root of the first `size` leaves; that of none is SHA-256 of nothing.
Hash root(std::uint64_t size, const Nodes& nodes);
/// PATH(index, D[size]) of section 2.1.1, from the leaf upwards; index < size.
Path inclusion(std::uint64_t index, std::uint64_t size, const Nodes& nodes);
/// PROOF(from, D[to]) of section 2.1.2; 1 ≤ from ≤ to.
Path consistency(std::uint64_t from, std::uint64_t to, const Nodes& nodes);

/// Whether `path` proves that the leaf at `index` is in the tree of `size` leaves (RFC 9162 section 2.1.3.2).
bool proves_inclusion(const Path& path, std::uint64_t index, std::uint64_t size, const Hash& leaf, const Hash& root);
/// Whether `path` proves that the tree `from` is the beginning of the tree `to` (RFC 9162 section 2.1.4.2).
bool proves_consistency(const Path& path, std::uint64_t from, std::uint64_t to, const Hash& from_root,
                        const Hash& to_root);

/// A tree that only grows: the roots of its complete subtrees, at most one of a level, so O(log n) of memory.
class Frontier {
public:
    using Completed = std::function<void(int level, std::uint64_t number, const Hash& hash)>;

    Frontier() = default;
    /// The frontier of the first `size` leaves of a stored tree.
    Frontier(std::uint64_t size, const Nodes& nodes);
    /// Adds a leaf; `completed` is told of each subtree above it that is complete now, level 1 first.
    void add(const Hash& leaf, const Completed& completed);
    std::uint64_t size() const noexcept { return size_; }
    Hash root() const;

private:
    std::uint64_t size_ = 0;
    std::vector<Hash> subtrees_;  // largest first, one for each bit of size_
};

}  // namespace carillon::audit::merkle
