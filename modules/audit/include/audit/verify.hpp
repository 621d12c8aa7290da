// The judge of a log: reads all of it once, in constant memory, and names what does not fit.
#pragma once

#include "audit/keys.hpp"
#include "carillon/db/database.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

struct VerifyOptions {
    std::vector<VerifierKey> keys;
    /// With it the first entry that was changed is named; with public keys alone, the checkpoint whose entries it is
    /// among.
    std::optional<Keys> secrets;
    std::string witness_file;                                            ///< empty: none
    std::function<void(std::uint64_t done, std::uint64_t of)> progress;  ///< may be empty
};

struct Finding {
    std::int64_t position = 0;  ///< of the entry it is about; 0: of none
    std::string text;           ///< one sentence
};

struct Report {
    std::uint64_t entries = 0;      ///< in the log
    std::uint64_t covered = 0;      ///< by a sound checkpoint
    std::uint64_t erased = 0;       ///< covered, but their content is gone with their account
    std::uint64_t checkpoints = 0;  ///< sound ones in the database
    std::uint64_t witnessed = 0;    ///< sound ones in the witness
    std::vector<Finding> findings;  ///< empty: nobody changed what is covered
};

/// The whole log as it is when it begins; a server may go on beside it. Blocks. Fails with: unavailable.
Result<Report> verify(db::Database& database, const VerifyOptions& options);

/// What an export proves of itself, with no server and no database.
struct ExportReport {
    std::string origin;
    std::uint64_t size = 0;     ///< of the log at the export's checkpoint
    std::uint64_t proved = 0;   ///< entries proved to be in it
    std::uint64_t erased = 0;   ///< of these, without their content
    std::uint64_t waiting = 0;  ///< entries that no checkpoint covered yet
    std::vector<Finding> findings;
};
/// Fails with: invalid (not an export).
Result<ExportReport> verify_export(std::string_view json, const std::vector<VerifierKey>& keys);

}  // namespace carillon::audit
