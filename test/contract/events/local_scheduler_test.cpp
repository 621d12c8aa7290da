#include "carillon/local_scheduler.hpp"
#include "host.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

class FakeAlarm final : public Alarm {
public:
    void on_ring(std::function<void()> rung) override { ring = std::move(rung); }
    void set(Time due) override { times.push_back(due); }
    void stop() override { stopped = true; }
    std::function<void()> ring;
    std::vector<Time> times;
    bool stopped = false;
};

}  // namespace

TEST_CASE("the scheduler keeps one alarm for the earliest time", "[scheduler]") {
    const Time start = from_micros(1'000'000'000);
    ManualClock clock(start);
    auto alarm = std::make_shared<FakeAlarm>();
    auto scheduler = make_local_scheduler(clock, alarm);
    int calls = 0;
    scheduler->on_due([&](const std::string& name) {
        CHECK(name.empty());
        ++calls;
    });
    scheduler->schedule("late", start + 10s);
    scheduler->schedule("later", start + 20s);
    CHECK(alarm->times == std::vector<Time>{start + 10s});
    scheduler->schedule("early", start + 5s);
    CHECK(alarm->times == std::vector<Time>{start + 10s, start + 5s});
    scheduler->cancel("early");
    clock.advance(5s);
    alarm->ring();
    CHECK(calls == 1);
    CHECK(alarm->times.size() == 2);
    scheduler->schedule("late", start + 10s);  // what the table had next
    CHECK(alarm->times.back() == start + 10s);
    scheduler->schedule("past", start - 1s);
    CHECK(alarm->times.back() == start - 1s);
    scheduler->stop();
    CHECK(alarm->stopped);
    alarm->ring();
    CHECK(calls == 1);
}

TEST_CASE("a clock that was set makes the scheduler ask again and keep what lies ahead", "[scheduler]") {
    const Time start = from_micros(1'000'000'000);
    ManualClock clock(start);
    auto alarm = std::make_shared<FakeAlarm>();
    auto scheduler = make_local_scheduler(clock, alarm);
    int calls = 0;
    scheduler->on_due([&](const std::string&) { ++calls; });
    scheduler->schedule("x", start + 1h);
    clock.set(start - 1h);
    alarm->ring();
    CHECK(calls == 1);
    CHECK(alarm->times == std::vector<Time>{start + 1h, start + 1h});
}

TEST_CASE("the real-time alarm rings at its time, not early, and sleeps in between", "[scheduler]") {
    asio::io_context io;
    const auto guard = asio::make_work_guard(io);
    SystemClock clock;
    auto scheduler = make_local_scheduler(clock, make_real_time_alarm(io.get_executor(), clock));
    std::vector<Time> rung;
    scheduler->on_due([&](const std::string&) { rung.push_back(clock.now()); });
    const Time due = clock.now() + 200ms;
    scheduler->schedule("far", due + 1h);
    scheduler->schedule("near", due);
    io.run_for(20ms);
    CHECK(rung.empty());
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (rung.empty() && std::chrono::steady_clock::now() < end) io.run_one_for(1s);
    REQUIRE(rung.size() == 1);
    CHECK(rung[0] >= due);
    CHECK(rung[0] < due + 2s);
    CHECK(io.run_for(50ms) == 0);
    scheduler->schedule("past", due - 1h);
    io.run_for(100ms);
    CHECK(rung.size() == 2);
    scheduler->schedule("never", clock.now() + 10ms);
    scheduler->stop();
    io.run_for(100ms);
    CHECK(rung.size() == 2);
}

TEST_CASE("any thread may schedule", "[scheduler]") {
    asio::io_context io;
    auto guard = asio::make_work_guard(io);
    std::thread loop([&] { io.run(); });
    SystemClock clock;
    auto scheduler = make_local_scheduler(clock, make_real_time_alarm(io.get_executor(), clock));
    std::atomic<int> calls{0};
    scheduler->on_due([&](const std::string&) { ++calls; });
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i)
                scheduler->schedule("x", clock.now() + std::chrono::milliseconds((t * 7 + i) % 20));
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(wait_until([&] { return calls > 0; }));
    scheduler->schedule("last", clock.now());
    const int before = calls;
    scheduler->schedule("past", clock.now() - 1s);
    CHECK(wait_until([&] { return calls > before; }));
    scheduler->stop();
    guard.reset();
    io.stop();
    loop.join();
}
