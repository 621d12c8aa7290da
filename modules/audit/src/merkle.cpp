#include "audit/merkle.hpp"

#include <openssl/evp.h>
#include <sodium.h>

#include <array>
#include <bit>
#include <initializer_list>
#include <stdexcept>

namespace carillon::audit::merkle {
namespace {

/// The largest power of two below n; n > 1.
std::uint64_t split(std::uint64_t n) { return std::bit_floor(n - 1); }

/// SHA-256 by OpenSSL, which uses the processor's own instructions; once a thread, since making one costs more than
/// hashing a node.
class Hasher {
public:
    Hasher() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
        if (!algorithm_ || !context_) throw std::runtime_error("OpenSSL has no SHA-256");
    }
    ~Hasher() {
        EVP_MD_CTX_free(context_);
        EVP_MD_free(algorithm_);
    }
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;

    Hash operator()(std::initializer_list<std::string_view> parts) {
        Hash hash;
        bool done = EVP_DigestInit_ex2(context_, algorithm_, nullptr) == 1;
        for (const auto part : parts) done = done && EVP_DigestUpdate(context_, part.data(), part.size()) == 1;
        if (!done || EVP_DigestFinal_ex(context_, hash.data(), nullptr) != 1)
            throw std::runtime_error("OpenSSL could not hash");
        return hash;
    }

private:
    EVP_MD* algorithm_;
    EVP_MD_CTX* context_;
};

Hash hash_of(std::initializer_list<std::string_view> parts) {
    thread_local Hasher hasher;
    return hasher(parts);
}

std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

/// MTH(D[begin:begin+count]); begin is a multiple of every power of two below count, as all ranges of the RFC are.
Hash range(std::uint64_t begin, std::uint64_t count, const Nodes& nodes) {
    if (std::has_single_bit(count)) {
        const int level = std::countr_zero(count);
        return nodes(level, begin >> level);
    }
    const auto left = split(count);
    return node_hash(range(begin, left, nodes), range(begin + left, count - left, nodes));
}

void path_to(Path& path, std::uint64_t index, std::uint64_t begin, std::uint64_t count, const Nodes& nodes) {
    if (count == 1) return;
    const auto left = split(count);
    if (index < left) {
        path_to(path, index, begin, left, nodes);
        path.push_back(range(begin + left, count - left, nodes));
    } else {
        path_to(path, index - left, begin + left, count - left, nodes);
        path.push_back(range(begin, left, nodes));
    }
}

/// SUBPROOF(from, D[begin:begin+count], known).
void subproof(Path& path, std::uint64_t from, std::uint64_t begin, std::uint64_t count, bool known,
              const Nodes& nodes) {
    if (from == count) {
        if (!known) path.push_back(range(begin, count, nodes));
        return;
    }
    const auto left = split(count);
    if (from <= left) {
        subproof(path, from, begin, left, known, nodes);
        path.push_back(range(begin + left, count - left, nodes));
    } else {
        subproof(path, from - left, begin + left, count - left, false, nodes);
        path.push_back(range(begin, left, nodes));
    }
}

}  // namespace

Hash sha256(std::string_view data) { return hash_of({data}); }

Hash sha256(std::string_view first, std::string_view second) { return hash_of({first, second}); }

Hash leaf_hash(std::string_view data) { return hash_of({{"\x00", 1}, data}); }

Hash node_hash(const Hash& left, const Hash& right) { return hash_of({{"\x01", 1}, view(left), view(right)}); }

std::string to_base64(const Hash& hash) {
    std::array<unsigned char, (sizeof(Hash) + 2) / 3 * 4 + 1> text;  // with a NUL at its end
    const int size = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
    return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

std::optional<Hash> from_base64(std::string_view text) {
    Hash hash;
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(hash.data(), hash.size(), text.data(), text.size(), nullptr, &size, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        size != hash.size() || end != text.data() + text.size())
        return std::nullopt;
    return hash;
}

Hash root(std::uint64_t size, const Nodes& nodes) { return size == 0 ? sha256({}) : range(0, size, nodes); }

Path inclusion(std::uint64_t index, std::uint64_t size, const Nodes& nodes) {
    Path path;
    path_to(path, index, 0, size, nodes);
    return path;
}

Path consistency(std::uint64_t from, std::uint64_t to, const Nodes& nodes) {
    Path path;
    subproof(path, from, 0, to, true, nodes);
    return path;
}

bool proves_inclusion(const Path& path, std::uint64_t index, std::uint64_t size, const Hash& leaf, const Hash& root) {
    if (index >= size) return false;
    auto fn = index, sn = size - 1;
    Hash r = leaf;
    for (const auto& p : path) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            r = node_hash(p, r);
            while (fn != 0 && (fn & 1) == 0) fn >>= 1, sn >>= 1;
        } else {
            r = node_hash(r, p);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && r == root;
}

bool proves_consistency(const Path& path, std::uint64_t from, std::uint64_t to, const Hash& from_root,
                        const Hash& to_root) {
    if (from == 0 || from > to) return false;
    if (from == to) return path.empty() && from_root == to_root;
    auto at = path.begin();
    if (!std::has_single_bit(from) && at == path.end()) return false;
    Hash fr = std::has_single_bit(from) ? from_root : *at++;
    Hash sr = fr;
    auto fn = from - 1, sn = to - 1;
    while ((fn & 1) != 0) fn >>= 1, sn >>= 1;
    for (; at != path.end(); ++at) {
        if (sn == 0) return false;
        if ((fn & 1) != 0 || fn == sn) {
            fr = node_hash(*at, fr);
            sr = node_hash(*at, sr);
            while (fn != 0 && (fn & 1) == 0) fn >>= 1, sn >>= 1;
        } else {
            sr = node_hash(sr, *at);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && fr == from_root && sr == to_root;
}

Frontier::Frontier(std::uint64_t size, const Nodes& nodes) : size_(size) {
    std::uint64_t begin = 0;
    for (int level = std::bit_width(size) - 1; level >= 0; --level) {
        if (((size >> level) & 1) == 0) continue;
        subtrees_.push_back(nodes(level, begin >> level));
        begin += std::uint64_t{1} << level;
    }
}

void Frontier::add(const Hash& leaf, const Completed& completed) {
    Hash hash = leaf;
    const auto merges = std::countr_one(size_);
    for (int level = 1; level <= merges; ++level) {
        hash = node_hash(subtrees_.back(), hash);
        subtrees_.pop_back();
        completed(level, size_ >> level, hash);
    }
    subtrees_.push_back(hash);
    ++size_;
}

Hash Frontier::root() const {
    if (subtrees_.empty()) return sha256({});
    Hash hash = subtrees_.back();
    for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) hash = node_hash(*left, hash);
    return hash;
}

}  // namespace carillon::audit::merkle
