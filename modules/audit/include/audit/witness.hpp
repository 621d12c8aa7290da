// The witness: a copy of every checkpoint in a file out of the database's reach. A log that was cut off or rolled back
// contradicts it.
#pragma once

#include "audit/tree.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

/// Appends notes, each followed by an empty line, and brings them to the disk. Throws std::runtime_error.
void append_to_witness(const std::string& file, const std::vector<StoredCheckpoint>& checkpoints);
/// Calls `visit` for each note of the file in order, also for what a torn write left of one. A file that is not there
/// holds none. Throws std::runtime_error.
void read_witness(const std::string& file, const std::function<void(std::string note)>& visit);
/// The tree size that the text of a note claims, its signature not looked at.
std::optional<std::uint64_t> claimed_size(std::string_view note);
/// Of the last whole note in the file; 0 for none.
std::uint64_t last_witnessed(const std::string& file);

}  // namespace carillon::audit
