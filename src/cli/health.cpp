#include "cli/admin.hpp"
#include "cli/ask.hpp"
#include "cli/cli.hpp"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace carillon::cli {

int health(const std::string& address) {
    using boost::asio::ip::tcp;
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) throw ConfigError("an address and a port are needed, such as 127.0.0.1:9090");
    boost::asio::io_context context;
    tcp::resolver resolver(context);
    const auto found = resolver.resolve(address.substr(0, colon), address.substr(colon + 1)).begin()->endpoint();
    http::ClientOptions options;
    // A server that listens on every address of this host is asked on the loopback one.
    options.address = !found.address().is_unspecified() ? found.address().to_string()
                      : found.address().is_v6()         ? "::1"
                                                        : "127.0.0.1";
    options.port = found.port();
    const auto answer = ask(std::move(options), "/readyz", http::Method::get, std::chrono::seconds(4));
    if (!answer) throw std::runtime_error(address + ": " + answer.error().detail);
    fmt::print("{}\n", answer->body);
    return answer->status == 200 ? Exit::done : Exit::failed;
}

}  // namespace carillon::cli
