#include "turn.hpp"

#include "carillon/db/held_transaction.hpp"

namespace carillon::events {
namespace {

Page page_of(std::vector<OutboxRow> rows) {
    Page page;
    page.end = rows.empty();
    if (!page.end) page.last = rows.back().position;
    page.rows = std::move(rows);
    return page;
}

class OnlyOne final : public Turn {
public:
    explicit OnlyOne(db::Database& database) : database_(database) {}

    awaitable<Result<Page>> begin(std::int64_t after, int limit) override {
        auto work = [after, limit](db::Session& session) -> Result<Page> {
            return page_of(unpublished(session, after, limit));
        };
        co_return co_await database_.read(std::move(work));
    }
    awaitable<Result<bool>> end(std::vector<std::int64_t> published, Time now) override {
        if (published.empty()) co_return true;
        auto work = [&published, now](db::Transaction& tx) -> Result<bool> {
            mark_published(tx, published, now);
            return true;
        };
        co_return co_await database_.write(std::move(work));
    }
    void close() override {}

private:
    db::Database& database_;
};

class OneOfSeveral final : public Turn {
public:
    explicit OneOfSeveral(std::unique_ptr<db::HeldTransaction> held) : held_(std::move(held)) {}

    awaitable<Result<Page>> begin(std::int64_t after, int limit) override {
        auto work = [after, limit](db::Transaction& tx) -> Result<Page> {
            const auto locked = lock_users(tx, after, limit);
            Page page;
            page.end = locked.last == 0;
            page.last = locked.last;
            page.others = locked.others;
            if (!locked.users.empty()) page.rows = unpublished_of(tx, after, locked);
            return page;
        };
        co_return co_await held_->begin(std::move(work));
    }
    awaitable<Result<bool>> end(std::vector<std::int64_t> published, Time now) override {
        if (published.empty()) {
            co_await held_->roll_back();
            co_return true;
        }
        auto work = [&published, now](db::Transaction& tx) -> Result<bool> {
            mark_published(tx, published, now);
            return true;
        };
        co_return co_await held_->finish(std::move(work));
    }
    void close() override { held_->close(); }

private:
    std::unique_ptr<db::HeldTransaction> held_;
};

}  // namespace

std::unique_ptr<Turn> make_turn(db::Database& database) {
    auto held = db::make_held_transaction(database);
    if (!held) return std::make_unique<OnlyOne>(database);
    return std::make_unique<OneOfSeveral>(std::move(held));
}

}  // namespace carillon::events
