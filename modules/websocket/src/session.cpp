#include "session.hpp"

#include "carillon/events/relay.hpp"
#include "carillon/log.hpp"
#include "messages.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

namespace carillon::websocket {
namespace {

namespace ws = boost::beast::websocket;
using namespace std::chrono_literals;

constexpr auto token = asio::as_tuple(asio::use_awaitable);

constexpr std::size_t max_message = 4096;     // bytes a client may send at once
constexpr std::int64_t max_replay = 1000;     // events a client may have missed and still resume
constexpr int batch = 128;                    // events read from the outbox at once
constexpr std::size_t batch_bytes = 1 << 20;  // and queued at once
constexpr std::size_t max_queued_bytes = 8 << 20;
constexpr auto sign_in_time = 10s;
constexpr auto closing_time = 5s;  // for the closing handshake, then the socket is closed
constexpr auto idle_time = 60s;    // without a sign of life; a ping goes out half-way

ws::stream_base::timeout timeouts() { return {closing_time, idle_time, true}; }

}  // namespace

Session::Session(std::shared_ptr<Hub> hub, std::shared_ptr<Shard> shard, asio::ip::tcp::socket socket,
                 std::optional<Hub::SignedIn> signed_in, std::optional<std::int64_t> last_sequence)
    : hub_(std::move(hub)), shard_(std::move(shard)), ws_(std::move(socket), *this), wanted_(last_sequence) {
    if (signed_in) {
        who_ = std::move(signed_in->principal);
        since_ = signed_in->since;
        signed_in_ = true;
    }
    shard_->add(*this);
}

Session::~Session() {
    shard_->remove(*this);
    if (joined_) hub_->part(who_.user_id, *shard_);
    hub_->leave();
}

awaitable<void> Session::run(http::BeastRequest request) {
    const auto self = shared_from_this();
    try {
        const bool ready =
            co_await accept(std::move(request)) && (signed_in_ || co_await sign_in()) && co_await begin();
        if (ready) co_await serve();
    } catch (const std::exception& e) {
        log::error("A WebSocket session failed", {{"error", e.what()}, {"user", who_.user_id}});
        close(CloseCode::internal_error, "internal error");
    }
    // A closing handshake that is under way owns the end; reading on lets it finish.
    if (open_) {
        while (co_await read_message()) {
        }
    }
    abort();
}

awaitable<bool> Session::accept(http::BeastRequest request) {
    error_code ignored;
    stream().next_layer().set_option(asio::ip::tcp::no_delay{true}, ignored);
    ws_.set_option(timeouts());
    ws_.read_message_max(max_message);
    ws_.auto_fragment(false);
    const auto [error] = co_await ws_.async_accept(request, token);
    open_ = !error;
    co_return open_;
}

awaitable<bool> Session::sign_in() {
    asio::steady_timer deadline{ws_.get_executor(), sign_in_time};
    deadline.async_wait([weak = weak_from_this()](error_code error) {
        if (const auto self = weak.lock(); self && !error) self->close(CloseCode::unauthenticated, "sign in first");
    });
    const auto text = co_await read_message();
    if (!text) co_return false;
    auto message = parse_message(*text);
    if (!message) {
        close(message.error().close, message.error().reason);
        co_return false;
    }
    auto* credentials = std::get_if<Credentials>(&*message);
    if (!credentials) {
        close(CloseCode::unauthenticated, "sign in first");
        co_return false;
    }
    wanted_ = credentials->last_sequence;
    auto signed_in = co_await hub_->authenticate(std::move(*credentials));
    if (!signed_in) {
        const bool away = signed_in.error().code == Errc::unavailable;
        close(away ? CloseCode::try_again_later : CloseCode::unauthenticated,
              away ? "try again later" : "not signed in");
        co_return false;
    }
    who_ = std::move(signed_in->principal);
    since_ = signed_in->since;
    co_return !closing_;
}

// Registers first and reads the outbox second: what is committed in between is seen twice rather than never.
awaitable<bool> Session::begin() {
    if (!hub_->join(who_.user_id, *shard_)) {
        close(CloseCode::try_again_later, "too many connections of one user");
        co_return false;
    }
    joined_ = true;
    shard_->join(*this);
    if (hub_->revocations.ended_since(who_, since_)) {
        close(CloseCode::unauthenticated, "signed out");
        co_return false;
    }
    auto missed = co_await read_missed(wanted_.value_or(-1), max_replay);
    if (!missed) {
        close(CloseCode::try_again_later, "try again later");
        co_return false;
    }
    live_ = true;
    if (!wanted_) {
        last_ = missed->head;
        send_text(ready_message(last_));
    } else if (missed->events) {
        last_ = *wanted_;
        hub_->resumed.Increment();
        send_text(resumed_message(true, missed->head));
        send_missed(*missed->events);
    } else {
        start_over(missed->head);
    }
    seen_ = std::max(seen_, missed->head);
    pump();
    co_return true;
}

awaitable<Result<Session::Missed>> Session::read_missed(std::int64_t after, std::int64_t max_behind) {
    auto work = [this, after, max_behind](db::Session& session) -> Result<Missed> {
        Missed missed{head_sequence(session, who_.user_id), std::nullopt};
        if (after >= 0 && after <= missed.head && missed.head - after <= max_behind) {
            missed.events = after == missed.head ? std::vector<std::shared_ptr<const Event>>{}
                                                 : events_after(session, who_.user_id, after, missed.head, batch);
        }
        return missed;
    };
    co_return co_await hub_->database.read(std::move(work));
}

awaitable<void> Session::serve() {
    while (const auto text = co_await read_message()) {
        if (closing_) co_return;
        const auto message = parse_message(*text);
        if (!message) {
            close(message.error().close, message.error().reason);
        } else if (std::holds_alternative<Ping>(*message)) {
            send_text(pong_message());
        } else {
            close(CloseCode::policy_violation, "already signed in");
        }
        if (stream().queued_frames() > hub_->options.max_queue) close(CloseCode::try_again_later, "not reading");
    }
}

/// The next whole text message; nothing when the connection is over.
awaitable<std::optional<std::string>> Session::read_message() {
    std::string text;
    do {
        const auto [error, size] = co_await ws_.async_read_some(asio::buffer(inbound_), token);
        if (error) co_return std::nullopt;
        if (ws_.got_binary()) close(CloseCode::unsupported_data, "text messages only");
        if (!closing_) text.append(inbound_.data(), size);
    } while (!ws_.is_message_done());
    co_return text;
}

void Session::deliver(std::int64_t sequence, const Frame& frame) {
    if (closing_) return;
    const bool next = live_ && !catching_up_ && !behind() && sequence == last_ + 1;
    seen_ = std::max(seen_, sequence);
    if (!next) return pump();
    last_ = sequence;
    send_event(frame);
}

void Session::head(std::int64_t sequence) {
    if (closing_) return;
    seen_ = std::max(seen_, sequence);
    head_due_ = true;
    pump();
}

/// Goes on with whatever is due: the next batch from the outbox, or the head.
void Session::pump() {
    if (!live_ || catching_up_ || closing_) return;
    if (!behind()) {
        if (!head_due_) return;
        head_due_ = false;
        send_text(head_message(last_));
    } else if (stream().queued_frames() == 0) {
        catching_up_ = true;
        auto end = [self = shared_from_this()](std::exception_ptr defect) {
            if (defect) self->close(CloseCode::internal_error, "internal error");
        };
        asio::co_spawn(ws_.get_executor(), catch_up(), std::move(end));
    }
}

awaitable<void> Session::catch_up() {
    auto missed = co_await read_missed(last_, std::numeric_limits<std::int64_t>::max());
    catching_up_ = false;
    if (closing_ || !missed) co_return;  // the database is away: the next head tries again
    if (missed->events) {
        seen_ = std::max(seen_, missed->head);
        if (missed->events->empty()) seen_ = last_;
        send_missed(*missed->events);
    } else {
        start_over(missed->head);
    }
    pump();
}

void Session::send_missed(const std::vector<std::shared_ptr<const Event>>& events) {
    for (const auto& event : events) {
        if (stream().queued_bytes() > batch_bytes) return;
        last_ = event->sequence;
        stream().push(text_frame(to_cloudevent(*event)));
        hub_->messages.Increment();
    }
}

/// What was missed is gone: the client must reload, and gets what follows `head`.
void Session::start_over(std::int64_t head) {
    hub_->not_resumed.Increment();
    last_ = head;
    seen_ = std::max(seen_, head);
    send_text(resumed_message(false, head));
}

void Session::send_text(std::string_view message) {
    if (!closing_) stream().push(text_frame(message));
}

void Session::send_event(const Frame& frame) {
    if (stream().queued_frames() >= hub_->options.max_queue || stream().queued_bytes() > max_queued_bytes) {
        hub_->slow_closes.Increment();
        return close(CloseCode::try_again_later, "not reading");
    }
    stream().push(frame);
    hub_->messages.Increment();
}

void Session::check_stalled(std::chrono::steady_clock::time_point now) {
    if (closing_ || stream().stalled_for(now) < hub_->options.write_timeout) return;
    hub_->slow_closes.Increment();
    close(CloseCode::try_again_later, "not reading");
}

void Session::revoke(const std::string& credential_id) {
    if (concerns(who_, credential_id)) close(CloseCode::unauthenticated, "signed out");
}

void Session::close(CloseCode code, std::string_view reason) {
    if (closing_) return;
    closing_ = true;
    stream().discard();
    if (!open_) return abort();
    const ws::close_reason why{static_cast<ws::close_code>(code),
                               boost::beast::string_view{reason.data(), reason.size()}};
    ws_.async_close(why, [self = shared_from_this()](error_code) {});
}

void Session::abort() {
    closing_ = true;
    error_code ignored;
    stream().next_layer().close(ignored);
}

}  // namespace carillon::websocket
