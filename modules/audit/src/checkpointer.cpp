#include "checkpointer.hpp"

#include "audit/tree.hpp"
#include "audit/witness.hpp"
#include "carillon/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace carillon::audit {
namespace {

constexpr std::int64_t batch = 1024;  // other writers wait for one batch, not for a log without a tree
constexpr auto drain_limit = std::chrono::seconds(5);

}  // namespace

Checkpointer::Checkpointer(db::Database& database, const Clock& clock, Metrics& metrics, asio::any_io_executor executor,
                           Options options)
    : database_(database),
      clock_(clock),
      options_(std::move(options)),
      timer_(executor),
      ended_(executor, SteadyTime::max()),
      made_(metrics.counter("carillon_audit_checkpoints_total", "Checkpoints of the audit log signed here")),
      size_(metrics.gauge("carillon_audit_checkpoint_size", "Entries that the last checkpoint signed here covers")) {}

void Checkpointer::start() {
    if (options_.key_file.empty()) {
        log::warn("audit_key_file is not set: no checkpoint will cover the audit log");
        return;
    }
    if (options_.make_keys) ensure_keys(options_.key_file);
    keys();  // a key file that cannot be used stops the start
    started_ = running_ = true;
    auto ended = [self = shared_from_this()](std::exception_ptr) {
        self->running_ = false;
        self->ended_.cancel();
    };
    asio::co_spawn(timer_.get_executor(), run(shared_from_this()), std::move(ended));
}

void Checkpointer::wake() {
    if (awake_.exchange(true)) return;
    asio::post(timer_.get_executor(), [self = shared_from_this()] {
        self->due_ = std::chrono::steady_clock::now() + self->options_.interval;
        self->timer_.cancel();
    });
}

awaitable<void> Checkpointer::drain() {
    stopping_ = true;
    timer_.cancel();
    if (running_) co_await ended_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (options_.key_file.empty()) co_return;
    co_await pass();
}

awaitable<void> Checkpointer::run(std::shared_ptr<Checkpointer> self) {
    while (!self->stopping_) {
        co_await self->pass();
        co_await self->sleep();
    }
}

awaitable<void> Checkpointer::sleep() {
    // PostgreSQL has other writers, and after a failure there is something left to do.
    const bool look = database_.backend() == db::Backend::postgresql || failing_;
    const auto latest = look ? std::chrono::steady_clock::now() + options_.interval : SteadyTime::max();
    while (!stopping_) {
        const auto until = std::min(due_.value_or(latest), latest);
        if (std::chrono::steady_clock::now() >= until) break;
        timer_.expires_at(until);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    due_.reset();
}

awaitable<void> Checkpointer::pass() {
    awake_ = false;
    const bool failed_before = std::exchange(failing_, true);
    std::string error;
    try {
        if (!started_ && options_.make_keys) ensure_keys(options_.key_file);
        const auto current = keys();
        const auto began = std::chrono::steady_clock::now();
        for (bool more = true; more;) {
            if (stopping_ && std::chrono::steady_clock::now() - began > drain_limit) co_return;
            const auto extended = co_await extend(current);
            if (!extended) error = extended.error().detail;
            more = extended && *extended == batch;
        }
        if (error.empty()) co_await witness();
    } catch (const std::exception& e) {
        error = e.what();
    }
    failing_ = !error.empty();
    if (failing_ && !failed_before) log::error("the audit log has no new checkpoint", {{"error", error}});
}

awaitable<Result<std::int64_t>> Checkpointer::extend(const Keys& keys) {
    bool made = false;
    auto work = [&](db::Transaction& tx) -> Result<std::int64_t> {
        const auto extended = extend_in(tx, keys, batch);
        made = extended < batch && checkpoint_in(tx, keys, clock_.now());
        return extended;
    };
    auto result = co_await database_.write(std::move(work));
    if (result && made) made_.Increment();
    co_return result;
}

/// After the commit: a checkpoint that the witness has and the database lacks would be an alarm.
awaitable<void> Checkpointer::witness() {
    constexpr int page = 1000;
    std::uint64_t after = options_.witness_file.empty() ? 0 : last_witnessed(options_.witness_file);
    for (bool more = !options_.witness_file.empty(); more;) {
        auto work = [after](db::Session& session) -> Result<std::vector<StoredCheckpoint>> {
            return checkpoints_after(session, after, page);
        };
        const auto missing = co_await database_.read(db::ReadKind::scan, std::move(work));
        if (!missing) throw std::runtime_error(missing.error().detail);
        if (!missing->empty()) {
            append_to_witness(options_.witness_file, *missing);
            after = missing->back().size;
        }
        more = missing->size() == page;
    }
    auto work = [](db::Session& session) -> Result<std::uint64_t> {
        const auto last = last_checkpoint(session);
        return last ? last->size : 0;
    };
    const auto size = co_await database_.read(db::ReadKind::scan, std::move(work));
    if (!size) co_return;
    size_.Set(static_cast<double>(*size));
    if (after > *size)
        log::error("the witness knows more of the audit log than the database: was it cut off or rolled back?",
                   {{"witnessed", after}, {"checkpoint", *size}});
}

Keys Checkpointer::keys() {
    auto read = load_keys(options_.key_file);  // each time, so that a rotation needs no restart
    const std::lock_guard lock(mutex_);
    verifiers_ = read.verifiers;
    return read;
}

std::vector<VerifierKey> Checkpointer::verifiers() const {
    const std::lock_guard lock(mutex_);
    return verifiers_;
}

}  // namespace carillon::audit
