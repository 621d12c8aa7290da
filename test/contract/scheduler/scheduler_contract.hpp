// What every JobScheduler promises: it wakes at or after the time, never before it, whatever the number of jobs and
// whoever asks. It may wake in vain, and says the name where it knows it. One suite: the local one, Dapr's.
#pragma once

#include "carillon/scheduler.hpp"

#include <functional>
#include <memory>

namespace carillon::test {

/// Makes the scheduler under test; called back on threads of its own.
using SchedulerFactory = std::function<std::unique_ptr<JobScheduler>()>;

/// All of the contract, as sections of the calling test case.
void check_scheduler_contract(const SchedulerFactory& factory);

}  // namespace carillon::test
