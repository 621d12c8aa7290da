#include "tickets.hpp"

#include "carillon/ids.hpp"

namespace carillon::websocket {

Ticket issue_ticket_in(db::Transaction& tx, const Principal& who, Time now) {
    tx.exec("DELETE FROM ws_tickets WHERE expires_at <= :now", to_micros(now));
    Ticket ticket{random_token(32), now + ticket_lifetime};
    tx.exec(
        "INSERT INTO ws_tickets (hash, user_id, session_id, token_id, issued_at, expires_at)"
        " VALUES (:hash, :user, :session, :token, :issued, :expires)",
        sha256_hex(ticket.secret), who.user_id, who.session_id, who.token_id, to_micros(now),
        to_micros(ticket.expires_at));
    return ticket;
}

Result<Redeemed> redeem_ticket_in(db::Transaction& tx, const std::string& secret, Time now) {
    const std::string hash = sha256_hex(secret);
    auto row = tx.query_one<std::string, std::string, std::string, std::int64_t, std::int64_t>(
        "SELECT user_id, session_id, token_id, issued_at, expires_at FROM ws_tickets WHERE hash = :hash", hash);
    // The delete decides: of two that redeem at once, one finds the row gone.
    if (!row || tx.exec("DELETE FROM ws_tickets WHERE hash = :hash", hash) == 0 ||
        from_micros(std::get<4>(*row)) <= now) {
        return Error{Errc::unauthenticated, "The ticket is unknown, used or expired."};
    }
    auto& [user, session, token, issued, expires] = *row;
    Redeemed redeemed;
    redeemed.principal.user_id = std::move(user);
    redeemed.principal.session_id = std::move(session);
    redeemed.principal.token_id = std::move(token);
    redeemed.issued_at = from_micros(issued);
    return redeemed;
}

void forget_tickets_in(db::Transaction& tx, const std::string& user_id, const std::string& credential_id) {
    if (credential_id.empty()) {
        tx.exec("DELETE FROM ws_tickets WHERE user_id = :user", user_id);
    } else {
        tx.exec("DELETE FROM ws_tickets WHERE user_id = :user AND (session_id = :session OR token_id = :token)",
                user_id, credential_id, credential_id);
    }
}

}  // namespace carillon::websocket
