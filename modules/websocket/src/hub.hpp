// Finds the threads that have sockets of a user, and holds what all sockets share.
#pragma once

#include "carillon/db/database.hpp"
#include "carillon/events/event.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"
#include "revocations.hpp"
#include "shard.hpp"
#include "websocket/websocket.hpp"

#include <atomic>
#include <map>
#include <mutex>

namespace carillon::websocket {

/// How a client signs in, in the query or in its first message.
struct Credentials {
    std::string token;
    std::string ticket;
    std::optional<std::int64_t> last_sequence;
};

/// Any thread.
class Hub {
public:
    Hub(db::Database& database, identity::Identity& identity, const Clock& clock, Metrics& metrics, Options options);

    /// The shard of the thread that runs `executor`; made when its first socket comes.
    std::shared_ptr<Shard> shard_for(const asio::any_io_executor& executor);
    /// Counts a connection; false when there are too many or the server is closing.
    bool enter();
    void leave();
    /// From here on the user's events are posted to `shard`; false when the user has too many sockets.
    bool join(const std::string& user_id, Shard& shard);
    void part(const std::string& user_id, Shard& shard);

    bool has_sockets_of(std::string_view user_id);
    void publish(const std::shared_ptr<const Event>& event);
    void revoke(const std::string& user_id, const std::string& credential_id);
    /// Closes every socket and waits for them, up to `patience`.
    awaitable<void> drain(std::chrono::milliseconds patience);

    struct SignedIn {
        Principal principal;
        Time since{};  ///< a revocation from then on ends it
    };
    /// Fails with: unauthenticated, unavailable.
    awaitable<Result<SignedIn>> authenticate(Credentials credentials);
    bool stands_in(db::Session& session, const Principal& who) { return identity_.stands_in(session, who); }

    db::Database& database;
    const Clock& clock;
    const Options options;
    Revocations revocations;
    prometheus::Gauge& sockets;
    prometheus::Counter& messages;
    prometheus::Counter& slow_closes;
    prometheus::Counter& resumed;
    prometheus::Counter& not_resumed;

private:
    std::vector<std::shared_ptr<Shard>> shards();

    identity::Identity& identity_;
    std::atomic<std::size_t> connections_{0};
    std::atomic<bool> draining_{false};
    std::mutex mutex_;
    std::map<const void*, std::shared_ptr<Shard>> shards_;  ///< by execution context
    std::unordered_map<std::string, std::map<Shard*, int>> users_;
};

}  // namespace carillon::websocket
