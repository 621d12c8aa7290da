#include "carillon/db/server_clock.hpp"

#include "carillon/log.hpp"
#include "postgresql_database.hpp"

#include <time.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace carillon::db {
namespace {

using namespace std::chrono_literals;

constexpr auto measure_interval = 30s;
constexpr auto worth_a_line = 2s;

/// Counts on while the machine sleeps and is set by nobody (clock_gettime(2)).
std::chrono::microseconds ticks() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1000);
}

class ServerClock final : public Clock {
public:
    explicit ServerClock(Database& database) : database_(database) {
        zero_ = (SystemClock{}.now().time_since_epoch() - ticks()).count();
        measure();
        const auto apart = now() - SystemClock{}.now();
        if (apart > worth_a_line || apart < -worth_a_line)
            log::warn("this machine's clock and the database's differ; the database's is used",
                      {{"seconds", std::chrono::duration<double>(apart).count()}});
        thread_ = std::thread([this] { follow(); });
    }
    ~ServerClock() override {
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        end_.notify_one();
        thread_.join();
    }
    Time now() const override { return from_micros(zero_ + ticks().count()); }

private:
    void follow() {
        std::unique_lock lock(mutex_);
        while (!end_.wait_for(lock, measure_interval, [this] { return ended_; })) {
            lock.unlock();
            measure();
            lock.lock();
        }
    }

    /// The answer's way counts as time that has passed before it was given: so this clock is never ahead.
    void measure() {
        auto ask = [](Session& session) -> Result<std::int64_t> {
            return std::get<0>(*session.query_one<std::int64_t>(
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"));
        };
        const auto there = database_.read_now(std::move(ask));
        if (there) zero_ = *there - ticks().count();
    }

    Database& database_;
    std::atomic<std::int64_t> zero_{0};  ///< the server's time when the ticks were 0, in microseconds
    std::mutex mutex_;
    std::condition_variable end_;
    bool ended_ = false;
    std::thread thread_;
};

class Announced final : public Presence {
public:
    Announced(const std::string& dsn, bool alone) : connection_(dsn) {
        try {
            // Held as long as the connection is; a process that was killed a moment ago may still be seen.
            connection_.script("SET lock_timeout = '5s'");
            connection_.script(std::string("SELECT pg_advisory_lock") + (alone ? "" : "_shared") + "(7161727290)");
        } catch (const DatabaseError&) {
            throw std::runtime_error(
                alone ? "event_bus memory is for one process, and another one uses this database: stop it, or set "
                        "event_bus to kafka or dapr for all of them"
                      : "another process uses this database with event_bus memory, which is for one process alone: "
                        "stop it, or set its event_bus to kafka or dapr");
        }
    }

private:
    PostgresqlConnection connection_;
};

}  // namespace

std::unique_ptr<Clock> make_server_clock(Database& database) {
    if (database.backend() == Backend::sqlite) return std::make_unique<SystemClock>();
    return std::make_unique<ServerClock>(database);
}

std::unique_ptr<Presence> announce_presence(Database& database, bool alone) {
    const auto* const postgresql = dynamic_cast<PostgresqlDatabase*>(&database);
    if (!postgresql) return nullptr;
    return std::make_unique<Announced>(postgresql->dsn(), alone);
}

}  // namespace carillon::db
