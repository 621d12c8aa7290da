// Commands on a live Application. `carillon serve` holds the SQLite file alone, so a command that needs it is carried
// to the running server over a Unix socket beside the file and runs there; without a server it runs in the CLI's own
// process.
#pragma once

#include "app/application.hpp"

#include <boost/json/object.hpp>

#include <memory>
#include <optional>
#include <string>

namespace carillon::cli {

/// Exit codes of the program.
enum Exit : int { done = 0, failed = 1, usage = 2, partly = 3 };

/// Runs `{command, …}` and answers `{exit, out, err}`; bytes that go to a file are in `file` (base64). Never throws.
/// Blocks: not on an I/O or database thread.
boost::json::object execute(Application& application, const boost::json::object& request);

/// `<database file>.sock`, or nothing for PostgreSQL.
std::optional<std::string> admin_socket_path(const std::string& database_url);

/// Asks the server that holds the database. Nothing when none is listening.
std::optional<boost::json::object> ask_server(const std::string& socket_path, const boost::json::object& request);

/// Answers `ask_server` until destroyed; the socket is the owner's alone (mode 0600).
class AdminServer {
public:
    AdminServer(Application& application, const std::string& socket_path);
    ~AdminServer();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace carillon::cli
