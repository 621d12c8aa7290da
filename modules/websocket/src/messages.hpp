// What the two sides say to each other besides events (docs/api/asyncapi.yaml).
#pragma once

#include "session.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <variant>

namespace carillon::websocket {

struct Ping {};
using ClientMessage = std::variant<Credentials, Ping>;

/// Why a message ends the connection.
struct Refusal {
    CloseCode close;
    const char* reason;
};

/// Reads `{"type":"auth",…}` or `{"type":"ping"}`; fails with what to close the connection with.
boost::system::result<ClientMessage, Refusal> parse_message(std::string_view text);

std::string ready_message(std::int64_t sequence);
std::string resumed_message(bool recovered, std::int64_t sequence);
std::string head_message(std::int64_t sequence);
std::string pong_message();

}  // namespace carillon::websocket
