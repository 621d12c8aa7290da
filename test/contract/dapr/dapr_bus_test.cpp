#include "contract/events/bus_contract.hpp"
#include "sidecar.hpp"

#include <catch2/catch.hpp>

using namespace carillon;
using namespace carillon::test;

TEST_CASE("the bus behind a real sidecar and a real broker keeps the contract", "[dapr][bus]") {
    App app;
    check_bus_contract(Backend::postgresql, dapr_bus(app));
}
