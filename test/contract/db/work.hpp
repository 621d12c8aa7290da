// Short names for what these tests do again and again.
#pragma once

#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace carillon::test {

using Write = std::function<Result<void>(db::Transaction&)>;

/// How one write ended.
struct Outcome {
    bool ok = false;
    std::optional<Errc> refused{};
    std::string defect{};
};

inline void run(TestDatabase& database, std::initializer_list<std::string_view> statements) {
    const auto work = [&](db::Transaction& tx) -> Result<void> {
        for (const auto sql : statements) tx.exec(sql);
        return {};
    };
    REQUIRE(database->write_now(work).has_value());
}

inline std::int64_t number(db::Database& database, std::string_view sql) {
    const auto work = [&](db::Session& session) -> Result<std::int64_t> {
        return std::get<0>(session.query_one<std::int64_t>(sql).value());
    };
    const auto result = database.read_now(work);
    REQUIRE(result.has_value());
    return *result;
}

inline awaitable<void> write_one(db::Database& database, Write work, Outcome& outcome) {
    try {
        auto result = co_await database.write(std::move(work));
        outcome.ok = result.has_value();
        if (!result) outcome.refused = result.error().code;
    } catch (const std::exception& e) {
        outcome.defect = e.what();
    }
}

/// For the thread that runs the tests. It outlives every database, whose threads may still be inside a post().
inline asio::io_context& test_io() {
    static asio::io_context io;
    io.restart();
    return io;
}

/// Submits all `works` while the writer is held up, so that SQLite commits them as one group, in this order.
inline std::vector<Outcome> write_together(db::Database& database, const std::vector<Write>& works) {
    std::promise<void> started, release;
    auto holding_up = std::async(std::launch::async, [&] {
        const auto hold = [&](db::Transaction&) -> Result<void> {
            started.set_value();
            release.get_future().wait();
            return {};
        };
        return database.write_now(hold).has_value();
    });
    started.get_future().wait();
    asio::io_context& io = test_io();
    std::vector<Outcome> outcomes(works.size());
    for (std::size_t i = 0; i < works.size(); ++i) {
        asio::co_spawn(io, write_one(database, works[i], outcomes[i]), asio::detached);
    }
    io.poll();
    release.set_value();
    holding_up.get();
    const auto work = asio::make_work_guard(io);
    const auto ended = [](const Outcome& o) { return o.ok || o.refused || !o.defect.empty(); };
    while (!std::all_of(outcomes.begin(), outcomes.end(), ended)) io.run_one();
    return outcomes;
}

}  // namespace carillon::test
