// The database: reads and whole transactions, awaited or blocking. SQLite has one writer that commits waiting changes
// as a group with one fsync, and read-only sessions beside it; PostgreSQL has a pool. Modules cannot tell them apart.
#pragma once

#include "carillon/async.hpp"
#include "carillon/db/session.hpp"
#include "carillon/error.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace carillon {
class Metrics;
}

namespace carillon::db {

/// `point`: keyed reads and pages, may run inline on the I/O thread (SQLite). `scan`: may take long, always on a reader
/// thread.
enum class ReadKind { point, scan };

class Database {
public:
    virtual ~Database() = default;
    virtual Backend backend() const noexcept = 0;

    /// `work(Session&) -> Result<T>`. Database errors come back as Errc::unavailable (away or overloaded) or are thrown
    /// (defects).
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    awaitable<R> read(ReadKind kind, F work) {
        if (kind == ReadKind::point) {
            if (InlineRead lent{*this}) co_return run_inline<R>(lent, work);
        }
        auto submit = [this](std::unique_ptr<Job> job) { submit_read(std::move(job)); };
        co_return co_await cross<Session, R>(submit, std::move(work));
    }
    template <class F>
    auto read(F work) {
        return read(ReadKind::point, std::move(work));
    }

    /// `work(Transaction&) -> Result<T>`: one transaction. A value commits, an Error or an exception rolls back.
    /// Returns after the commit is durable. On PostgreSQL `work` may run again after a deadlock or a serialization
    /// failure.
    template <class F, class R = std::invoke_result_t<F&, Transaction&>>
    awaitable<R> write(F work) {
        auto submit = [this](std::unique_ptr<Job> job) { submit_write(std::move(job)); };
        co_return co_await cross<Transaction, R>(submit, std::move(work));
    }

    /// The same for callers without a coroutine (CLI, start-up, tests). Never call them on an I/O or database thread.
    template <class F, class R = std::invoke_result_t<F&, Session&>>
    R read_now(F work) {
        return wait<Session, R>([this](std::unique_ptr<Job> job) { submit_read(std::move(job)); }, std::move(work));
    }
    template <class F, class R = std::invoke_result_t<F&, Transaction&>>
    R write_now(F work) {
        return wait<Transaction, R>([this](std::unique_ptr<Job> job) { submit_write(std::move(job)); },
                                    std::move(work));
    }

    /// Lets ReadKind::point reads run inline on the calling thread from now on, on a session of its own (SQLite;
    /// elsewhere nothing changes). For I/O threads, once each. A thread may end before or after close().
    virtual void use_inline_reads_on_this_thread() {}

    /// Applies the embedded migrations under a lock; number applied. Throws std::runtime_error with one clear line.
    virtual int migrate() = 0;
    /// True while the last statement reached the database.
    virtual bool available() const noexcept = 0;
    /// Consistent copy of a running SQLite database to `file`. Fails with: conflict (file exists), invalid (not
    /// SQLite).
    virtual Result<void> backup(const std::string& file) = 0;
    /// Stops taking work (it is answered Errc::unavailable), finishes what waits, closes. The destructor calls it too.
    virtual void close() = 0;

    /// One unit of work on a session. run() returns true to commit.
    class Job {
    public:
        virtual ~Job() = default;
        virtual bool run(Session& session) = 0;  ///< called on a database thread; a Transaction for writes
        virtual void finish(std::optional<Error> error,
                            std::exception_ptr defect) = 0;  ///< after commit or roll-back; at most one set
    };

protected:
    virtual void submit_read(std::unique_ptr<Job> job) = 0;
    virtual void submit_write(std::unique_ptr<Job> job) = 0;
    /// This thread's own read-only session in a fresh snapshot, or null where reads must not run inline.
    virtual Session* begin_inline() { return nullptr; }
    virtual void end_inline() noexcept {}
    /// What an exception out of SQL means: an Error to answer, or nothing if it is a defect.
    static std::optional<Error> error_for(const DatabaseError& e);

private:
    /// The thread's own session for the length of one read.
    class InlineRead {
    public:
        explicit InlineRead(Database& database) : database_(database), session_(database.begin_inline()) {}
        ~InlineRead() {
            if (session_) database_.end_inline();
        }
        InlineRead(const InlineRead&) = delete;
        InlineRead& operator=(const InlineRead&) = delete;
        explicit operator bool() const noexcept { return session_ != nullptr; }
        Session& session() const noexcept { return *session_; }

    private:
        Database& database_;
        Session* session_;
    };

    template <class R, class F>
    static R run_inline(const InlineRead& lent, F& work) {
        try {
            return work(lent.session());
        } catch (const DatabaseError& e) {
            if (auto error = error_for(e)) return R{std::move(*error)};
            throw;
        }
    }

    template <class S, class R, class F, class Done>
    class WorkJob final : public Job {
    public:
        WorkJob(F work, Done done) : work_(std::move(work)), done_(std::move(done)) {}
        bool run(Session& session) override {
            result_.reset();
            result_.emplace(work_(static_cast<S&>(session)));
            return result_->has_value();
        }
        void finish(std::optional<Error> error, std::exception_ptr defect) override {
            if (error) result_.emplace(R{std::move(*error)});
            done_(defect, std::move(result_));
        }

    private:
        F work_;
        Done done_;
        std::optional<R> result_;
    };

    template <class S, class R, class Submit, class F>
    static awaitable<R> cross(Submit submit, F work) {
        auto start = [&submit, &work](auto handler) {
            // Comes home through the handler's own executor, whatever thread finishes the work.
            auto done = [handler = std::move(handler)](std::exception_ptr defect, std::optional<R> result) mutable {
                auto home = asio::get_associated_executor(handler);
                asio::post(home, [handler = std::move(handler), defect, result = std::move(result)]() mutable {
                    handler(defect, std::move(result));
                });
            };
            submit(std::make_unique<WorkJob<S, R, F, decltype(done)>>(std::move(work), std::move(done)));
        };
        auto result =
            co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, std::optional<R>)>(
                start, asio::use_awaitable);
        co_return std::move(*result);
    }

    template <class S, class R, class Submit, class F>
    static R wait(Submit submit, F work) {
        std::promise<R> promise;
        auto future = promise.get_future();
        auto done = [promise = std::move(promise)](std::exception_ptr defect, std::optional<R> result) mutable {
            if (defect)
                promise.set_exception(defect);
            else
                promise.set_value(std::move(*result));
        };
        submit(std::make_unique<WorkJob<S, R, F, decltype(done)>>(std::move(work), std::move(done)));
        return future.get();
    }
};

struct DatabaseOptions {
    std::string url;               ///< `sqlite:carillon.db` or `postgresql://user:password@host/name`
    int readers = 2;               ///< reader threads (SQLite) or pool size (PostgreSQL)
    std::size_t max_queue = 4096;  ///< waiting jobs; more answer unavailable at once
    /// SQLite: hold the lock file `<file>.lock`, as `serve` does; throws if another process does. False opens for
    /// reading only: beside a running server nothing else may write or checkpoint.
    bool exclusive = true;
};

/// Opens without migrating. Throws std::runtime_error with one clear line that names the cause and holds no password.
std::unique_ptr<Database> open_database(const DatabaseOptions& options, Metrics& metrics);

}  // namespace carillon::db
