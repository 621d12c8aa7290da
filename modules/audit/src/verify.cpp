#include "audit/verify.hpp"

#include "audit/tree.hpp"
#include "audit/witness.hpp"
#include "logged.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace carillon::audit {
namespace {

constexpr int page_size = 2048;
constexpr std::size_t most_findings = 20;
constexpr std::int64_t moved_at_most = 1000;  // how far an entry is looked for that is not where it was

struct Node {
    int level;
    std::uint64_t number;
    merkle::Hash hash;
};

class Verifier {
public:
    Verifier(db::Database& database, const VerifyOptions& options)
        : database_(database), options_(options), witness_(options.witness_file) {}

    Result<Report> run() {
        // The witness was opened before: it is written after the database, so this snapshot knows all it holds.
        if (auto begun = read([this](db::Session& session) { begin(session); }); !begun) return begun.error();
        while (!stopped_ && at_ < total_) {
            if (auto done = read([this](db::Session& session) { page(session); }); !done) return done.error();
            if (options_.progress) options_.progress(at_ < 0 ? 0 : at_, total_);
        }
        if (auto ended = read([this](db::Session& session) { end(session); }); !ended) return ended.error();
        return report_;
    }

private:
    template <class Work>
    Result<bool> read(Work work) {
        return database_.read_now([&work](db::Session& session) -> Result<bool> {
            work(session);
            return true;
        });
    }

    void begin(db::Session& session);
    void page(db::Session& session);
    void entry(Logged& entry);
    bool sound(const Logged& entry);
    void compare_nodes(db::Session& session);
    void compare_checkpoints(db::Session& session);
    bool compare(const std::string& note, std::uint64_t size, std::string_view where);
    bool fits(db::Session& session, const Checkpoint& checkpoint);
    void next_stored(db::Session& session);
    void next_witnessed();
    void end(db::Session& session);
    void beyond(std::uint64_t size, std::string_view where);
    void name_the_move(db::Session& session);
    std::int64_t former_position(const Logged& entry) const;

    void find(std::int64_t position, std::string text) {
        if (report_.findings.size() < most_findings) report_.findings.push_back({position, std::move(text)});
    }
    void stop(std::int64_t position, std::string text) {
        find(position, std::move(text));
        stopped_ = true;
    }

    db::Database& database_;
    const VerifyOptions& options_;
    WitnessReader witness_;
    Report report_;
    std::int64_t total_ = 0, sealed_ = 0;
    std::int64_t at_ = std::numeric_limits<std::int64_t>::min();  // the last position read
    std::int64_t expected_ = 1;
    std::uint64_t last_stored_ = 0;  // the largest checkpoint when it began
    merkle::Frontier frontier_;
    std::vector<Node> nodes_;  // completed within the page
    std::vector<StoredCheckpoint> stored_;
    std::size_t stored_at_ = 0;
    std::optional<std::string> witnessed_;
    std::uint64_t witnessed_size_ = 0;
    std::vector<std::pair<std::int64_t, std::string>> erased_;  // within the page: entry and user
    std::int64_t moved_ = 0;                                    // the first entry whose tag does not fit
    bool stopped_ = false;
};

void Verifier::begin(db::Session& session) {
    const auto number = [&session](std::string_view sql) { return std::get<0>(*session.query_one<std::int64_t>(sql)); };
    total_ = number("SELECT coalesce(max(position), 0) FROM task_events");
    sealed_ = number("SELECT coalesce(max(position), 0) FROM audit_leaves");
    const auto last = last_checkpoint(session);
    last_stored_ = last ? last->size : 0;
    next_stored(session);
    next_witnessed();
}

void Verifier::page(db::Session& session) {
    int read = 0;
    nodes_.clear();
    erased_.clear();
    each_logged(session, at_, total_, page_size, [&](Logged& logged) {
        ++read;
        at_ = logged.leaf.position;
        if (!stopped_) entry(logged);
        if (!stopped_) compare_checkpoints(session);
    });
    if (read == 0) at_ = total_;
    if (moved_ != 0) name_the_move(session);
    compare_nodes(session);
    for (const auto& [position, user] : erased_) {
        if (session.query_one<std::int64_t>("SELECT 1 FROM users WHERE id = :id AND deleted_at IS NULL", user))
            find(position, fmt::format("the content of entry {} is gone, but its account is not", position));
    }
}

void Verifier::entry(Logged& entry) {
    const auto position = entry.leaf.position;
    if (position < expected_) return stop(position, fmt::format("entry {} was inserted", position));
    if (position > expected_)
        return stop(expected_, fmt::format("entries {} to {} were removed", expected_, position - 1));
    ++expected_;
    ++report_.entries;
    if (position > sealed_) return;
    if (!entry.has_leaf) return stop(position, fmt::format("the leaf of entry {} was removed", position));
    if (!sound(entry)) return;
    const auto hash = audit::hash(entry.leaf);
    if (options_.secrets && options_.secrets->tag(hash) != entry.tag) {
        moved_ = position;
        stopped_ = true;
        return;
    }
    frontier_.add(hash, [this](int level, std::uint64_t number, const merkle::Hash& node) {
        if (level >= stored_level) nodes_.push_back({level, number, node});
    });
}

/// Whether the entry's content is what its leaf was made of.
bool Verifier::sound(const Logged& entry) {
    const auto position = entry.leaf.position;
    if (entry.payload && (!entry.salt || content_hash(*entry.salt, *entry.payload) != entry.leaf.content)) {
        stop(position, fmt::format("the content of entry {} was changed", position));
        return false;
    }
    if (entry.payload) return true;
    ++report_.erased;
    if (entry.salt) find(position, fmt::format("the content of entry {} is gone, but its salt is not", position));
    if (erased_.empty() || erased_.back().second != entry.leaf.user_id)
        erased_.emplace_back(position, entry.leaf.user_id);
    return true;
}

void Verifier::compare_nodes(db::Session& session) {
    std::sort(nodes_.begin(), nodes_.end(),
              [](const Node& a, const Node& b) { return std::tie(a.level, a.number) < std::tie(b.level, b.number); });
    for (auto first = nodes_.begin(); first != nodes_.end();) {
        const auto last = std::find_if(first, nodes_.end(), [&](const Node& n) { return n.level != first->level; });
        auto at = first;
        const auto wrong = [&](const Node& node) {
            const auto begin = node.number << node.level;
            find(static_cast<std::int64_t>(begin) + 1,
                 fmt::format("the stored hash of entries {} to {} was changed or removed", begin + 1,
                             begin + (std::uint64_t{1} << node.level)));
        };
        session.each<std::int64_t, std::string>(
            "SELECT number, hash FROM audit_nodes WHERE level = :level AND number BETWEEN :first AND :last "
            "ORDER BY number",
            {first->level, first->number, (last - 1)->number}, [&](std::int64_t number, std::string hash) {
                for (; at != last && at->number < static_cast<std::uint64_t>(number); ++at) wrong(*at);
                if (at == last) return;
                if (merkle::from_base64(hash) != at->hash) wrong(*at);
                ++at;
            });
        for (; at != last; ++at) wrong(*at);
        first = last;
    }
}

/// Checkpoints over just the entries read so far.
void Verifier::compare_checkpoints(db::Session& session) {
    const auto size = frontier_.size();
    bool has_stored = false;
    while (!stopped_ && stored_at_ < stored_.size() && stored_[stored_at_].size <= size) {
        has_stored = true;
        if (compare(stored_[stored_at_].note, stored_[stored_at_].size, "the checkpoint")) ++report_.checkpoints;
        next_stored(session);
    }
    while (!stopped_ && witnessed_ && witnessed_size_ <= size) {
        const bool now = witnessed_size_ == size;
        if (now && !has_stored)
            find(0, fmt::format("the checkpoint over {} entries, which the witness has, was removed", size));
        if (!now && size > 0) {  // out of order: of a log that was rolled back, or written by two replicas
            const auto opened = open_note(*witnessed_, options_.keys);
            if (opened && witnessed_size_ > 0 && !fits(session, *opened))
                stop(0, fmt::format("the witness has another log of {} entries", witnessed_size_));
        } else if (compare(*witnessed_, size, "the witness's checkpoint")) {
            ++report_.witnessed;
        }
        next_witnessed();
    }
}

/// Whether the stored tree, which was compared with the entries so far, has the checkpoint's root.
bool Verifier::fits(db::Session& session, const Checkpoint& checkpoint) {
    try {
        return Tree(session).root(checkpoint.size) == checkpoint.root;
    } catch (const std::runtime_error&) {  // not whole
        return false;
    }
}

/// Whether the note is signed and fits the tree of the entries read so far.
bool Verifier::compare(const std::string& note, std::uint64_t size, std::string_view where) {
    const auto opened = open_note(note, options_.keys);
    if (!opened || opened->size != size) {
        find(0, fmt::format("{} over {} entries is not to be trusted: {}", where, size,
                            opened ? "it was made for another number of entries." : opened.error().detail));
        return false;
    }
    if (opened->root != frontier_.root()) {
        const auto first = static_cast<std::int64_t>(report_.covered) + 1;
        stop(first, fmt::format("of entries {} to {} one was changed, removed, inserted or reordered: {} over {} "
                                "entries does not fit them",
                                first, size, where, size));
        return false;
    }
    report_.covered = std::max(report_.covered, size);
    return true;
}

void Verifier::next_stored(db::Session& session) {
    const auto after = stored_at_ < stored_.size() ? stored_[stored_at_].size : 0;
    if (!stored_.empty() && ++stored_at_ < stored_.size()) return;
    if (!stored_.empty() && after >= last_stored_) return;
    stored_ = checkpoints_after(session, after, page_size);
    stored_at_ = 0;
    std::erase_if(stored_, [this](const StoredCheckpoint& c) { return c.size > last_stored_; });
}

void Verifier::next_witnessed() {
    for (witnessed_ = witness_.next(); witnessed_; witnessed_ = witness_.next()) {
        const auto size = claimed_size(*witnessed_);
        if (!size) continue;  // what a torn write left
        witnessed_size_ = *size;
        return;
    }
}

/// A checkpoint over more than has leaves.
void Verifier::beyond(std::uint64_t size, std::string_view where) {
    const auto total = static_cast<std::uint64_t>(total_);
    const auto first = std::min(total, frontier_.size()) + 1;
    const auto what =
        size <= total ? "lost their leaves" : "were cut off, or an older copy of the log was put in its place";
    find(static_cast<std::int64_t>(first),
         fmt::format("entries {} to {} {}: {} is over {} entries", first, size, what, where, size));
}

void Verifier::end(db::Session& session) {
    if (stopped_) return;
    if (sealed_ > total_)
        find(total_ + 1, fmt::format("entries {} to {} were removed; their leaves are there", total_ + 1, sealed_));
    // A checkpoint over entries that have no leaf: there were leaves.
    if (stored_at_ < stored_.size()) beyond(stored_.back().size, "a checkpoint");
    std::uint64_t most = 0;
    for (; witnessed_; next_witnessed()) {
        if (open_note(*witnessed_, options_.keys)) most = std::max(most, witnessed_size_);
    }
    if (most > 0) beyond(most, "a checkpoint of the witness");
    std::int64_t nodes = 0;
    for (int level = stored_level; (sealed_ >> level) > 0; ++level) nodes += sealed_ >> level;
    const auto found = session.query_one<std::int64_t>(
        "SELECT count(*) FROM audit_nodes WHERE level BETWEEN 0 AND 62 AND number >= 0 AND "
        "number < (CAST(:size AS BIGINT) >> CAST(level AS INTEGER))",
        sealed_);
    const auto surplus = session.query_one<std::int64_t>(
        "SELECT count(*) FROM audit_nodes WHERE level < :stored OR level > 62 OR number < 0", stored_level);
    if (std::get<0>(*found) != nodes || std::get<0>(*surplus) != 0)
        find(0, "there are stored hashes that belong to no entries, or hashes are missing");
}

/// The position that the entry had when it was tagged; 0 where it never had one hereabouts.
std::int64_t Verifier::former_position(const Logged& entry) const {
    auto leaf = entry.leaf;
    for (std::int64_t distance = 0; distance <= moved_at_most; ++distance) {
        for (const auto position : {entry.leaf.position - distance, entry.leaf.position + distance}) {
            leaf.position = position;
            if (options_.secrets->tag(hash(leaf)) == entry.tag) return position;
        }
    }
    return 0;
}

/// What happened to the first entry whose tag does not fit, told by where it and the next one were.
void Verifier::name_the_move(db::Session& session) {
    std::vector<std::int64_t> former;
    each_logged(session, moved_ - 1, moved_ + 1, 2, [&](Logged& entry) { former.push_back(former_position(entry)); });
    former.resize(2);
    if (former[0] > moved_ && (former[1] == 0 || former[1] == former[0] + 1))
        find(moved_, fmt::format("entries {} to {} were removed and the later ones moved up", moved_, former[0] - 1));
    else if (former[0] != 0)
        find(moved_, fmt::format("entry {} was reordered: it was entry {}", moved_, former[0]));
    else if (former[1] == moved_)
        find(moved_, fmt::format("entry {} was inserted", moved_));
    else
        find(moved_, fmt::format("entry {} was changed", moved_));
}

}  // namespace

Result<Report> verify(db::Database& database, const VerifyOptions& options) {
    return Verifier(database, options).run();
}

}  // namespace carillon::audit
