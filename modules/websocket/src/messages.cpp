#include "messages.hpp"

#include "carillon/json.hpp"

#include <fmt/format.h>

#include <limits>

namespace carillon::websocket {
namespace {

constexpr std::size_t max_secret = 4096;

boost::system::result<ClientMessage, Refusal> credentials(json::Fields& fields) {
    Credentials read;
    const json::TextRule secret{.min = 1, .max = max_secret, .multiline = false, .trim = false};
    read.token = fields.text("token", secret).value_or("");
    read.ticket = fields.text("ticket", secret).value_or("");
    read.last_sequence = fields.integer("last_sequence", 0, std::numeric_limits<std::int64_t>::max());
    if (!fields.finish()) return Refusal{CloseCode::policy_violation, "unknown or wrong field"};
    if (read.token.empty() == read.ticket.empty()) {
        return Refusal{CloseCode::unauthenticated, "token or ticket, one of them"};
    }
    return read;
}

}  // namespace

boost::system::result<ClientMessage, Refusal> parse_message(std::string_view text) {
    const auto value = json::parse(text);
    if (!value) return Refusal{CloseCode::invalid_payload, "not JSON"};
    if (!value->is_object()) return Refusal{CloseCode::policy_violation, "not an object"};
    json::Fields fields{value->get_object()};
    const auto type = fields.choice("type", {"auth", "ping"});
    if (!type) return Refusal{CloseCode::policy_violation, "type is auth or ping"};
    if (*type == "auth") return credentials(fields);
    if (!fields.finish()) return Refusal{CloseCode::policy_violation, "unknown field"};
    return Ping{};
}

std::string ready_message(std::int64_t sequence) {
    return fmt::format(R"({{"type":"ready","sequence":{}}})", sequence);
}

std::string resumed_message(bool recovered, std::int64_t sequence) {
    return fmt::format(R"({{"type":"resumed","recovered":{},"sequence":{}}})", recovered, sequence);
}

std::string head_message(std::int64_t sequence) { return fmt::format(R"({{"type":"head","sequence":{}}})", sequence); }

std::string pong_message() { return R"({"type":"pong"})"; }

}  // namespace carillon::websocket
