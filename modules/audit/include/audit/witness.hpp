// The witness: a copy of every checkpoint in a file out of the database's reach. A log that was cut off or rolled back
// contradicts it.
#pragma once

#include "audit/tree.hpp"

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

/// Appends notes, each followed by an empty line, and brings them to the disk. Throws std::runtime_error.
void append_to_witness(const std::string& file, const std::vector<StoredCheckpoint>& checkpoints);

/// The notes of the file in order, also what a torn write left of one. A file that is not there holds none.
class WitnessReader {
public:
    /// Reads what the file holds now, from `last_bytes` before its end on. Throws std::runtime_error.
    explicit WitnessReader(const std::string& file, std::uint64_t last_bytes = UINT64_MAX);
    std::optional<std::string> next();

private:
    bool take_line(std::string& line);

    std::ifstream in_;
    std::uint64_t left_ = 0;
    std::optional<std::string> ahead_;  // a line that belongs to the next note
};

/// The tree size that a whole note claims, its signature not verified; nothing for what a torn write left.
std::optional<std::uint64_t> claimed_size(std::string_view note);
/// Of the last whole note in the file; 0 for none.
std::uint64_t last_witnessed(const std::string& file);

}  // namespace carillon::audit
