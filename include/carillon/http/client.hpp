// A small HTTP/1.1 client for one server nearby, such as a sidecar on the loopback interface: kept connections, one
// time limit for each request. Beast stays in src/http.
#pragma once

#include "carillon/async.hpp"
#include "carillon/error.hpp"
#include "carillon/http/message.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon::http {

struct ClientOptions {
    std::string address = "127.0.0.1";  ///< an IP address, not a name
    std::uint16_t port = 0;
    std::vector<Header> headers;                ///< of every request, say a token
    std::size_t max_idle = 8;                   ///< connections kept open between requests
    std::uint64_t max_body = 16 * 1024 * 1024;  ///< bytes of an answer; more fails the request
};

struct Outgoing {
    Method method = Method::get;
    std::string target;        ///< as it goes on the wire, percent-encoded
    std::string content_type;  ///< empty: no body
    std::string body;
};

struct Answer {
    int status = 0;
    std::string body;
};

class Client {
public:
    Client(asio::any_io_executor executor, ClientOptions options);
    /// As stop().
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Any answer is a value, whatever its status. Fails with: unavailable (refused, cut off, not within `limit`). A
    /// kept connection that turns out to be dead is replaced once, so that a request may arrive twice. Any thread.
    awaitable<Result<Answer>> send(Outgoing request, std::chrono::milliseconds limit);
    /// Cuts off what is under way; what comes fails. Any thread.
    void stop();

private:
    struct Pool;
    std::shared_ptr<Pool> pool_;
};

}  // namespace carillon::http
