// The command line: `carillon COMMAND`. Exit codes: 0 done, 1 could not, 2 wrong usage, 3 done in part.
#pragma once

#include "app/config.hpp"

namespace carillon::cli {

/// Reads the arguments and runs the command; `serve` is main's.
int run(int argc, char** argv, int (*serve)(const Config&));

/// `restore FILE`: puts a backup in the place of the SQLite database; refuses while a server holds it.
int restore(const Config& config, const std::string& file, bool force);
/// One line for each thing the server depends on, and what to do where it is not right.
int doctor(const Config& config);
/// Prints what `/readyz` at `host:port` answers; fails unless it is ready within 4 s. For container health checks.
int health(const std::string& address);

}  // namespace carillon::cli
