// The layer below Beast's WebSocket stream. Beast does the handshake, reads, and answers control frames; events are
// queued here as ready-made frames, and all that wait go out in one gathered write. Beast alone writes one message at a
// time and builds its header for each socket.
#pragma once

#include "frame.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace carillon::websocket {

namespace asio = boost::asio;
using boost::system::error_code;

/// Not thread-safe: everything happens on the socket's own thread.
class FrameStream {
public:
    using next_layer_type = asio::ip::tcp::socket;
    using executor_type = next_layer_type::executor_type;

    /// What the stream belongs to: kept alive while a write is under way, told when all has been written.
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual std::shared_ptr<void> keep_alive() = 0;
        virtual void on_drained() = 0;
    };

    FrameStream(asio::ip::tcp::socket socket, Owner& owner) : socket_(std::move(socket)), owner_(owner) {}
    FrameStream(const FrameStream&) = delete;
    FrameStream& operator=(const FrameStream&) = delete;

    executor_type get_executor() { return socket_.get_executor(); }
    next_layer_type& next_layer() { return socket_; }
    const next_layer_type& next_layer() const { return socket_; }

    /// Queues a frame; dropped once a close frame is on its way (RFC 6455 section 5.5.1).
    void push(Frame frame);
    /// Drops the events that have not begun to be written.
    void discard();
    std::size_t queued_frames() const { return waiting_.size() + (writing_.size() - next_); }
    std::size_t queued_bytes() const { return queued_bytes_; }
    /// How long the write under way has made no progress; zero when there is none.
    std::chrono::steady_clock::duration stalled_for(std::chrono::steady_clock::time_point now) const;

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return socket_.async_read_some(buffers, std::forward<Token>(token));
    }
    /// Beast's own bytes (the handshake's answer, control frames): copied, queued whole, done when written.
    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        auto start = [this](auto handler, std::string bytes) {
            const std::size_t size = bytes.size();
            auto home = asio::get_associated_executor(handler, get_executor());
            auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            auto done = [home, kept, size](error_code error) {
                asio::post(home, [kept, error, size] { (*kept)(error, error ? 0 : size); });
            };
            enqueue(std::make_shared<const std::string>(std::move(bytes)), std::move(done));
        };
        return asio::async_initiate<Token, void(error_code, std::size_t)>(std::move(start), token,
                                                                          boost::beast::buffers_to_string(buffers));
    }

private:
    using Done = std::function<void(error_code)>;
    struct Item {
        Frame bytes;
        Done done;  ///< of Beast's own writes only
    };

    void enqueue(Frame bytes, Done done);
    void flush();
    void wrote(error_code error, std::size_t size);
    void fail(error_code error);

    asio::ip::tcp::socket socket_;
    Owner& owner_;
    std::vector<Item> waiting_;
    std::vector<Item> writing_;
    std::size_t next_ = 0;       ///< first of writing_ not wholly written
    std::size_t offset_ = 0;     ///< bytes of it already written
    std::size_t in_flight_ = 0;  ///< items the write under way may read
    std::size_t queued_bytes_ = 0;
    std::chrono::steady_clock::time_point write_started_{};
    bool closing_ = false;
    error_code failed_;
};

/// Found by Beast: ending the stream ends the socket.
template <class Handler>
void async_teardown(boost::beast::role_type role, FrameStream& stream, Handler&& handler) {
    using boost::beast::websocket::async_teardown;
    async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}
inline void teardown(boost::beast::role_type role, FrameStream& stream, error_code& error) {
    using boost::beast::websocket::teardown;
    teardown(role, stream.next_layer(), error);
}

}  // namespace carillon::websocket
