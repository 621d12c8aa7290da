// The sockets of one I/O thread. One post carries an event to all of a user's sockets here.
#pragma once

#include "carillon/async.hpp"
#include "frame.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace carillon::websocket {

class Hub;
class Session;

/// Everything but executor() happens on the shard's own thread.
class Shard final : public std::enable_shared_from_this<Shard> {
public:
    Shard(asio::any_io_executor executor, Hub& hub);

    const asio::any_io_executor& executor() const { return executor_; }
    /// A socket that may not be signed in yet: watched for being stuck, closed on drain.
    void add(Session& session);
    /// Signed in: gets its user's events.
    void join(Session& session);
    void remove(Session& session);

    void deliver(const std::string& user_id, std::int64_t sequence, const Frame& frame);
    void revoke(const std::string& user_id, const std::string& credential_id);
    void close_all();  ///< 1001
    void abort_all();  ///< without a closing handshake

private:
    struct User {
        std::size_t slot = 0;  ///< when in the head interval it is this user's turn
        std::vector<Session*> sessions;
    };

    void arm();
    void tick();
    awaitable<void> send_heads(std::vector<std::string> users);

    asio::any_io_executor executor_;
    Hub& hub_;
    std::unordered_set<Session*> sessions_;
    std::unordered_map<std::string, User> users_;
    bool armed_ = false;
    bool asking_ = false;  ///< a query for heads is under way
    std::size_t slot_ = 0;
};

}  // namespace carillon::websocket
