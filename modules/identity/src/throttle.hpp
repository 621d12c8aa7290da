// Throttle: how many attempts a subject has in a sliding window. An attempt is taken before it is made and given back
// when it turns out well, so that a hundred guesses at once are not all "the first".
#pragma once

#include "carillon/state_store.hpp"
#include "carillon/time/clock.hpp"
#include "identity/identity.hpp"

#include <string>

namespace carillon::identity {

class Throttle {
public:
    Throttle(StateStore& store, const Clock& clock) : store_(store), clock_(clock) {}

    struct Attempt {
        std::string key;
        std::chrono::seconds ttl{};
    };
    /// Counts one attempt of `subject`, which may be personal: only a hash of it is kept. Fails with: throttled.
    awaitable<Result<Attempt>> take(std::string subject, Limit limit);
    awaitable<void> give_back(Attempt attempt);

private:
    StateStore& store_;
    const Clock& clock_;
};

/// What counts as one address: an IPv4 address, or the /64 of an IPv6 one.
std::string network_of(const std::string& address);

}  // namespace carillon::identity
