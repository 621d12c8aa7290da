#include "audit/keys.hpp"

#include "carillon/ids.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <system_error>

namespace carillon::audit {
namespace {

constexpr std::string_view tag_mark = "TAG+KEY+", private_mark = "PRIVATE+KEY+";

[[noreturn]] void fail(const std::string& file, const std::string& what) {
    throw std::runtime_error("audit keys " + file + ": " + what);
}

template <std::size_t N>
std::array<unsigned char, N> random_bytes() {
    if (sodium_init() < 0) throw std::runtime_error("libsodium could not start");
    std::array<unsigned char, N> bytes;
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string text_of(const Signer& signer, const std::array<unsigned char, 16>& tag_key,
                    const std::vector<VerifierKey>& retired) {
    std::string out =
        "# The keys of Carillon's audit log: the one that signs, the one that finds changed entries, public keys that "
        "signed before.\n# Keep it secret, keep it out of the database's reach, and keep a copy.\n";
    out += signer.to_secret() + "\n" + std::string(tag_mark) +
           to_base64({reinterpret_cast<const char*>(tag_key.data()), tag_key.size()}) + "\n";
    for (const auto& key : retired) out += to_string(key) + "\n";
    return out;
}

/// Writes a file that was not there; false when it was.
bool create(const std::string& file, const std::string& text) {
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0 && errno == EEXIST) return false;
    if (descriptor < 0) fail(file, "cannot be made: " + std::generic_category().message(errno));
    const bool written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written) fail(file, "cannot be written");
    return true;
}

/// A complete file appears under its name or none does.
bool create_whole(const std::string& file, const std::string& text, bool replace) {
    const auto part = file + "." + random_token(6) + ".part";
    create(part, text);
    const int failed = replace ? ::rename(part.c_str(), file.c_str()) : ::link(part.c_str(), file.c_str());
    const int error = errno;
    if (!replace || failed != 0) ::unlink(part.c_str());
    if (failed != 0 && error != EEXIST) fail(file, "cannot be made: " + std::generic_category().message(error));
    return failed == 0;
}

}  // namespace

std::int64_t Keys::tag(const merkle::Hash& leaf) const {
    std::array<unsigned char, crypto_shorthash_BYTES> hash;
    crypto_shorthash(hash.data(), leaf.data(), leaf.size(), tag_key.data());
    std::uint64_t number = 0;
    for (const auto byte : hash) number = number << 8 | byte;
    return static_cast<std::int64_t>(number);
}

void ensure_keys(const std::string& file) {
    if (::access(file.c_str(), F_OK) == 0) return;
    const auto origin = "carillon-audit-" + sha256_hex(random_token(32)).substr(0, 12);
    create_whole(file, text_of(Signer(origin, random_bytes<32>()), random_bytes<16>(), {}), false);
}

Keys load_keys(const std::string& file) {
    std::ifstream in(file);
    if (!in) fail(file, "cannot be read");
    std::optional<Signer> signer;
    std::optional<std::array<unsigned char, 16>> tag_key;
    std::vector<VerifierKey> retired;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.starts_with("#")) continue;
        if (line.starts_with(private_mark)) {
            auto read = parse_signer(line);
            if (!read || signer) fail(file, "holds no single private key");
            signer.emplace(std::move(*read));
        } else if (line.starts_with(tag_mark)) {
            const auto bytes = from_base64(std::string_view(line).substr(tag_mark.size()));
            if (bytes.size() != 16 || tag_key) fail(file, "holds no single tag key");
            std::copy(bytes.begin(), bytes.end(), tag_key.emplace().begin());
        } else {
            auto read = parse_verifier(line);
            if (!read) fail(file, "has a line that is no key");
            retired.push_back(std::move(*read));
        }
    }
    if (!signer || !tag_key) fail(file, "lacks its private key or its tag key");
    Keys keys{std::move(*signer), {}, *tag_key};
    keys.verifiers.push_back(keys.signer.verifier());
    keys.verifiers.insert(keys.verifiers.end(), retired.begin(), retired.end());
    return keys;
}

void rotate_keys(const std::string& file) {
    const auto old = load_keys(file);
    const Signer next(old.signer.verifier().name, random_bytes<32>());
    create_whole(file, text_of(next, old.tag_key, old.verifiers), true);
}

}  // namespace carillon::audit
