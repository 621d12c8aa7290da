#include "contract/scheduler/scheduler_contract.hpp"
#include "sidecar.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

TEST_CASE("the scheduler behind a real sidecar and Dapr's own scheduler keeps the contract", "[dapr][scheduler]") {
    static asio::io_context io;  // outlives what may still be posted to it
    auto guard = asio::make_work_guard(io);
    io.restart();
    std::thread loop([&] { io.run(); });
    Metrics metrics;
    App app;
    const SchedulerFactory factory = [&] {
        // The sidecar's port is known once it has met the application.
        app.serve(
            dapr::make_scheduler(dapr::make_sidecar(io.get_executor(), 1, ""), io.get_executor(), metrics)->routes());
        app.vanish();
        auto scheduler = dapr::make_scheduler(dapr::make_sidecar(io.get_executor(), app.sidecar_port(), ""),
                                              io.get_executor(), metrics);
        app.serve(scheduler->routes());
        return scheduler;
    };
    check_scheduler_contract(factory);
    app.vanish();
    guard.reset();
    io.stop();
    loop.join();
}
