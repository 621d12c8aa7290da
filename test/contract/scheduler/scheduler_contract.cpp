#include "scheduler_contract.hpp"

#include "carillon/time/clock.hpp"
#include "contract/events/host.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace carillon::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;  // a scheduler that was just started takes its time

/// One who asks to be woken, as the reminders do: a call without a name only says that something is due, so the caller
/// looks at what it waits for and asks again for the next.
class Caller {
public:
    explicit Caller(JobScheduler& scheduler) : scheduler_(scheduler) {
        scheduler_.on_due([this](const std::string& name) { woken(name); });
    }
    ~Caller() { scheduler_.stop(); }

    void wants(const std::string& name, Time due) {
        {
            const std::lock_guard lock(mutex_);
            wanted_[name] = due;
        }
        scheduler_.schedule(name, due);
    }
    void gives_up(const std::string& name) {
        {
            const std::lock_guard lock(mutex_);
            wanted_.erase(name);
        }
        scheduler_.cancel(name);
    }
    /// True when it was woken for `name` at or after `due`.
    bool woke(const std::string& name, Time due) const {
        const std::lock_guard lock(mutex_);
        return std::any_of(calls_.begin(), calls_.end(), [&](const auto& call) {
            return (call.first.empty() || call.first == name) && call.second >= due;
        });
    }
    /// How often for `name` itself before `due`.
    std::ptrdiff_t early(const std::string& name, Time due) const {
        const std::lock_guard lock(mutex_);
        return std::count_if(calls_.begin(), calls_.end(),
                             [&](const auto& call) { return call.first == name && call.second < due; });
    }
    std::size_t count() const {
        const std::lock_guard lock(mutex_);
        return calls_.size();
    }

private:
    void woken(const std::string& name) {
        std::optional<std::pair<std::string, Time>> next;
        {
            const std::lock_guard lock(mutex_);
            const Time now = clock_.now();
            calls_.emplace_back(name, now);
            for (const auto& job : wanted_) {
                if (name.empty() && job.second > now && (!next || job.second < next->second)) next = job;
            }
        }
        if (next) scheduler_.schedule(next->first, next->second);
    }

    SystemClock clock_;
    JobScheduler& scheduler_;
    mutable std::mutex mutex_;
    std::map<std::string, Time> wanted_;
    std::vector<std::pair<std::string, Time>> calls_;
};

}  // namespace

void check_scheduler_contract(const SchedulerFactory& factory) {
    SystemClock clock;
    const auto scheduler = factory();
    Caller caller(*scheduler);
    const auto unique = "job-" + std::to_string(to_micros(clock.now())) + "-";

    SECTION("it wakes at the time and not before, at once for what is past") {
        const Time due = clock.now() + 3s;
        caller.wants(unique + "soon", due);
        caller.wants(unique + "past", clock.now() - 10s);
        CHECK(wait_until([&] { return caller.woke(unique + "past", due - 3s); }, patience));
        CHECK(wait_until([&] { return caller.woke(unique + "soon", due); }, patience));
        CHECK(caller.early(unique + "soon", due) == 0);
    }
    SECTION("a name that is scheduled again has its new time") {
        const Time due = clock.now() + 4s;
        caller.wants(unique + "moved", clock.now() + 1h);
        caller.wants(unique + "moved", due);
        CHECK(wait_until([&] { return caller.woke(unique + "moved", due); }, patience));
        caller.wants(unique + "later", clock.now() + 6s);
        const Time later = clock.now() + 8s;
        caller.wants(unique + "later", later);
        CHECK(wait_until([&] { return caller.woke(unique + "later", later); }, patience));
        CHECK(caller.early(unique + "later", later) == 0);
    }
    SECTION("what is cancelled takes nothing else with it") {
        const Time due = clock.now() + 4s;
        caller.wants(unique + "kept", due);
        caller.wants(unique + "gone", due);
        caller.gives_up(unique + "gone");
        caller.gives_up(unique + "never-there");
        CHECK(wait_until([&] { return caller.woke(unique + "kept", due); }, patience));
    }
    SECTION("five hundred at the same moment, from several threads") {
        const Time due = clock.now() + 5s;
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([&, t] {
                for (int i = t; i < 500; i += 4) caller.wants(unique + std::to_string(i), due);
            });
        }
        for (auto& thread : threads) thread.join();
        const auto all = [&] {
            for (int i = 0; i < 500; ++i) {
                if (!caller.woke(unique + std::to_string(i), due)) return false;
            }
            return true;
        };
        CHECK(wait_until(all, patience));
    }
    SECTION("after stop() nobody is woken") {
        caller.wants(unique + "first", clock.now());
        CHECK(wait_until([&] { return caller.count() > 0; }, patience));
        caller.wants(unique + "second", clock.now() + 500ms);
        scheduler->stop();
        const auto before = caller.count();
        std::this_thread::sleep_for(1500ms);
        CHECK(caller.count() == before);
    }
}

}  // namespace carillon::test
