#include "hub.hpp"

#include "carillon/events/event_bus.hpp"
#include "tickets.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace carillon::websocket {

Hub::Hub(db::Database& db, identity::Identity& identity, const Clock& the_clock, Metrics& metrics, Options the_options)
    : database(db),
      clock(the_clock),
      options(std::move(the_options)),
      sockets(metrics.gauge("carillon_websocket_sockets", "Open WebSocket connections.")),
      messages(metrics.counter("carillon_websocket_messages_total", "Events sent to WebSocket clients.")),
      slow_closes(metrics.counter("carillon_websocket_slow_closes_total", "Clients closed because they did not read.")),
      resumed(metrics.counter("carillon_websocket_resumes_total",
                              "Clients that came back, by whether nothing was lost.", {{"recovered", "true"}})),
      not_resumed(metrics.counter("carillon_websocket_resumes_total",
                                  "Clients that came back, by whether nothing was lost.", {{"recovered", "false"}})),
      identity_(identity) {}

std::shared_ptr<Shard> Hub::shard_for(const asio::any_io_executor& executor) {
    const void* thread = &asio::query(executor, asio::execution::context);
    const std::lock_guard lock{mutex_};
    auto& shard = shards_[thread];
    if (!shard) shard = std::make_shared<Shard>(executor, *this);
    return shard;
}

bool Hub::enter() {
    if (draining_) return false;
    if (connections_.fetch_add(1) >= options.max_connections) {
        --connections_;
        return false;
    }
    sockets.Increment();
    return true;
}

void Hub::leave() {
    --connections_;
    sockets.Decrement();
}

bool Hub::join(const std::string& user_id, Shard& shard) {
    const std::lock_guard lock{mutex_};
    auto& places = users_[user_id];
    int open = 0;
    for (const auto& [place, count] : places) open += count;
    if (open >= options.max_connections_per_user) return false;
    ++places[&shard];
    return true;
}

void Hub::part(const std::string& user_id, Shard& shard) {
    const std::lock_guard lock{mutex_};
    const auto user = users_.find(user_id);
    if (user == users_.end()) return;
    const auto place = user->second.find(&shard);
    if (place != user->second.end() && --place->second == 0) user->second.erase(place);
    if (user->second.empty()) users_.erase(user);
}

bool Hub::has_sockets_of(std::string_view user_id) {
    const std::lock_guard lock{mutex_};
    return users_.contains(std::string(user_id));
}

void Hub::publish(const std::shared_ptr<const Event>& event) {
    std::vector<std::shared_ptr<Shard>> targets;
    {
        const std::lock_guard lock{mutex_};
        const auto user = users_.find(event->user_id);
        if (user == users_.end()) return;
        for (const auto& [shard, count] : user->second) targets.push_back(shard->shared_from_this());
    }
    const Frame frame = text_frame(to_cloudevent(*event));
    for (const auto& shard : targets) {
        asio::post(shard->executor(),
                   [shard, event, frame] { shard->deliver(event->user_id, event->sequence, frame); });
    }
}

std::vector<std::shared_ptr<Shard>> Hub::shards() {
    const std::lock_guard lock{mutex_};
    std::vector<std::shared_ptr<Shard>> all;
    for (const auto& [thread, shard] : shards_) all.push_back(shard);
    return all;
}

void Hub::revoke(const std::string& user_id, const std::string& credential_id) {
    revocations.add(user_id, credential_id, clock.now());
    const auto all = shards();
    for (const auto& shard : all) {
        asio::post(shard->executor(), [shard, user_id, credential_id] { shard->revoke(user_id, credential_id); });
    }
    if (all.empty()) return;
    // Tickets not yet redeemed, for the other replicas; this process knows from `revocations`.
    auto forget = [](db::Database& db, std::string user, std::string credential) -> awaitable<void> {
        auto work = [&user, &credential](db::Transaction& tx) -> Result<void> {
            forget_tickets_in(tx, user, credential);
            return {};
        };
        co_await db.write(std::move(work));
    };
    asio::co_spawn(all.front()->executor(), forget(database, user_id, credential_id), asio::detached);
}

awaitable<void> Hub::drain(std::chrono::milliseconds patience) {
    draining_ = true;
    const auto all = shards();
    for (const auto& shard : all) asio::post(shard->executor(), [shard] { shard->close_all(); });
    const auto until = std::chrono::steady_clock::now() + patience;
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (connections_ > 0 && std::chrono::steady_clock::now() < until) {
        timer.expires_after(std::chrono::milliseconds{10});
        co_await timer.async_wait(asio::use_awaitable);
    }
    for (const auto& shard : all) asio::post(shard->executor(), [shard] { shard->abort_all(); });
}

awaitable<Result<Hub::SignedIn>> Hub::authenticate(Credentials credentials) {
    const Time now = clock.now();
    if (!credentials.ticket.empty()) {
        auto work = [&credentials, now](db::Transaction& tx) { return redeem_ticket_in(tx, credentials.ticket, now); };
        auto redeemed = co_await database.write(std::move(work));
        if (!redeemed) co_return redeemed.error();
        co_return SignedIn{std::move(redeemed->principal), redeemed->issued_at};
    }
    auto principal = co_await identity_.authenticate_token(std::move(credentials.token));
    if (!principal) co_return principal.error();
    co_return SignedIn{std::move(*principal), now};
}

}  // namespace carillon::websocket
