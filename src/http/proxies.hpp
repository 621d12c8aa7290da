// Whose word counts on where a request came from.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::http {

class TrustedProxies {
public:
    /// Addresses or CIDR blocks. Throws std::invalid_argument that names the bad one.
    explicit TrustedProxies(const std::vector<std::string>& blocks);
    bool trusts(const boost::asio::ip::address& address) const;
    /// The client's address: the last of `forwarded_for` (all X-Forwarded-For values, in order) that is no trusted
    /// proxy.
    std::string client(const boost::asio::ip::address& peer, const std::vector<std::string_view>& forwarded_for) const;

private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

/// IPv4 as IPv4, also where a dual-stack socket shows it mapped into IPv6.
boost::asio::ip::address plain(const boost::asio::ip::address& address);

}  // namespace carillon::http
