#include "carillon/local_scheduler.hpp"
#include "carillon/time/clock.hpp"
#include "scheduler_contract.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <thread>

using namespace carillon;
using namespace carillon::test;

TEST_CASE("the local scheduler keeps the contract", "[scheduler]") {
    asio::io_context io;
    auto guard = asio::make_work_guard(io);
    std::thread loop([&] { io.run(); });
    SystemClock clock;
    check_scheduler_contract(
        [&] { return make_local_scheduler(clock, make_real_time_alarm(io.get_executor(), clock)); });
    guard.reset();
    io.stop();
    loop.join();
}
