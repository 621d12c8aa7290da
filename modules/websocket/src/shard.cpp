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

/// Tells them how far the user's events go, and closes those that signed out at another replica, of which nobody told
/// this one.
awaitable<void> Shard::send_heads(std::vector<std::string> users) {
    struct Found {
        std::int64_t head;
        std::vector<std::string> ended;  ///< sessions or tokens
    };
    std::vector<std::vector<Principal>> signed_in;
    for (const auto& user : users) {
        auto& principals = signed_in.emplace_back();
        for (const Session* session : users_[user].sessions) principals.push_back(session->who());
    }
    auto work = [this, &users, &signed_in](db::Session& session) -> Result<std::vector<Found>> {
        std::vector<Found> all;
        for (std::size_t i = 0; i < users.size(); ++i) {
            Found found{head_sequence(session, users[i]), {}};
            for (const auto& who : signed_in[i]) {
                if (!hub_.stands_in(session, who))
                    found.ended.push_back(who.token_id.empty() ? who.session_id : who.token_id);
            }
            all.push_back(std::move(found));
        }
        return all;
    };
    const auto all = co_await hub_.database.read(db::ReadKind::scan, std::move(work));
    if (!all) co_return;
    for (std::size_t i = 0; i < users.size(); ++i) {
        const auto user = users_.find(users[i]);
        if (user == users_.end()) continue;
        for (const auto& ended : (*all)[i].ended) revoke(users[i], ended);
        for (Session* session : user->second.sessions) session->head((*all)[i].head);
    }
}

}  // namespace carillon::websocket
