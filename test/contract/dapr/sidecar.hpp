// The real sidecar of a test, started by test/cluster/broker_for.py, and the parts under test behind its callbacks.
#pragma once

#include "carillon/dapr.hpp"
#include "carillon/http/server.hpp"
#include "contract/events/host.hpp"

#include <memory>
#include <string>

namespace carillon::test {

/// One application as a sidecar knows it: a port, a token, topics of its own. The sidecar is started when the
/// application listens for the first time, and goes on while it is away.
class App {
public:
    App();
    ~App();
    App(const App&) = delete;

    /// Opens the port and starts the sidecar if there is none yet.
    void serve(std::vector<http::Route> routes);
    /// Closes the port, as a process that ends.
    void vanish();
    std::uint16_t sidecar_port() const { return sidecar_port_; }
    const std::string& topics() const { return topics_; }

private:
    Metrics metrics_;
    SystemClock clock_;
    const std::string topics_;
    std::uint16_t port_ = 0;
    std::uint16_t sidecar_port_ = 0;
    std::unique_ptr<http::IoThreads> threads_;
    std::unique_ptr<http::Server> server_;
};

/// A Dapr bus that serves its callbacks at `app`, and whose start() returns when events come round.
BusFactory dapr_bus(App& app);

}  // namespace carillon::test
