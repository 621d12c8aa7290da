// What lets every request be authenticated without a signature check or a query: principals by a keyed hash of their
// credential. An entry is confirmed with the database every few seconds, and at once after a revocation of its user
// here.
#pragma once

#include "carillon/principal.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace carillon::identity {

/// SipHash-2-4 with 128 bits under a key of this process: as good as the token itself, and short.
struct CredentialKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend bool operator==(const CredentialKey&, const CredentialKey&) = default;
};

struct Credential {
    Principal principal;
    Time expires{};
    Time confirmed{};
    std::uint64_t revocations = 0;  ///< of the user when it was confirmed
};

class CredentialCache {
public:
    CredentialCache();

    CredentialKey key_of(std::string_view token) const;
    /// Fresh or not: see is_fresh.
    std::optional<Credential> find(const CredentialKey& key);
    void put(const CredentialKey& key, const Credential& credential);
    void remove(const CredentialKey& key);

    bool is_fresh(const Credential& credential, Time now) const;
    /// To be read before the database is asked, and kept in the Credential.
    std::uint64_t revocations(std::string_view user_id) const { return counter(user_id).load(); }
    /// Makes all credentials of the user (and of a few who share its slot) ask the database again.
    void revoked(std::string_view user_id) { counter(user_id).fetch_add(1); }

private:
    static constexpr std::size_t shards = 16;
    static constexpr std::size_t per_generation = 2048;
    struct KeyHash {
        std::size_t operator()(const CredentialKey& key) const noexcept { return key.low; }
    };
    using Map = std::unordered_map<CredentialKey, Credential, KeyHash>;
    /// Bounded by two generations: a full young one becomes the old one, and the old one is dropped.
    struct Shard {
        std::mutex mutex;
        Map young;
        Map old;
        void insert(const CredentialKey& key, const Credential& credential);
    };

    Shard& shard(const CredentialKey& key) { return shards_[key.high % shards]; }
    std::atomic<std::uint64_t>& counter(std::string_view user_id) const {
        return counters_[std::hash<std::string_view>{}(user_id) % counters_.size()];
    }

    std::array<unsigned char, 16> secret_;
    std::array<Shard, shards> shards_;
    mutable std::array<std::atomic<std::uint64_t>, 256> counters_{};
};

}  // namespace carillon::identity
