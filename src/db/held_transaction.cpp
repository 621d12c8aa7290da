#include "carillon/db/held_transaction.hpp"

#include "carillon/log.hpp"
#include "postgresql_database.hpp"

#include <condition_variable>
#include <deque>
#include <thread>

namespace carillon::db {
namespace {

class PostgresqlHeldTransaction final : public HeldTransaction {
public:
    explicit PostgresqlHeldTransaction(std::string dsn) : dsn_(std::move(dsn)), thread_([this] { loop(); }) {}
    ~PostgresqlHeldTransaction() override { close(); }

    void close() override {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        something_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

private:
    struct Order {
        Step step;
        Work work;
        std::function<void(std::exception_ptr, std::optional<Error>)> done;
    };

    awaitable<std::optional<Error>> execute(Step step, Work work) override {
        auto start = [this, step, &work](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            auto done = [shared](std::exception_ptr defect, std::optional<Error> error) {
                auto home = asio::get_associated_executor(*shared);
                asio::post(home, [shared, defect, error = std::move(error)]() mutable {
                    (*shared)(defect, std::move(error));
                });
            };
            push({step, std::move(work), std::move(done)});
        };
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<>,
                                                void(std::exception_ptr, std::optional<Error>)>(start,
                                                                                                asio::use_awaitable);
    }

    void push(Order order) {
        {
            const std::lock_guard lock{mutex_};
            if (!closed_) {
                orders_.push_back(std::move(order));
                something_.notify_one();
                return;
            }
        }
        order.done(nullptr, unavailable("The database is closed."));
    }

    void loop() {
        while (true) {
            Order order;
            {
                std::unique_lock lock{mutex_};
                something_.wait(lock, [this] { return closed_ || !orders_.empty(); });
                if (orders_.empty()) break;
                order = std::move(orders_.front());
                orders_.pop_front();
            }
            carry_out(order);
        }
        drop();
    }

    void carry_out(Order& order) {
        std::exception_ptr defect;
        std::optional<Error> error;
        bool going_on = false;
        try {
            going_on = run(order);
        } catch (const DatabaseError& e) {
            if (e.kind() == DatabaseError::Kind::unavailable || e.kind() == DatabaseError::Kind::serialization)
                error = unavailable(e.what());
            else
                defect = std::current_exception();
        } catch (...) {
            defect = std::current_exception();
        }
        if (!going_on) drop();
        order.done(defect, std::move(error));
    }

    /// True when the transaction stays open.
    bool run(Order& order) {
        if (order.step == Step::roll_back) return false;
        if (order.step == Step::begin) {
            drop();
            if (!connection_) connection_ = std::make_unique<PostgresqlConnection>(dsn_);
            connection_->run("BEGIN ISOLATION LEVEL READ COMMITTED");
            transaction_.emplace(*connection_);
            return order.work(*transaction_);
        }
        if (!transaction_) throw DatabaseError(DatabaseError::Kind::unavailable, "the transaction is over");
        if (!order.work(*transaction_)) return false;
        connection_->run("COMMIT");
        transaction_->run_hooks();
        transaction_.reset();
        return true;
    }

    void drop() noexcept {
        transaction_.reset();
        try {
            if (connection_ && !connection_->broken() && connection_->in_transaction()) connection_->run("ROLLBACK");
        } catch (const DatabaseError& e) {
            log::warn("roll-back failed", {{"error", e.what()}});
            connection_.reset();
        }
        if (connection_ && connection_->broken()) connection_.reset();
    }

    const std::string dsn_;
    std::mutex mutex_;
    std::condition_variable something_;
    std::deque<Order> orders_;
    bool closed_ = false;
    // Of the thread.
    std::unique_ptr<PostgresqlConnection> connection_;
    std::optional<WriteTransaction> transaction_;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<HeldTransaction> make_held_transaction(Database& database) {
    const auto* const postgresql = dynamic_cast<PostgresqlDatabase*>(&database);
    if (!postgresql) return nullptr;
    return std::make_unique<PostgresqlHeldTransaction>(postgresql->dsn());
}

}  // namespace carillon::db
