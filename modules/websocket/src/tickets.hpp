// Tickets: a secret for one socket, so that no bearer token need stand in a URL. One use, 60 seconds, stored hashed, so
// that any replica can redeem what another gave out.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/principal.hpp"
#include "carillon/time/clock.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace carillon::websocket {

inline constexpr std::chrono::seconds ticket_lifetime{60};

struct Ticket {
    std::string secret;
    Time expires_at{};
};
struct Redeemed {
    Principal principal;
    Time issued_at{};
};

/// Stores a new ticket for `who` and forgets expired ones.
Ticket issue_ticket_in(db::Transaction& tx, const Principal& who, Time now);
/// Uses the ticket up. Fails with: unauthenticated (unknown, used or expired).
Result<Redeemed> redeem_ticket_in(db::Transaction& tx, const std::string& secret, Time now);
/// Forgets the tickets of an ended credential; of all of the user's when it is empty.
void forget_tickets_in(db::Transaction& tx, const std::string& user_id, const std::string& credential_id);

}  // namespace carillon::websocket
