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
    CHECK(circuit.open());
    CHECK_THAT(metrics.text(), Catch::Contains("carillon_dapr_circuit_open{part=\"pubsub\"} 1"));
    CHECK_FALSE(circuit.why().empty());
    while (circuit.open()) std::this_thread::sleep_for(1ms);
    CHECK_THAT(metrics.text(), Catch::Contains("carillon_dapr_circuit_open{part=\"pubsub\"} 0"));
    CHECK(circuit.why().empty());
    CHECK(circuit.allows());
    CHECK_FALSE(circuit.allows());
    CHECK(circuit.open());  // until that call is answered
    circuit.failed(refused);
    CHECK(circuit.open());
}
