#include "shard.hpp"

#include "carillon/events/relay.hpp"
#include "hub.hpp"
#include "session.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace carillon::websocket {
namespace {

// Users take turns within a head interval, so that 10,000 of them are not one burst.
constexpr std::size_t slots = 25;

}  // namespace

Shard::Shard(asio::any_io_executor executor, Hub& hub) : executor_(std::move(executor)), hub_(hub) {}

void Shard::add(Session& session) {
    sessions_.insert(&session);
    arm();
}

void Shard::join(Session& session) {
    auto [user, added] = users_.try_emplace(session.user_id());
    if (added) user->second.slot = std::hash<std::string>{}(session.user_id()) % slots;
    user->second.sessions.push_back(&session);
}

void Shard::remove(Session& session) {
    sessions_.erase(&session);
    const auto user = users_.find(session.user_id());
    if (user == users_.end()) return;
    std::erase(user->second.sessions, &session);
    if (user->second.sessions.empty()) users_.erase(user);
}

// A session is removed only by its own coroutine's end, never while one of these walks over it.

void Shard::deliver(const std::string& user_id, std::int64_t sequence, const Frame& frame) {
    const auto user = users_.find(user_id);
    if (user == users_.end()) return;
    for (Session* session : user->second.sessions) session->deliver(sequence, frame);
}

void Shard::revoke(const std::string& user_id, const std::string& credential_id) {
    const auto user = users_.find(user_id);
    if (user == users_.end()) return;
    for (Session* session : user->second.sessions) session->revoke(credential_id);
}

void Shard::close_all() {
    for (Session* session : sessions_) session->close(CloseCode::going_away, "the server stops");
}

void Shard::abort_all() {
    for (Session* session : sessions_) session->abort();
}

/// The timer lives in its own handler, so that the shard may outlive the thread's io_context.
void Shard::arm() {
    if (armed_ || sessions_.empty()) return;
    armed_ = true;
    const auto timer = std::make_shared<asio::steady_timer>(executor_, hub_.options.head_interval / slots);
    timer->async_wait([timer, weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (!self || error) return;
        self->armed_ = false;
        self->tick();
        self->arm();
    });
}

void Shard::tick() {
    const auto now = std::chrono::steady_clock::now();
    for (Session* session : sessions_) session->check_stalled(now);
    slot_ = (slot_ + 1) % slots;
    if (asking_) return;  // the database is slow: no second query behind the first
    std::vector<std::string> users;
    for (const auto& [id, user] : users_) {
        if (user.slot == slot_) users.push_back(id);
    }
    if (users.empty()) return;
    asking_ = true;
    auto end = [self = shared_from_this()](std::exception_ptr) { self->asking_ = false; };
    asio::co_spawn(executor_, send_heads(std::move(users)), std::move(end));
}

awaitable<void> Shard::send_heads(std::vector<std::string> users) {
    auto work = [&users](db::Session& session) -> Result<std::vector<std::int64_t>> {
        std::vector<std::int64_t> heads;
        heads.reserve(users.size());
        for (const auto& user : users) heads.push_back(head_sequence(session, user));
        return heads;
    };
    const auto heads = co_await hub_.database.read(db::ReadKind::scan, std::move(work));
    if (!heads) co_return;
    for (std::size_t i = 0; i < users.size(); ++i) {
        const auto user = users_.find(users[i]);
        if (user == users_.end()) continue;
        for (Session* session : user->second.sessions) session->head((*heads)[i]);
    }
}

}  // namespace carillon::websocket
