// One client: signs in, is brought up to date from the outbox, then gets each event of its user once and in order.
//
// The rule that keeps order: `last_` is the last sequence handed to the client, `seen_` the highest known to exist. An
// event is sent at once only when it is last_ + 1 and nothing lies between; otherwise the session is behind and reads
// the outbox, a batch at a time, each when the client has taken the one before. Nothing is held back in memory for it.
#pragma once

#include "carillon/async.hpp"
#include "carillon/events/event.hpp"
#include "carillon/http/upgrade.hpp"
#include "frame_stream.hpp"
#include "hub.hpp"

#include <boost/beast/websocket/stream.hpp>

#include <array>

namespace carillon::websocket {

/// Close codes (RFC 6455 section 7.4.1; 4000–4999 are the application's own).
enum class CloseCode : std::uint16_t {
    going_away = 1001,
    unsupported_data = 1003,
    invalid_payload = 1007,
    policy_violation = 1008,
    internal_error = 1011,
    try_again_later = 1013,
    unauthenticated = 4401,
};

/// Lives on its socket's thread, as long as its coroutine runs.
class Session final : public FrameStream::Owner, public std::enable_shared_from_this<Session> {
public:
    /// `signed_in` and `last_sequence` when the query said who it is.
    Session(std::shared_ptr<Hub> hub, std::shared_ptr<Shard> shard, asio::ip::tcp::socket socket,
            std::optional<Hub::SignedIn> signed_in, std::optional<std::int64_t> last_sequence);
    ~Session() override;

    /// Answers the upgrade and serves the client to its end. The session must be owned by a shared_ptr.
    awaitable<void> run(http::BeastRequest request);

    void deliver(std::int64_t sequence, const Frame& frame);
    /// The user's latest sequence by the database: catches up if something was lost, then tells the client.
    void head(std::int64_t sequence);
    void check_stalled(std::chrono::steady_clock::time_point now);
    void revoke(const std::string& credential_id);
    void close(CloseCode code, std::string_view reason);
    void abort();

    const std::string& user_id() const { return who_.user_id; }
    const Principal& who() const { return who_; }

    std::shared_ptr<void> keep_alive() override { return shared_from_this(); }
    void on_drained() override { pump(); }

private:
    /// What the outbox holds for a client: nothing in `events` when it cannot be brought up to date.
    struct Missed {
        std::int64_t head = 0;
        std::optional<std::vector<std::shared_ptr<const Event>>> events;
    };

    awaitable<bool> accept(http::BeastRequest request);
    awaitable<bool> sign_in();
    awaitable<bool> begin();
    awaitable<void> serve();
    awaitable<std::optional<std::string>> read_message();
    awaitable<Result<Missed>> read_missed(std::int64_t after, std::int64_t max_behind);

    void pump();
    awaitable<void> catch_up();
    void send_missed(const std::vector<std::shared_ptr<const Event>>& events);
    void start_over(std::int64_t head);
    void send_text(std::string_view message);
    void send_event(const Frame& frame);
    bool behind() const { return seen_ > last_; }
    FrameStream& stream() { return ws_.next_layer(); }

    std::shared_ptr<Hub> hub_;
    std::shared_ptr<Shard> shard_;
    boost::beast::websocket::stream<FrameStream, false> ws_;
    Principal who_;
    Time since_{};
    std::optional<std::int64_t> wanted_;  ///< last_sequence the client gave
    std::int64_t last_ = 0;
    std::int64_t seen_ = 0;
    bool signed_in_ = false;
    bool joined_ = false;
    bool open_ = false;  ///< the upgrade is answered
    bool live_ = false;  ///< ready or resumed was sent
    bool catching_up_ = false;
    bool head_due_ = false;
    bool closing_ = false;
    std::array<char, 256> inbound_;
};

}  // namespace carillon::websocket
