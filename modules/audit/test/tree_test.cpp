#include "audit/tree.hpp"
#include "audit/entries.hpp"
#include "audit/verify.hpp"
#include "world.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::audit::test;
using carillon::test::name_of;

namespace {

/// A log with its tree; the entries are not those of real changes.
struct Proved {
    explicit Proved(Backend backend) : database(backend) {
        audit::ensure_keys(folder / "keys");
        keys.emplace(audit::load_keys(folder / "keys"));
        user = carillon::test::add_user(*database);
    }

    void append(int count) {
        const auto add = [&](db::Transaction& tx) -> Result<bool> {
            for (int i = 0; i < count; ++i) {
                Event event;
                event.sequence = ++last;
                event.id = "evt-" + std::to_string(last);
                event.type = "task.updated";
                event.user_id = user;
                event.task_id = 1 + last % 3;
                event.actor = "user";
                event.data = R"({"todo": {"n":)" + std::to_string(last) + "}}";
                audit::append(tx, event);
            }
            return true;
        };
        REQUIRE(database->write_now(add).has_value());
    }
    std::int64_t cover(std::int64_t most = 512) {
        const auto extend = [&](db::Transaction& tx) -> Result<std::int64_t> {
            const auto n = audit::extend_in(tx, *keys, most);
            audit::checkpoint_in(tx, *keys, from_micros(last));
            return n;
        };
        return *database->write_now(extend);
    }
    template <class Work>
    auto read(Work work) {
        return *database->read_now(
            [&](db::Session& session) -> Result<decltype(work(session))> { return work(session); });
    }
    std::string sql(const std::string& text) { return try_sql(*database, text); }
    std::vector<audit::Finding> findings() {
        return audit::verify(*database, {keys->verifiers, keys, {}, {}})->findings;
    }

    carillon::test::TemporaryFolder folder;
    carillon::test::TestDatabase database;
    std::optional<audit::Keys> keys;
    std::string user;
    std::int64_t last = 0;
};

audit::merkle::Hash leaf_of(db::Session& session, std::int64_t position) {
    const auto row = session.query_one<std::string, std::string, std::string, std::int64_t, std::int64_t, std::int64_t,
                                       std::string, std::string>(
        "SELECT e.event_id, e.type, e.user_id, e.task_id, e.sequence, e.created_at, e.actor, l.content "
        "FROM task_events e JOIN audit_leaves l ON l.position = e.position WHERE e.position = :position",
        position);
    const auto& [event, type, user, task, sequence, created_at, actor, content] = *row;
    return audit::hash(
        {position, created_at, task, sequence, event, type, user, actor, *audit::merkle::from_base64(content)});
}

}  // namespace

TEST_CASE("the stored tree proves each entry in each checkpoint, whatever the batches were", "[tree]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    Proved log(backend);
    CHECK(log.cover() == 0);
    CHECK_FALSE(log.read([](db::Session& session) { return audit::last_checkpoint(session).has_value(); }));
    for (const int count : {1, 1, 13, 1, 16, 40, 3}) {
        log.append(count);
        while (log.cover(7) > 0) {
        }
    }
    CHECK(log.cover() == 0);
    log.read([&](db::Session& session) {
        audit::Tree tree(session);
        REQUIRE(tree.size() == 75);
        const auto checkpoints = audit::checkpoints_after(session, 0, 100);
        REQUIRE(checkpoints.size() >= 7);
        for (const auto& stored : checkpoints) {
            const auto checkpoint = audit::open_note(stored.note, log.keys->verifiers);
            REQUIRE(checkpoint.has_value());
            REQUIRE(checkpoint->size == stored.size);
            CHECK(tree.frontier(stored.size).root() == checkpoint->root);
            for (std::uint64_t i = 0; i < stored.size; i += 1 + i % 3) {
                const auto leaf = leaf_of(session, static_cast<std::int64_t>(i) + 1);
                CHECK(audit::merkle::proves_inclusion(tree.inclusion(i, stored.size), i, stored.size, leaf,
                                                      checkpoint->root));
                CHECK(audit::merkle::proves_consistency(tree.consistency(i + 1, stored.size), i + 1, stored.size,
                                                        tree.root(i + 1), checkpoint->root));
            }
        }
        return true;
    });
    CHECK(log.findings().empty());
}

TEST_CASE("the tree cannot be changed by SQL", "[tree]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    Proved log(backend);
    log.append(40);
    log.cover();
    std::vector<std::string> attacks{
        "DELETE FROM audit_leaves",
        "DELETE FROM audit_leaves WHERE position = 40",
        "UPDATE audit_leaves SET salt = NULL",
        "UPDATE audit_leaves SET salt = 'x'",
        "UPDATE audit_leaves SET content = 'x'",
        "UPDATE audit_leaves SET tag = 1",
        "UPDATE audit_leaves SET position = 41 WHERE position = 40",
        "INSERT INTO audit_leaves (position, content, tag) VALUES (42, 'x', 1)",
        "INSERT INTO audit_leaves (position, content, tag) VALUES (40, 'x', 1)",
        "DELETE FROM audit_nodes",
        "UPDATE audit_nodes SET hash = 'x'",
        "UPDATE audit_nodes SET number = 7",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET note = 'x'",
        "UPDATE audit_checkpoints SET size = 41",
        "INSERT INTO audit_checkpoints (size, note, created_at) VALUES (39, 'x', 1)",
        "INSERT INTO audit_checkpoints (size, note, created_at) VALUES (40, 'x', 1)",
    };
    if (backend == Backend::sqlite) {
        attacks.push_back("REPLACE INTO audit_leaves (position, content, tag) VALUES (40, 'x', 1)");
        attacks.push_back("REPLACE INTO audit_nodes (level, number, hash) VALUES (4, 0, 'x')");
        attacks.push_back("REPLACE INTO audit_checkpoints (size, note, created_at) VALUES (40, 'x', 1)");
    } else {
        for (const std::string table : {"audit_leaves", "audit_nodes", "audit_checkpoints"})
            attacks.push_back("TRUNCATE " + table);
    }
    for (const auto& attack : attacks) {
        INFO(attack);
        CHECK_THAT(log.sql(attack), Catch::Contains(": a row is only added") || Catch::Contains(": rows are never") ||
                                        Catch::Contains("audit_checkpoints: "));
        CHECK(log.findings().empty());
    }
}

TEST_CASE("with the payload goes the salt, and every proof still verifies", "[tree]") {
    const auto backend = GENERATE(Backend::sqlite, Backend::postgresql);
    INFO(name_of(backend));
    Proved log(backend);
    log.append(20);
    log.cover();
    log.append(5);  // erased before they have leaves
    const auto root = [&] { return log.read([](db::Session& session) { return audit::Tree(session).root(20); }); };
    const auto before = root();
    REQUIRE(log.sql("UPDATE task_events SET payload = NULL") == "");  // as a release that knows no salt erases
    CHECK(root() == before);
    CHECK(log.cover() == 5);
    const auto with_salt = log.read([](db::Session& session) {
        return std::get<0>(
            *session.query_one<std::int64_t>("SELECT count(*) FROM audit_leaves WHERE salt IS NOT NULL"));
    });
    CHECK(with_salt == 0);
    const auto accused = log.findings();  // the account is still there
    REQUIRE(accused.size() == 1);
    CHECK(accused.front().position == 1);
    REQUIRE(log.sql("UPDATE users SET deleted_at = 1") == "");
    CHECK(log.findings().empty());
}
