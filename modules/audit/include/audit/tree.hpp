// The stored tree over the log: tables audit_leaves, audit_nodes, audit_checkpoints.
#pragma once

#include "audit/keys.hpp"
#include "audit/leaf.hpp"
#include "audit/merkle.hpp"
#include "carillon/db/session.hpp"
#include "carillon/time/instant.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace carillon::audit {

/// Subtrees of 2^stored_level leaves and more have a row; smaller ones are computed from their entries.
inline constexpr int stored_level = 4;

/// Proofs over the stored tree; for the length of one read.
class Tree {
public:
    explicit Tree(db::Session& session) : session_(session) {}
    std::uint64_t size();  ///< entries that have a leaf
    merkle::Hash root(std::uint64_t size) { return merkle::root(size, nodes()); }
    merkle::Path inclusion(std::uint64_t index, std::uint64_t size) { return merkle::inclusion(index, size, nodes()); }
    merkle::Path consistency(std::uint64_t from, std::uint64_t to) { return merkle::consistency(from, to, nodes()); }
    merkle::Frontier frontier(std::uint64_t size) { return {size, nodes()}; }

private:
    merkle::Nodes nodes();
    /// Throws std::runtime_error where the table lacks what the tree should have.
    merkle::Hash node(int level, std::uint64_t number);
    merkle::Hash leaf(std::uint64_t index);

    db::Session& session_;
    std::uint64_t block_ = UINT64_MAX;  // whose leaves are in leaves_
    std::vector<merkle::Hash> leaves_;
};

/// Gives the next entries, at most `most`, their leaves; how many. One caller at a time, across replicas.
std::int64_t extend_in(db::Transaction& tx, const Keys& keys, std::int64_t most);

struct StoredCheckpoint {
    std::uint64_t size = 0;
    std::string note;
    Time created_at{};
};
/// Signs the tree as it stands, unless there is a checkpoint of that size; whether it did.
bool checkpoint_in(db::Transaction& tx, const Keys& keys, Time now);
std::optional<StoredCheckpoint> last_checkpoint(db::Session& session);
/// Those of more than `after` entries, smallest first.
std::vector<StoredCheckpoint> checkpoints_after(db::Session& session, std::uint64_t after, int limit);

}  // namespace carillon::audit
