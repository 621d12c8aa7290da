#include "proxies.hpp"

#include "carillon/text.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace carillon::http {
namespace ip = boost::asio::ip;
namespace {

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
std::optional<ip::address> parse_address(std::string_view text) {
    text = text::trim(text);
    if (text.starts_with('['))
        text = text.substr(1, text.find(']') - 1);
    else if (std::count(text.begin(), text.end(), ':') == 1)
        text = text.substr(0, text.find(':'));
    boost::system::error_code ec;
    const auto address = ip::make_address(std::string(text), ec);
    if (ec) return std::nullopt;
    return plain(address);
}

}  // namespace

ip::address plain(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& blocks) {
    for (const auto& block : blocks) {
        const bool range = block.find('/') != std::string::npos;
        boost::system::error_code v4, v6;
        const auto as_v4 = ip::make_network_v4(range ? block : block + "/32", v4);
        const auto as_v6 = ip::make_network_v6(range ? block : block + "/128", v6);
        if (!v4)
            v4_.push_back(as_v4.canonical());
        else if (!v6)
            v6_.push_back(as_v6.canonical());
        else
            throw std::invalid_argument("trusted proxy is neither an address nor a CIDR block: " + block);
    }
}

bool TrustedProxies::trusts(const ip::address& address) const {
    if (address.is_v4()) {
        return std::any_of(v4_.begin(), v4_.end(), [a = address.to_v4()](const auto& block) {
            return ip::network_v4(a, block.prefix_length()).canonical() == block;
        });
    }
    return std::any_of(v6_.begin(), v6_.end(), [a = address.to_v6()](const auto& block) {
        return ip::network_v6(a, block.prefix_length()).canonical() == block;
    });
}

std::string TrustedProxies::client(const ip::address& peer, const std::vector<std::string_view>& forwarded_for) const {
    auto client = peer;
    for (auto value = forwarded_for.rbegin(); value != forwarded_for.rend(); ++value) {
        auto rest = *value;
        while (trusts(client)) {
            const auto comma = rest.rfind(',');
            const auto address = parse_address(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
            if (!address) return client.to_string();
            client = *address;
            if (comma == std::string_view::npos) break;
            rest = rest.substr(0, comma);
        }
    }
    return client.to_string();
}

}  // namespace carillon::http
