#include "cli/ask.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace carillon::cli {

Result<http::Answer> ask(http::ClientOptions options, std::string target, http::Method method,
                         std::chrono::milliseconds limit) {
    boost::asio::io_context io;
    http::Client client(io.get_executor(), std::move(options));
    http::Outgoing request;
    request.method = method;
    request.target = std::move(target);
    auto answered = boost::asio::co_spawn(io, client.send(std::move(request), limit), boost::asio::use_future);
    while (answered.wait_for(std::chrono::seconds{0}) != std::future_status::ready) io.run_one();
    return answered.get();
}

}  // namespace carillon::cli
