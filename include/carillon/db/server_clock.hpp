// What several processes on one PostgreSQL must agree on without asking it each time: what time it is, and whether
// somebody else is there.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/time/clock.hpp"

#include <memory>

namespace carillon::db {

/// The clock by which everything is decided. On PostgreSQL the server's, measured now and then and counted on by this
/// machine's own ticking, so that replicas whose clocks differ agree to some milliseconds, and nobody is ahead of the
/// server. On SQLite the machine's. `database` must outlive it.
std::unique_ptr<Clock> make_server_clock(Database& database);

/// Keeps a process that cannot share its database with others (`alone`) apart from all of them, while the object lives;
/// those that can do not hinder each other. PostgreSQL only: an SQLite file has its own lock. Waits some seconds for
/// one that is just ending. Throws std::runtime_error with one clear line.
class Presence {
public:
    virtual ~Presence() = default;
};
std::unique_ptr<Presence> announce_presence(Database& database, bool alone);

}  // namespace carillon::db
