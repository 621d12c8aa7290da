// Credentials ended a short while ago, for the moments in which a socket is known to nobody yet: between the check of
// its token, or the making of its ticket, and its place in the hub.
#pragma once

#include "carillon/principal.hpp"
#include "carillon/time/instant.hpp"

#include <chrono>
#include <deque>
#include <mutex>
#include <string>

namespace carillon::websocket {

/// Any thread.
class Revocations {
public:
    static constexpr std::chrono::minutes kept_for{2};  ///< longer than a ticket lives

    /// `credential_id` as identity tells it: a session's or a token's; empty for all of the user's.
    void add(const std::string& user_id, const std::string& credential_id, Time now);
    bool ended_since(const Principal& who, Time since) const;

private:
    struct Entry {
        std::string user_id;
        std::string credential_id;
        Time at;
    };
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
};

/// True when ending `credential_id` ends what `who` may do.
inline bool concerns(const Principal& who, const std::string& credential_id) {
    return credential_id.empty() || credential_id == who.session_id || credential_id == who.token_id;
}

}  // namespace carillon::websocket
