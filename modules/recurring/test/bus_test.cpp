// The same through the real relay, bus and inbox.
#include "carillon/events/inbox.hpp"
#include "world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <thread>

using namespace carillon;
using namespace carillon::recurring::test;
using namespace std::chrono_literals;

namespace {

template <class Condition>
bool within_time(Condition condition) {
    for (const auto end = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < end;) {
        if (condition()) return true;
        std::this_thread::sleep_for(5ms);
    }
    return condition();
}

}  // namespace

TEST_CASE("through the bus: completed, the next appears; reopened, it goes; completed, it is back") {
    World w(any_backend());
    const auto inbox = make_inbox(*w.database, w.clock, w.database.metrics(), w.io.get_executor());
    const auto bus = make_memory_bus(*inbox);
    recurring::subscribe(*bus, *w.tasks);
    w.relay->start(*bus);
    bus->start();
    auto work = boost::asio::make_work_guard(w.io);
    std::thread thread([&] { w.io.run(); });

    const auto id = w.create(repeating("2027-01-31T08:00:00Z", Frequency::monthly)).id;
    w.complete(id);
    CHECK(within_time([&] { return w.listed() == std::vector<std::string>{"2: 2027-02-28T08:00:00Z"}; }));
    w.reopen(id);
    CHECK(within_time([&] { return w.listed() == std::vector<std::string>{"1: 2027-01-31T08:00:00Z"}; }));
    w.complete(id);
    CHECK(within_time([&] { return w.listed() == std::vector<std::string>{"2: 2027-02-28T08:00:00Z"}; }));
    CHECK(w.live().size() == 2);

    auto stop = [&]() -> awaitable<void> {
        co_await w.relay->drain();
        co_await bus->drain();
    };
    auto stopping = boost::asio::co_spawn(w.io, stop(), boost::asio::use_future);
    stopping.get();
    work.reset();
    thread.join();
}
