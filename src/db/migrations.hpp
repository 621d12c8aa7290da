// Numbered SQL files, embedded, applied once each in order, in a transaction of its own, with a checksum (DESIGN 3).
#pragma once

#include "carillon/embedded.hpp"
#include "connection.hpp"

#include <vector>

namespace carillon::db {

/// Applies what `files` (`NNNN_<module>_<what>.sql`) have and the table schema_migrations has not; number applied.
/// Holds the database's migration lock meanwhile. Migrations of a newer release are left alone with a warning: they
/// only expand. Throws std::runtime_error with one line when a file has changed since it was applied or comes too late.
int apply_migrations(Connection& connection, const std::vector<embedded::File>& files);

}  // namespace carillon::db
