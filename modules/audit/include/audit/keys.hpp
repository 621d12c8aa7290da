// The file of the log's keys, which lies outside the database: who can write only to one of them cannot forge the log.
#pragma once

#include "audit/leaf.hpp"
#include "audit/note.hpp"

#include <array>
#include <string>
#include <vector>

namespace carillon::audit {

struct Keys {
    Signer signer;
    std::vector<VerifierKey> verifiers;       ///< every key that ever signed, the present one first
    std::array<unsigned char, 16> tag_key{};  ///< outlives rotations

    /// SipHash-2-4 of a leaf's hash: tells which entry was changed, where the signed roots only tell that one was.
    std::int64_t tag(const merkle::Hash& leaf) const;
};

/// Makes the file, readable by its owner only, unless there is one. Throws std::runtime_error.
void ensure_keys(const std::string& file);
/// Throws std::runtime_error with one line that names the file and holds no secret.
Keys load_keys(const std::string& file);
/// A new signing key; the old one's public half stays, so that its checkpoints verify. The file is replaced in one
/// step. Throws std::runtime_error.
void rotate_keys(const std::string& file);

}  // namespace carillon::audit
