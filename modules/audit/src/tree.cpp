#include "audit/tree.hpp"

#include "carillon/ids.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <stdexcept>

namespace carillon::audit {
namespace {

/// Any number that nobody else locks. Until the commit, so that one replica at a time extends and signs.
constexpr std::string_view lock_tree = "SELECT CASE WHEN pg_advisory_xact_lock(7161727223) IS NULL THEN 0 ELSE 1 END";

void lock(db::Transaction& tx) {
    if (tx.backend() == db::Backend::postgresql) tx.query_one<std::int64_t>(lock_tree);
}

/// Salts, drawn many at a time: asking the system for each costs as much as hashing what it salts.
class Salts {
public:
    std::string_view next() {
        if (used_ == pool_.size()) {
            randombytes_buf(pool_.data(), pool_.size());
            used_ = 0;
        }
        used_ += salt_size;
        return {pool_.data() + used_ - salt_size, salt_size};
    }

private:
    std::array<char, 256 * salt_size> pool_;
    std::size_t used_ = pool_.size();
};

struct NewLeaf {
    std::int64_t position;
    std::optional<std::string> salt;
    std::string content;
    std::int64_t tag;
};

struct NewNode {
    int level;
    std::int64_t number;
    std::string hash;
};

struct NewRows {
    std::vector<NewLeaf> leaves;
    std::vector<NewNode> nodes;
};

/// A statement a row: SQLite copies the rows of a longer one aside first, where a table has triggers.
void insert_each(db::Transaction& tx, const NewRows& rows) {
    for (const auto& leaf : rows.leaves)
        tx.exec("INSERT INTO audit_leaves (position, salt, content, tag) VALUES (:position, :salt, :content, :tag)",
                leaf.position, leaf.salt, leaf.content, leaf.tag);
    for (const auto& node : rows.nodes)
        tx.exec("INSERT INTO audit_nodes (level, number, hash) VALUES (:level, :number, :hash)", node.level,
                node.number, node.hash);
}

/// A statement a table, for a server that is a round trip away. Nothing in the rows needs escaping.
void insert_together(db::Transaction& tx, const NewRows& rows) {
    std::string leaves, nodes;
    for (const auto& leaf : rows.leaves)
        leaves += fmt::format(R"(,{{"position":{},"salt":{},"content":"{}","tag":{}}})", leaf.position,
                              leaf.salt ? '"' + *leaf.salt + '"' : "null", leaf.content, leaf.tag);
    for (const auto& node : rows.nodes)
        nodes += fmt::format(R"(,{{"level":{},"number":{},"hash":"{}"}})", node.level, node.number, node.hash);
    const auto exec = [&tx](std::string_view sql, std::string& list) {
        if (list.empty()) return;
        list.front() = '[';
        tx.exec(sql, list + ']');
    };
    exec(
        "INSERT INTO audit_leaves (position, salt, content, tag) SELECT position, salt, content, tag "
        "FROM json_populate_recordset(CAST(NULL AS audit_leaves), CAST(:rows AS json))",
        leaves);
    exec(
        "INSERT INTO audit_nodes (level, number, hash) SELECT level, number, hash "
        "FROM json_populate_recordset(CAST(NULL AS audit_nodes), CAST(:rows AS json))",
        nodes);
}

std::vector<StoredCheckpoint> read_checkpoints(db::Session& session, std::string_view sql,
                                               std::initializer_list<db::Param> params) {
    std::vector<StoredCheckpoint> found;
    session.each<std::int64_t, std::string, std::int64_t>(
        sql, params, [&found](std::int64_t size, std::string note, std::int64_t created_at) {
            found.push_back({static_cast<std::uint64_t>(size), std::move(note), from_micros(created_at)});
        });
    return found;
}

}  // namespace

std::uint64_t Tree::size() {
    const auto last = session_.query_one<std::int64_t>("SELECT coalesce(max(position), 0) FROM audit_leaves");
    return static_cast<std::uint64_t>(std::get<0>(*last));
}

merkle::Nodes Tree::nodes() {
    return [this](int level, std::uint64_t number) { return node(level, number); };
}

merkle::Hash Tree::node(int level, std::uint64_t number) {
    if (level == 0) return leaf(number);
    if (level < stored_level) return merkle::node_hash(node(level - 1, number * 2), node(level - 1, number * 2 + 1));
    const auto stored = session_.query_one<std::string>(
        "SELECT hash FROM audit_nodes WHERE level = :level AND number = :number", level, number);
    const auto hash = stored ? merkle::from_base64(std::get<0>(*stored)) : std::nullopt;
    if (!hash) throw std::runtime_error("the tree of the audit log is not whole: run `carillon audit verify`");
    return *hash;
}

merkle::Hash Tree::leaf(std::uint64_t index) {
    const auto block = index >> stored_level;
    if (block != block_) {
        leaves_.clear();
        const auto first = static_cast<std::int64_t>(block << stored_level) + 1;
        session_.each<std::int64_t, std::string, std::string, std::int64_t, std::string, std::int64_t, std::int64_t,
                      std::string, std::string>(
            "SELECT e.position, e.event_id, e.user_id, e.task_id, e.type, e.created_at, e.sequence, e.actor, l.content "
            "FROM task_events e JOIN audit_leaves l ON l.position = e.position "
            "WHERE e.position BETWEEN :first AND :last ORDER BY e.position",
            {first, first + (1 << stored_level) - 1},
            [this](std::int64_t position, std::string event, std::string user, std::int64_t task, std::string type,
                   std::int64_t created_at, std::int64_t sequence, std::string actor, std::string content) {
                leaves_.push_back(
                    hash({position, created_at, task, sequence, std::move(event), std::move(type), std::move(user),
                          std::move(actor), merkle::from_base64(content).value_or(merkle::Hash{})}));
            });
        block_ = block;
    }
    const auto within = index - (block << stored_level);
    if (within >= leaves_.size())
        throw std::runtime_error("the leaves of the audit log are not whole: run `carillon audit verify`");
    return leaves_[within];
}

std::int64_t extend_in(db::Transaction& tx, const Keys& keys, std::int64_t most) {
    lock(tx);
    Tree tree(tx);
    const auto size = tree.size();
    auto frontier = tree.frontier(size);
    NewRows rows;
    Salts salts;
    const auto keep = [&rows](int level, std::uint64_t number, const merkle::Hash& hash) {
        if (level >= stored_level)
            rows.nodes.push_back({level, static_cast<std::int64_t>(number), merkle::to_base64(hash)});
    };
    tx.each<std::int64_t, std::string, std::string, std::int64_t, std::string, std::optional<std::string>, std::int64_t,
            std::int64_t, std::string>(
        "SELECT position, event_id, user_id, task_id, type, payload, created_at, sequence, actor FROM task_events "
        "WHERE position > :size ORDER BY position LIMIT :most",
        {static_cast<std::int64_t>(size), most},
        [&](std::int64_t position, std::string event, std::string user, std::int64_t task, std::string type,
            std::optional<std::string> payload, std::int64_t created_at, std::int64_t sequence, std::string actor) {
            std::optional<std::string> salt;
            Leaf leaf{position,        created_at,      task, sequence, std::move(event), std::move(type),
                      std::move(user), std::move(actor)};
            if (payload) {
                const auto bytes = salts.next();
                leaf.content = content_hash(bytes, *payload);
                salt = to_base64(bytes);
            }
            const auto leaf_hash = hash(leaf);
            rows.leaves.push_back({position, std::move(salt), merkle::to_base64(leaf.content), keys.tag(leaf_hash)});
            frontier.add(leaf_hash, keep);
        });
    tx.backend() == db::Backend::sqlite ? insert_each(tx, rows) : insert_together(tx, rows);
    return static_cast<std::int64_t>(frontier.size() - size);
}

bool checkpoint_in(db::Transaction& tx, const Keys& keys, Time now) {
    lock(tx);
    Tree tree(tx);
    const auto size = tree.size();
    const auto last = last_checkpoint(tx);
    if (size == (last ? last->size : 0)) return false;
    tx.exec("INSERT INTO audit_checkpoints (size, note, created_at) VALUES (:size, :note, :now)", size,
            keys.signer.sign(size, tree.root(size)), to_micros(now));
    return true;
}

std::optional<StoredCheckpoint> last_checkpoint(db::Session& session) {
    auto found = read_checkpoints(
        session, "SELECT size, note, created_at FROM audit_checkpoints ORDER BY size DESC LIMIT 1", {});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
}

std::vector<StoredCheckpoint> checkpoints_after(db::Session& session, std::uint64_t after, int limit) {
    return read_checkpoints(
        session, "SELECT size, note, created_at FROM audit_checkpoints WHERE size > :after ORDER BY size LIMIT :limit",
        {after, limit});
}

}  // namespace carillon::audit
