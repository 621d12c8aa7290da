// Who acts, and on whose data.
#pragma once

#include "carillon/time/instant.hpp"

#include <optional>
#include <string>

namespace carillon {

/// Made by the identity module for a request, or by a subscriber or the CLI for itself.
struct Principal {
    std::string user_id;            ///< UUID; every query is by it
    std::string actor;              ///< CloudEvents `actor`: user, token:<id>, chat, recurring, import
    std::string session_id;         ///< of a signed-in session; empty otherwise
    std::string token_id;           ///< of an API token; empty otherwise
    std::string traceparent;        ///< W3C trace context of the request; may be empty
    std::optional<Time> queued_at;  ///< when an offline client made the change (header `Queued-At`)
};

}  // namespace carillon
