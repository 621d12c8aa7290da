// Checkpoints of the log: C2SP tlog-checkpoint in C2SP signed notes, Ed25519 (https://c2sp.org/signed-note). Keys are
// written as golang.org/x/mod/sumdb/note writes them, so that its tools can read them.
#pragma once

#include "audit/merkle.hpp"
#include "carillon/error.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

/// The state of the log: its first `size` entries.
struct Checkpoint {
    std::string origin;  ///< names the log; the keys' name
    std::uint64_t size = 0;
    merkle::Hash root{};
};

/// A public key: `<name>+<hash>+<base64 of 0x01 ‖ key>`.
struct VerifierKey {
    std::string name;
    std::array<unsigned char, 4> hash{};  ///< of name and key: which key a signature is by
    std::array<unsigned char, 32> key{};
};
std::string to_string(const VerifierKey& key);
/// Fails with: invalid.
Result<VerifierKey> parse_verifier(std::string_view text);

class Signer {
public:
    /// Throws std::invalid_argument for a name that no key may have: empty, or with white space or a plus sign.
    Signer(std::string name, const std::array<unsigned char, 32>& seed);
    const VerifierKey& verifier() const noexcept { return verifier_; }
    /// The signed note of a checkpoint whose origin is the key's name.
    std::string sign(std::uint64_t size, const merkle::Hash& root) const;
    /// `PRIVATE+KEY+<name>+<hash>+<base64 of 0x01 ‖ seed>`.
    std::string to_secret() const;

private:
    std::array<unsigned char, 32> seed_;
    std::array<unsigned char, 64> secret_{};
    VerifierKey verifier_;
};
/// Fails with: invalid.
Result<Signer> parse_signer(std::string_view text);

/// Reads a note that one of `keys` signed. Fails with: invalid (not a checkpoint, a signature that is wrong, or none by
/// a known key).
Result<Checkpoint> open_note(std::string_view note, const std::vector<VerifierKey>& keys);

}  // namespace carillon::audit
