#include "audit/note.hpp"

#include "carillon/ids.hpp"
#include "carillon/text.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace carillon::audit {
namespace {

constexpr char ed25519 = 0x01;
constexpr std::string_view private_key = "PRIVATE+KEY+", signature_mark = "\u2014 ";

template <std::size_t N>
std::string_view view(const std::array<unsigned char, N>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), N};
}

bool is_name(std::string_view name) {
    if (name.empty() || !text::is_utf8(name)) return false;
    return std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == '+' || c == 0x7f; });
}

std::array<unsigned char, 4> key_hash(std::string_view name, std::string_view key) {
    const auto digest = merkle::sha256(std::string(name) + "\n" + ed25519 + std::string(key));
    return {digest[0], digest[1], digest[2], digest[3]};
}

std::string hex(std::string_view bytes) {
    std::string out(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    out.pop_back();
    return out;
}

std::string written(const VerifierKey& key, std::string_view bytes) {
    return key.name + "+" + hex(view(key.hash)) + "+" + to_base64(ed25519 + std::string(bytes));
}

/// `<name>+<hash>+<base64>`: the name, the hash as it stands there, the 32 bytes of key.
struct Written {
    std::string name, hash, key;
};
Result<Written> read_key(std::string_view text) {
    const Error wrong{Errc::invalid, "This is not an Ed25519 key of a signed note."};
    const auto first = text.find('+');
    const auto second = first == text.npos ? first : text.find('+', first + 1);
    if (second == text.npos) return wrong;
    Written read{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
                 from_base64(text.substr(second + 1))};
    if (!is_name(read.name) || read.key.size() != 33 || read.key[0] != ed25519) return wrong;
    read.key.erase(0, 1);
    return read;
}

/// Takes a line off the front.
std::optional<std::string_view> take_line(std::string_view& text) {
    const auto end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    const Error wrong{Errc::invalid, "This is not a checkpoint."};
    const auto origin = take_line(text), size = take_line(text), root = take_line(text);
    if (!root || !text.empty() || origin->empty() || size->empty() || (size->front() == '0' && *size != "0"))
        return wrong;
    Checkpoint checkpoint;
    checkpoint.origin = *origin;
    const auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
    const auto hash = merkle::from_base64(*root);
    if (error != std::errc{} || end != size->data() + size->size() || !hash) return wrong;
    checkpoint.root = *hash;
    return checkpoint;
}

}  // namespace

std::string to_string(const VerifierKey& key) { return written(key, view(key.key)); }

Result<VerifierKey> parse_verifier(std::string_view text) {
    const auto read = read_key(text);
    if (!read) return read.error();
    VerifierKey key;
    key.name = read->name;
    std::copy(read->key.begin(), read->key.end(), key.key.begin());
    key.hash = key_hash(key.name, read->key);
    if (hex(view(key.hash)) != read->hash) return Error{Errc::invalid, "The key's hash does not fit the key."};
    return key;
}

Signer::Signer(std::string name, const std::array<unsigned char, 32>& seed) : seed_(seed) {
    if (!is_name(name)) throw std::invalid_argument("a key's name has no white space and no plus sign");
    verifier_.name = std::move(name);
    crypto_sign_seed_keypair(verifier_.key.data(), secret_.data(), seed_.data());
    verifier_.hash = key_hash(verifier_.name, view(verifier_.key));
}

std::string Signer::sign(std::uint64_t size, const merkle::Hash& root) const {
    const auto text = verifier_.name + "\n" + std::to_string(size) + "\n" + merkle::to_base64(root) + "\n";
    std::array<unsigned char, crypto_sign_BYTES> signature;
    crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                         secret_.data());
    const auto bytes = std::string(view(verifier_.hash)).append(view(signature));
    return text + "\n" + std::string(signature_mark) + verifier_.name + " " + to_base64(bytes) + "\n";
}

std::string Signer::to_secret() const { return std::string(private_key) + written(verifier_, view(seed_)); }

Result<Signer> parse_signer(std::string_view text) {
    if (!text.starts_with(private_key)) return Error{Errc::invalid, "This is not a private key of a signed note."};
    const auto read = read_key(text.substr(private_key.size()));
    if (!read) return read.error();
    std::array<unsigned char, 32> seed;
    std::copy(read->key.begin(), read->key.end(), seed.begin());
    Signer signer(read->name, seed);
    if (hex(view(signer.verifier().hash)) != read->hash)
        return Error{Errc::invalid, "The key's hash does not fit the key."};
    return signer;
}

Result<Checkpoint> open_note(std::string_view note, const std::vector<VerifierKey>& keys) {
    const auto blank = note.rfind("\n\n");
    if (blank == note.npos) return Error{Errc::invalid, "This is not a signed note."};
    const auto text = note.substr(0, blank + 1);
    auto signatures = note.substr(blank + 2);
    bool known = false;
    while (!signatures.empty()) {
        auto line = take_line(signatures);
        const auto space = line ? line->rfind(' ') : note.npos;
        if (!line || !line->starts_with(signature_mark) || space < signature_mark.size())
            return Error{Errc::invalid, "A line that should be a signature is none."};
        const auto name = line->substr(signature_mark.size(), space - signature_mark.size());
        const auto bytes = from_base64(line->substr(space + 1));
        for (const auto& key : keys) {
            if (key.name != name || !std::string_view(bytes).starts_with(view(key.hash))) continue;
            if (bytes.size() != 4 + crypto_sign_BYTES ||
                crypto_sign_verify_detached(reinterpret_cast<const unsigned char*>(bytes.data()) + 4,
                                            reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                                            key.key.data()) != 0)
                return Error{Errc::invalid, "The signature is wrong."};
            known = true;
        }
    }
    if (!known) return Error{Errc::invalid, "No signature is by a known key."};
    auto checkpoint = parse_checkpoint(text);
    if (checkpoint &&
        std::none_of(keys.begin(), keys.end(), [&](const auto& k) { return k.name == checkpoint->origin; }))
        return Error{Errc::invalid, "The checkpoint is of another log."};
    return checkpoint;
}

}  // namespace carillon::audit
