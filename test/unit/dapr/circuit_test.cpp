#include "dapr/circuit.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace carillon;
using namespace std::chrono_literals;

TEST_CASE("an open circuit that nobody asks any more is not told of as open, and lets one call try") {
    Metrics metrics;
    const Result<http::Answer> refused = Error{Errc::unavailable, "nobody listens"};
    dapr::Circuit circuit(metrics, "pubsub", 1, 1ms, 1ms, 50ms);
    CHECK(circuit.allows());
    circuit.failed(refused);
    CHECK(!circuit.why().empty());
    CHECK_THAT(metrics.text(), Catch::Contains("carillon_dapr_circuit_open{part=\"pubsub\"} 1"));
    while (!circuit.why().empty()) std::this_thread::sleep_for(1ms);
    CHECK_THAT(metrics.text(), Catch::Contains("carillon_dapr_circuit_open{part=\"pubsub\"} 0"));
    CHECK(circuit.why().empty());
    CHECK(circuit.allows());
    CHECK_FALSE(circuit.allows());
    CHECK(!circuit.why().empty());  // until that call is answered
    circuit.failed(refused);
    CHECK(!circuit.why().empty());
}
