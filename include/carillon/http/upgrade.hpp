// Hands a connection over to WebSocket. The only public header that shows Beast.
#pragma once

#include "carillon/async.hpp"
#include "carillon/http/message.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <functional>
#include <string>

namespace carillon::http {

using BeastRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// Owns the socket from here on; runs on the connection's own I/O thread. To refuse before the upgrade it writes an
/// HTTP answer itself (see http::write_response).
using UpgradeHandler =
    std::function<awaitable<void>(Request request, BeastRequest raw, boost::asio::ip::tcp::socket socket)>;

struct UpgradeRoute {
    std::string path;
    UpgradeHandler handle;
};

/// Writes one HTTP/1.1 answer and closes, for upgrades that are refused.
awaitable<void> refuse_upgrade(boost::asio::ip::tcp::socket socket, Response response);

}  // namespace carillon::http
