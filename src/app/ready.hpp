// Small pieces of serve(): configuration to options, the ready line.
#pragma once

#include "app/config.hpp"
#include "audit/audit.hpp"
#include "carillon/http/server.hpp"
#include "identity/identity.hpp"
#include "websocket/websocket.hpp"

#include <optional>
#include <vector>

namespace carillon {

identity::Options identity_options(const Config& config, std::shared_ptr<StateStore> shared_state);
/// Key and witness lie beside an SQLite database unless they are named.
audit::Options audit_options(const Config& config);
websocket::Options live_options(const Config& config);
http::ServerOptions server_options(const Config& config);
http::ServerOptions management_options();
http::ServerOptions sidecar_options();
int io_threads(const Config& config);

/// One route table of several.
template <class... Tables>
std::vector<http::Route> join(const Tables&... tables) {
    std::vector<http::Route> all;
    (all.insert(all.end(), tables.begin(), tables.end()), ...);
    return all;
}

/// One JSON line on standard output:
/// {"time","level","message":"ready","listen":"host:port","management":"host:port",…}, with "sidecar" behind one.
void print_ready(const boost::asio::ip::tcp::endpoint& listen, const boost::asio::ip::tcp::endpoint& management,
                 const std::optional<boost::asio::ip::tcp::endpoint>& sidecar);

}  // namespace carillon
