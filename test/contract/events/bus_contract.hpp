// What every EventBus promises (DESIGN 2.2–2.4). One suite, called with each bus: in memory, Dapr, Kafka.
#pragma once

#include "host.hpp"
#include "support/database.hpp"

#include <string>
#include <vector>

namespace carillon::test {

/// Runs `events_per_user` events through the bus without faults and reports what broke the promises of order and of
/// exactly one effect; empty when all were kept. Also what deliberately broken buses are held against.
std::vector<std::string> order_and_once_violations(Backend backend, const BusFactory& factory, int events_per_user);

/// All of the contract, as sections of the calling test case.
void check_bus_contract(Backend backend, const BusFactory& factory);

}  // namespace carillon::test
