#include "connection.hpp"

#include "carillon/log.hpp"
#include "problem.hpp"
#include "reply.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace carillon::http {
namespace {

namespace bh = boost::beast::http;
using boost::beast::error_code;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t chunk = 4096;               // of a read where nothing is known
constexpr std::size_t large_chunk = 64 * 1024;    // of a body's read
constexpr std::size_t worth_reading = 64 * 1024;  // of the body of a refused request, to keep the connection
constexpr std::size_t linger_bytes = 8 * 1024 * 1024;
constexpr std::chrono::milliseconds linger_time{2000};

std::string_view view(const boost::beast::flat_buffer& buffer) {
    return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

/// Some clients send one before a request (RFC 9112 section 2.2).
void skip_empty_lines(boost::beast::flat_buffer& buffer) {
    const auto start = view(buffer).find_first_not_of("\r\n");
    buffer.consume(std::min(start, buffer.size()));
}

bool expects_continue(const BeastRequest& head) {
    return head.version() >= 11 && boost::beast::iequals(head[bh::field::expect], "100-continue");
}

Response too_large(std::uint64_t limit) {
    return problem(Error{Errc::too_large, "The body is larger than " + std::to_string(limit) + " bytes."});
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared, std::shared_ptr<Hub> hub)
    : socket_(std::move(socket)), shared_(std::move(shared)), hub_(std::move(hub)), dispatcher_(shared_->dispatcher) {}

Connection::~Connection() {
    if (place_) hub_->remove(*place_);
    shared_->leave();
}

awaitable<void> Connection::run(std::unique_ptr<Connection> connection) {
    auto& self = *connection;
    self.place_ = self.hub_->add(self);
    error_code ec;
    self.socket_.non_blocking(true, ec);
    self.socket_.set_option(asio::ip::tcp::no_delay(true), ec);
    self.peer_ = plain(self.socket_.remote_endpoint(ec).address());
    self.address_ = self.peer_.to_string();
    try {
        while (co_await self.serve_one()) {
        }
    } catch (const std::exception& e) {
        log::error("connection failed by a defect", {{"what", e.what()}});
    }
}

void Connection::expire(Steady::time_point now) {
    if (now < deadline_) return;
    expired_ = true;
    unlimited();
    error_code ec;
    socket_.cancel(ec);  // whoever waits sees expired_
}

bool Connection::nothing_came() {
    error_code ec;
    return socket_.available(ec) == 0;
}

void Connection::close_if_idle() {
    if (idle_ && nothing_came()) close();
}

void Connection::close() {
    error_code ec;
    socket_.close(ec);
}

/// False ends the connection.
awaitable<bool> Connection::serve_one() {
    const auto head = co_await read_head();
    const auto started = Steady::now();
    unlimited();
    if (head == Got::closed) co_return false;
    if (head == Got::refused) co_return co_await refuse(std::move(*refusal_), started);

    const auto& message = parser_->get();
    const bool has_body = !parser_->is_done();
    auto call = dispatcher_.begin(message, peer_, address_, has_body);
    const bool keep_alive = message.keep_alive() && !call.misframed;
    if (has_body) {
        const auto limit = body_limit(call);
        if (parser_->content_length().value_or(0) > limit) {
            co_return co_await answer(call, too_large(limit), false, started);
        }
        parser_->body_limit(limit);
    }
    if (call.upgrade && !call.answer && hand_over(call)) co_return false;
    if (!call.answer) call.answer = co_await dispatcher_.authorize(call);
    if (has_body) {
        const bool waits = expects_continue(message) && buffer_.size() == 0;
        if (call.answer && (waits || !parser_->content_length() || *parser_->content_length() > worth_reading)) {
            co_return co_await answer(call, std::move(*call.answer), false, started);
        }
        if (waits && !co_await write("HTTP/1.1 100 Continue\r\n\r\n", {})) co_return false;
        const auto body = co_await read_body(body_limit(call));
        if (body == Got::closed) co_return false;
        if (body == Got::refused) co_return co_await answer(call, std::move(*refusal_), false, started);
        call.request.body = std::move(parser_->get().body());
    }
    unlimited();
    if (!call.answer) call.answer = co_await dispatcher_.handle(call);
    co_return co_await answer(call, std::move(*call.answer), keep_alive, started);
}

std::uint64_t Connection::body_limit(const Call& call) const {
    const auto own = call.endpoint->route().body_limit;
    return own ? own : dispatcher_.limits().body;
}

awaitable<Connection::Got> Connection::read_head() {
    const auto& limits = dispatcher_.limits();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits.header));
    parser_->body_limit(boost::none);  // the route decides, once it is known
    if (buffer_.size() == 0) {
        if (shared_->draining && nothing_came()) co_return Got::closed;
        if (buffer_.capacity() > large_chunk) buffer_.shrink_to_fit();
        allow(limits.idle_timeout);
        idle_ = true;
        const bool more = co_await read_more(chunk);
        idle_ = false;
        if (!more) co_return Got::closed;
    }
    allow(limits.header_timeout);
    for (;;) {
        if (!parser_->got_some()) skip_empty_lines(buffer_);
        if (buffer_.size() > 0) {
            error_code ec;
            buffer_.consume(parser_->put(buffer_.data(), ec));
            if (ec && ec != bh::error::need_more) co_return refused(ec);
            if (parser_->is_header_done()) break;
        }
        if (!co_await read_more(chunk)) {
            if (!expired_) co_return Got::closed;
            refusal_ = problem(problems::request_timeout, "The headers of the request did not arrive in time.");
            co_return Got::refused;
        }
    }
    co_return Got::all;
}

awaitable<Connection::Got> Connection::read_body(std::uint64_t limit) {
    allow(dispatcher_.limits().body_timeout);
    parser_->eager(true);
    while (!parser_->is_done()) {
        if (buffer_.size() > 0) {
            error_code ec;
            buffer_.consume(parser_->put(buffer_.data(), ec));
            if (ec == bh::error::body_limit) {
                refusal_ = too_large(limit);
                co_return Got::refused;
            }
            if (ec && ec != bh::error::need_more) co_return refused(ec);
            if (parser_->is_done()) break;
        }
        if (!co_await read_more(large_chunk)) {
            if (!expired_) co_return Got::closed;
            refusal_ = problem(problems::request_timeout, "The body of the request did not arrive in time.");
            co_return Got::refused;
        }
    }
    co_return Got::all;
}

Connection::Got Connection::refused(error_code ec) {
    const auto& limits = dispatcher_.limits();
    if (ec == bh::error::header_limit) {
        const auto line = std::min(view(buffer_).find('\n'), buffer_.size());
        const bool in_first_line = parser_->get().target().empty();
        refusal_ = in_first_line && line > limits.target
                       ? problem(problems::target_too_long,
                                 "The address is longer than " + std::to_string(limits.target) + " bytes.")
                       : problem(problems::headers_too_large,
                                 "The headers are larger than " + std::to_string(limits.header) + " bytes.");
    } else {
        refusal_ = problem(Error{Errc::bad_request, "This is not a valid HTTP/1.1 request: " + ec.message() + "."});
    }
    return Got::refused;
}

/// False: closed by the client, cut off by us, or out of time.
awaitable<bool> Connection::read_more(std::size_t size) {
    const auto [ec, received] = co_await socket_.async_read_some(buffer_.prepare(size), awaiting);
    buffer_.commit(received);
    shared_->received.Increment(static_cast<double>(received));
    co_return !ec && !expired_;
}

/// Answers and says whether the connection goes on.
awaitable<bool> Connection::answer(Call& call, Response response, bool keep_alive, Steady::time_point started) {
    const bool framed = parser_->is_done();
    keep_alive = keep_alive && framed && !shared_->draining;
    dispatcher_.finish(call, response);
    const bool http_1_0 = parser_->get().version() < 11;
    const ReplyOptions options{http_1_0, keep_alive, call.request.path.starts_with("/api")};
    try {
        write_head(head_, response, options);
    } catch (const std::logic_error& e) {
        log::error("answer withheld by a defect", {{"what", e.what()}, {"route", call.endpoint->route().pattern}});
        response = problem(Error{Errc::internal, "The request could not be answered; the operator can find out why."});
        write_head(head_, response, options);
    }
    const bool bare = call.head_only || response.status == 204 || response.status == 304;
    const auto took = Steady::now() - started;
    call.endpoint->count(response.status, std::chrono::duration<double>(took).count());
    if (log::enabled(log::Level::debug)) {
        log::debug("request", {{"method", boost::json::string_view(to_string(call.request.method))},
                               {"path", call.request.path},
                               {"status", response.status},
                               {"micros", std::chrono::duration_cast<std::chrono::microseconds>(took).count()},
                               {"client", call.request.remote_address}});
    }
    const bool written = co_await write(head_, bare ? std::string_view{} : response.body);
    const bool more_to_come = !framed || buffer_.size() > 0 || !nothing_came();
    if (written && !keep_alive && more_to_come) co_await linger();
    co_return written&& keep_alive;
}

/// Answers what could not even be read, and ends the connection.
awaitable<bool> Connection::refuse(Response response, Steady::time_point started) {
    Call call;
    call.endpoint = &dispatcher_.nowhere();
    co_return co_await answer(call, std::move(response), false, started);
}

awaitable<bool> Connection::write(std::string_view head, std::string_view body) {
    std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
    const auto total = head.size() + body.size();
    shared_->sent.Increment(static_cast<double>(total));
    // Nearly always the socket takes all of it at once, and the coroutine need not be suspended.
    error_code ec;
    const auto sent = socket_.write_some(buffers, ec);
    if (sent == total) co_return true;
    if (ec && ec != asio::error::would_block) co_return false;
    allow(dispatcher_.limits().write_timeout);
    buffers[0] += sent;
    buffers[1] += sent > head.size() ? sent - head.size() : 0;
    const auto [failed, rest] = co_await asio::async_write(socket_, buffers, awaiting);
    co_return !failed;
}

/// Lets the client read the answer: closing while its bytes are still coming in would reset the connection under it.
awaitable<void> Connection::linger() {
    error_code ec;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    allow(std::min(linger_time, dispatcher_.limits().write_timeout));
    std::size_t total = 0;
    buffer_.clear();
    while (total < linger_bytes && co_await read_more(large_chunk)) {
        total += buffer_.size();
        buffer_.clear();
    }
}

/// False (with an answer in `call`) where the client has sent on before it was told that it may.
bool Connection::hand_over(Call& call) {
    if (buffer_.size() > 0 || !parser_->is_done()) {
        call.answer = problem(Error{Errc::bad_request, "The WebSocket handshake must end before frames are sent."});
        return false;
    }
    // The handler lives in what is shared, so that has to last as long.
    const auto failed = [keep = shared_](std::exception_ptr error) {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const std::exception& e) {
            log::error("WebSocket connection failed by a defect", {{"what", e.what()}});
        }
    };
    asio::co_spawn(hub_->executor(),
                   call.upgrade->handle(std::move(call.request), parser_->release(), std::move(socket_)), failed);
    return true;
}

}  // namespace carillon::http
