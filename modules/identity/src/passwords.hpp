// Passwords: the rules for new ones, and argon2id away from the event loop with a bound on how much runs and waits.
#pragma once

#include "carillon/async.hpp"
#include "carillon/error.hpp"
#include "carillon/metrics.hpp"
#include "identity/identity.hpp"

#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::identity {

/// What is wrong with a new password, for people; nothing when it will do. `password` as it came, `email` and `name` of
/// the account.
std::optional<std::string> password_problem(std::string_view password, std::string_view email, std::string_view name);

struct Verdict {
    bool matches = false;
    std::optional<std::string> rehashed;  ///< the password under today's cost, when the stored hash is of another
};

class PasswordHasher {
public:
    PasswordHasher(boost::asio::thread_pool& pool, Metrics& metrics, const Options& options);

    /// PHC string of the NFC form, so that one password typed on two systems is one password. Fails with: unavailable.
    awaitable<Result<std::string>> hash(std::string password);
    /// An empty `stored` matches nothing and takes as long as any. Fails with: unavailable.
    awaitable<Result<Verdict>> verify(std::string stored, std::string password);
    /// Blocks; for the CLI.
    std::string hash_now(std::string_view password) const { return cost_.hash(password); }

private:
    struct Cost {
        unsigned long long passes;
        std::size_t memory;
        std::string hash(std::string_view password) const;
        Verdict verify(const std::string& stored, std::string_view password) const;
    };
    class Queue;

    template <class T>
    awaitable<Result<T>> offload(std::function<T()> work);

    Cost cost_;
    std::shared_ptr<Queue> queue_;  // shared with the pool, which may outlive this
};

}  // namespace carillon::identity
