// Access tokens (JWT, RFC 7519, HS256 and nothing else) and the keys that sign them, which all replicas share.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/time/clock.hpp"
#include "identity/identity.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace carillon::identity {

struct Claims {
    std::string user_id;
    std::string session_id;
    Time expires{};
};

class AccessTokens {
public:
    AccessTokens(db::Database& database, const Clock& clock, const Options& options)
        : database_(database), clock_(clock), options_(options) {}

    /// Signs with the newest key, which it makes when there is none or it is too old. Reading it in the transaction of
    /// the sign-in is what makes a rotation by another replica hold here at once.
    std::string sign(db::Transaction& tx, const Claims& claims);
    /// Makes the first key.
    void prepare_in(db::Transaction& tx) { (void)current_in(tx); }
    /// Fails with: unauthenticated, whatever is wrong with it; unavailable.
    awaitable<Result<Claims>> verify(std::string token);

private:
    struct Key {
        std::string kid;
        std::string secret;
        Time created{};
        std::optional<Time> retired;  ///< when the next key was made: what it signed has run out a lifetime later
    };
    using Keys = std::map<std::string, Key, std::less<>>;

    Key current_in(db::Transaction& tx);
    awaitable<Result<std::optional<Key>>> find(std::string kid);
    std::optional<Key> lookup(std::string_view kid);
    awaitable<Result<void>> reload();

    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

    db::Database& database_;
    const Clock& clock_;
    const Options& options_;
    std::mutex mutex_;
    Keys keys_;
    std::atomic<std::int64_t> loaded_at_{never};
    std::atomic<int> made_{0};  ///< keys made by this process
};

}  // namespace carillon::identity
