#include "carillon/http/upgrade.hpp"

#include "reply.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace carillon::http {

awaitable<void> refuse_upgrade(boost::asio::ip::tcp::socket socket, Response response) {
    constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
    std::string bytes;
    write_head(bytes, response, {false, false, true});
    bytes += response.body;
    co_await asio::async_write(socket, asio::buffer(bytes), awaiting);
    boost::system::error_code ec;
    socket.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ec);
}

}  // namespace carillon::http
