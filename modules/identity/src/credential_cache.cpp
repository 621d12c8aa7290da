#include "credential_cache.hpp"

#include <sodium.h>

#include <chrono>
#include <utility>

namespace carillon::identity {
namespace {

// How long another replica's revocation may go unseen here.
constexpr std::chrono::seconds confirm_interval{5};

}  // namespace

CredentialCache::CredentialCache() {
    static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16 &&
                  crypto_shorthash_siphashx24_BYTES == sizeof(CredentialKey));
    randombytes_buf(secret_.data(), secret_.size());
}

CredentialKey CredentialCache::key_of(std::string_view token) const {
    CredentialKey key;
    unsigned char out[sizeof key];
    crypto_shorthash_siphashx24(out, reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                                secret_.data());
    std::memcpy(&key, out, sizeof key);
    return key;
}

std::optional<Credential> CredentialCache::find(const CredentialKey& key) {
    Shard& part = shard(key);
    const std::lock_guard lock(part.mutex);
    if (auto it = part.young.find(key); it != part.young.end()) return it->second;
    auto node = part.old.extract(key);
    if (!node) return std::nullopt;
    part.insert(key, node.mapped());
    return std::move(node.mapped());
}

void CredentialCache::put(const CredentialKey& key, const Credential& credential) {
    Shard& part = shard(key);
    const std::lock_guard lock(part.mutex);
    part.old.erase(key);
    part.insert(key, credential);
}

void CredentialCache::remove(const CredentialKey& key) {
    Shard& part = shard(key);
    const std::lock_guard lock(part.mutex);
    part.young.erase(key);
    part.old.erase(key);
}

bool CredentialCache::is_fresh(const Credential& credential, Time now) const {
    return now < credential.expires && credential.confirmed <= now && now - credential.confirmed < confirm_interval &&
           credential.revocations == revocations(credential.principal.user_id);
}

void CredentialCache::Shard::insert(const CredentialKey& key, const Credential& credential) {
    if (young.size() >= per_generation && !young.contains(key)) {
        old = std::move(young);
        young = Map();
    }
    young.insert_or_assign(key, credential);
}

}  // namespace carillon::identity
