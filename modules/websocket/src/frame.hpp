// WebSocket frames as a server sends them (RFC 6455 section 5.2): unmasked, so the bytes of one event serve every
// socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace carillon::websocket {

/// A whole frame, header and payload; shared by all sockets that send it.
using Frame = std::shared_ptr<const std::string>;

/// One unfragmented text message.
Frame text_frame(std::string_view payload);

}  // namespace carillon::websocket
