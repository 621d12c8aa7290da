// A transaction that stays open between its steps, on a connection of its own: for what must be done elsewhere while
// its locks are held. PostgreSQL only; SQLite's one writer is never held.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/database.hpp"
#include "carillon/db/session.hpp"
#include "carillon/error.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace carillon::db {

/// The server ends a transaction that stands idle for 10 s, as that of a frozen process does: then its locks are free
/// and finish() fails, so that whoever held them can no longer write in their name.
class HeldTransaction {
public:
    virtual ~HeldTransaction() = default;  ///< rolls back

    /// Begins; `work(Transaction&) -> Result<T>`. A value leaves the transaction open, anything else rolls back.
    /// Fails with: unavailable.
    template <class F, class R = std::invoke_result_t<F&, Transaction&>>
    awaitable<R> begin(F work) {
        co_return co_await run<R>(Step::begin, std::move(work));
    }
    /// Runs `work` in the open transaction and commits. Fails with: unavailable, also when the server has ended it.
    template <class F, class R = std::invoke_result_t<F&, Transaction&>>
    awaitable<R> finish(F work) {
        co_return co_await run<R>(Step::finish, std::move(work));
    }
    /// Ends it without a change. Does not fail: what cannot be told to the server ends with the connection.
    awaitable<void> roll_back() {
        Work nothing;
        (void)co_await execute(Step::roll_back, std::move(nothing));
    }
    /// Rolls back and lets nothing more begin. Waits for a step that is under way.
    virtual void close() = 0;

protected:
    enum class Step { begin, finish, roll_back };
    using Work = std::function<bool(Transaction&)>;  ///< true when the transaction may go on

    /// Why it failed, if the database did; throws for defects.
    virtual awaitable<std::optional<Error>> execute(Step step, Work work) = 0;

private:
    template <class R, class F>
    awaitable<R> run(Step step, F work) {
        std::optional<R> result;
        Work into_result = [&result, &work](Transaction& tx) {
            result.emplace(work(tx));
            return result->has_value();
        };
        auto failed = co_await execute(step, std::move(into_result));
        if (failed) co_return R{std::move(*failed)};
        co_return std::move(*result);
    }
};

/// Over another connection to the same server; nothing for SQLite. Connects with the first begin().
std::unique_ptr<HeldTransaction> make_held_transaction(Database& database);

}  // namespace carillon::db
