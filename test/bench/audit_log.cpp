// What the log's proofs cost, on SQLite: audit_log [ENTRIES]. Prints what an append costs with and without the tree, in
// turns in the same run, then, in a log of ENTRIES (1,000,000), an inclusion proof and verifying all of it.
#include "audit/entries.hpp"
#include "audit/tree.hpp"
#include "audit/verify.hpp"
#include "support/database.hpp"

#include <fmt/format.h>

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>

using namespace carillon;
using namespace std::chrono;

namespace {

constexpr int rounds = 11, appended_per_round = 6400, group = 64;
constexpr std::int64_t batch = 1024;  // of entries that get their leaves in one transaction, as in the server

double cpu_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double wall_seconds() { return duration<double>(steady_clock::now().time_since_epoch()).count(); }

/// Without the pages of the file that a reader maps.
double anonymous_mib() {
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("RssAnon:")) return std::atof(line.c_str() + 8) / 1024;
    return 0;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
    return values[values.size() / 2];
}

Event event(std::int64_t number) {
    static const std::string data =
        R"({"taskId":1,"userId":"01938c1e-7b5a-7c3d-8e9f-0123456789ab","title":"Water the fern",)" +
        (R"("description":")" + std::string(1000, 'x') + "\"}");
    Event event;
    event.id = fmt::format("evt-01938c1e-7b5a-7c3d-8e9f-{:012x}", number);
    event.type = "task.updated";
    event.user_id = fmt::format("01938c1e-7b5a-7c3d-8e9f-{:012x}", number % 100);
    event.task_id = number / 10;
    event.sequence = number;
    event.time = from_micros(1'800'000'000'000'000 + number);
    event.actor = "user";
    event.data = data;
    return event;
}

class Log {
public:
    explicit Log(const audit::Keys& keys) : database_(test::Backend::sqlite), keys_(keys) {}

    void append(std::int64_t count) {
        for (std::int64_t done = 0; done < count; done += group) {
            (void)database_->write_now([&](db::Transaction& tx) -> Result<bool> {
                for (int i = 0; i < group; ++i) audit::append(tx, event(++last_));
                return true;
            });
        }
    }
    /// As the server does between two checkpoints.
    void cover() {
        for (std::int64_t extended = 1; extended > 0;) {
            extended = *database_->write_now([&](db::Transaction& tx) -> Result<std::int64_t> {
                const auto n = audit::extend_in(tx, keys_, batch);
                if (n < batch) audit::checkpoint_in(tx, keys_, from_micros(1));
                return n;
            });
        }
    }
    db::Database& database() { return *database_; }
    std::int64_t size() const { return last_; }

private:
    test::TestDatabase database_;
    const audit::Keys& keys_;
    std::int64_t last_ = 0;
};

void appending(const audit::Keys& keys) {
    Log plain(keys), proved(keys);
    std::vector<double> without, with, covering;
    for (int round = 0; round < rounds; ++round) {
        auto begin = cpu_seconds();
        plain.append(appended_per_round);
        without.push_back((cpu_seconds() - begin) / appended_per_round * 1e6);
        begin = cpu_seconds();
        proved.append(appended_per_round);
        const auto appended = cpu_seconds();
        proved.cover();
        covering.push_back((cpu_seconds() - appended) / appended_per_round * 1e6);
        with.push_back((cpu_seconds() - begin) / appended_per_round * 1e6);
    }
    fmt::print(
        "append, CPU us: {:.1f} without the tree, {:.1f} with it, ratio {:.2f}; {:.1f} of these in covering them: "
        "{:.2f}\n",
        median(without), median(with), median(with) / median(without), median(covering),
        1 + median(covering) / median(without));
}

void proving(Log& log) {
    std::mt19937_64 random(7);
    std::vector<double> cpu, wall;
    const auto size = static_cast<std::uint64_t>(log.size());
    (void)log.database().read_now([&](db::Session& session) -> Result<bool> {
        for (int i = 0; i < 2000; ++i) {
            const auto begin = wall_seconds(), cpu_begin = cpu_seconds();
            audit::Tree(session).inclusion(random() % (size - 1), size - (i % 2));  // of a ragged tree too
            wall.push_back((wall_seconds() - begin) * 1000);
            cpu.push_back((cpu_seconds() - cpu_begin) * 1000);
        }
        return true;
    });
    std::sort(wall.begin(), wall.end());
    fmt::print("an inclusion proof in {} entries, ms: median {:.3f}, 99th percentile {:.3f}; CPU median {:.3f}\n", size,
               wall[wall.size() / 2], wall[wall.size() * 99 / 100], median(cpu));
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t entries = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
    const test::TemporaryFolder folder;
    audit::ensure_keys(folder / "keys");
    const auto keys = audit::load_keys(folder / "keys");
    appending(keys);

    Log log(keys);
    log.append(entries);
    log.cover();
    proving(log);
    const auto before = anonymous_mib();
    double most = before;
    const auto look = [&most](std::uint64_t, std::uint64_t) { most = std::max(most, anonymous_mib()); };
    const auto begin = wall_seconds(), cpu_begin = cpu_seconds();
    const auto report = audit::verify(log.database(), {keys.verifiers, keys, {}, look});
    fmt::print(
        "verifying {} entries: {:.1f} s, CPU {:.1f} s; {}; own memory {:.1f} MiB before, at most {:.1f} MiB "
        "meanwhile\n",
        report->covered, wall_seconds() - begin, cpu_seconds() - cpu_begin,
        report->findings.empty() ? "sound" : "NOT SOUND", before, most);
    return report->findings.empty() ? 0 : 1;
}
