#include "group_writer.hpp"

#include "carillon/log.hpp"

namespace carillon::db {
namespace {

// 4 MiB of log while nobody waits, since readers are slower on pages in the log; 16 MiB under load, so that a page that
// changes often is moved once for many changes.
constexpr int idle_checkpoint_pages = 1024;
constexpr int checkpoint_pages = 4096;
// 128 MiB: readers that never all pause keep the log growing, so then the writer waits for them.
constexpr int restart_pages = 32'768;

}  // namespace

GroupWriter::GroupWriter(std::string path, std::size_t max_queue, Metrics& metrics, Classify classify,
                         std::function<void()> end_snapshots)
    : path_(std::move(path)),
      classify_(std::move(classify)),
      end_snapshots_(std::move(end_snapshots)),
      queue_(max_queue, "writer", metrics),
      group_size_(metrics.histogram("carillon_database_group_size", "Changes committed with one fsync", {},
                                    {1, 2, 4, 8, 16, 32, 64})),
      write_time_(metrics.histogram("carillon_database_write_seconds", "Time to run and commit one group of changes")),
      checkpoint_at_(idle_checkpoint_pages) {
    open_connection();
    thread_ = std::thread{[this] { loop(); }};
}

void GroupWriter::stop() {
    queue_.close();
    if (thread_.joinable()) thread_.join();
    connection_.reset();
}

SqliteConnection& GroupWriter::open_connection() {
    if (!connection_) connection_.emplace(path_, SqliteConnection::Mode::write);
    return *connection_;
}

void GroupWriter::loop() {
    for (;;) {
        auto group = queue_.take(max_group);
        if (group.empty()) return;
        const std::lock_guard lock{connection_mutex_};
        commit(std::move(group));
        checkpoint_if_due();
    }
}

void GroupWriter::commit(std::vector<QueuedJob> group) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Work> works;
    works.reserve(group.size());
    for (auto& queued : group) works.push_back({.job = std::move(queued.job)});
    bool committed = false;
    try {
        open_connection();
        run_all(works);
        committed = true;
        ++commits_;
    } catch (const DatabaseError& e) {
        log::error("a group of changes was not committed", {{"changes", works.size()}, {"error", e.what()}});
        recover();
    }
    available_ = committed;
    group_size_.Observe(static_cast<double>(works.size()));
    write_time_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    // Nothing was answered before this point: refusals too may rest on changes that were not durable yet.
    if (committed) {
        for (auto& work : works) {
            if (work.keep) work.transaction->run_hooks();
        }
    }
    for (auto& work : works) {
        if (committed)
            work.job->finish(std::move(work.error), work.defect);
        else
            work.job->finish(unavailable("The database could not store the change."), nullptr);
    }
}

void GroupWriter::run_all(std::vector<Work>& group) {
    connection_->run("BEGIN IMMEDIATE");
    bool any = false;
    for (auto& work : group) {
        run_one(work, group.size() > 1);
        any = any || work.keep;
    }
    connection_->run(any ? "COMMIT" : "ROLLBACK");
}

void GroupWriter::run_one(Work& work, bool own_savepoint) {
    if (own_savepoint) connection_->run("SAVEPOINT job");
    try {
        work.keep = work.job->run(work.transaction.emplace(*connection_));
    } catch (const DatabaseError& e) {
        work.error = classify_(e);
        if (!work.error) work.defect = std::current_exception();
    } catch (...) {
        work.defect = std::current_exception();
    }
    if (!own_savepoint) return;
    if (!work.keep) connection_->run("ROLLBACK TO SAVEPOINT job");
    connection_->run("RELEASE SAVEPOINT job");
}

void GroupWriter::recover() noexcept {
    try {
        if (connection_ && connection_->in_transaction()) connection_->run("ROLLBACK");
    } catch (const DatabaseError& e) {
        log::error("roll-back failed; the connection is opened again", {{"error", e.what()}});
        connection_.reset();
    }
}

void GroupWriter::checkpoint_if_due() {
    if (!connection_) return;
    const int pages = connection_->wal_pages();
    if (pages < idle_checkpoint_pages) checkpoint_at_ = idle_checkpoint_pages;
    if (pages < checkpoint_at_ || (pages < checkpoint_pages && queue_.waiting())) return;
    end_snapshots_();  // an old one would hold a part of the log back
    connection_->checkpoint(pages >= restart_pages);
    end_snapshots_();  // one of meanwhile reads from the log, which the next commit then could not begin anew
    checkpoint_at_ = pages + idle_checkpoint_pages;  // readers may have held a part back
}

}  // namespace carillon::db
