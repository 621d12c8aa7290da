// What `carillon doctor` finds.
#pragma once

#include "app/config.hpp"
#include "cli/admin.hpp"

#include <fmt/format.h>

#include <string_view>

namespace carillon::cli {

/// Prints a line for each finding: `ok`, `note` (no fault, but worth knowing), or `bad` with what to do.
class Findings {
public:
    void good(std::string_view what) { fmt::print("ok   {}\n", what); }
    void note(std::string_view what) { fmt::print("note {}\n", what); }
    void bad(std::string_view what, std::string_view remedy) {
        fmt::print("bad  {}: {}\n", what, remedy);
        ++bad_;
    }
    int exit() const { return bad_ == 0 ? Exit::done : Exit::failed; }

private:
    int bad_ = 0;
};

/// What only replicas need: the sidecar with its components, Kafka, one address for all.
void check_cluster(Findings& findings, const Config& config);
/// Asks the server that runs with these settings how its dependencies are; false when there is none.
bool check_running_server(Findings& findings, const Config& config);

}  // namespace carillon::cli
