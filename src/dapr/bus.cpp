#include "carillon/dapr.hpp"
#include "carillon/json.hpp"
#include "carillon/log.hpp"
#include "circuit.hpp"
#include "delivery.hpp"
#include "sidecar.hpp"

#include <boost/json/parse.hpp>

#include <set>
#include <unordered_set>

namespace carillon::dapr {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;
using Events = std::vector<std::shared_ptr<const Event>>;

constexpr std::size_t request_bytes = 2 * 1024 * 1024;  ///< the sidecar refuses more than 4 MiB
/// Behind it no request is begun: the relay's transaction, idle meanwhile, ends after ten seconds.
constexpr auto publish_at_most = 4s;
constexpr std::size_t accept_at_once = 256;  ///< events of one transaction
constexpr int deliver_at_once = 100;   ///< events of one delivery: with descriptions of 10,000 characters some 16 MB
constexpr int deliver_within_ms = 50;  ///< an incomplete delivery waits at most so long

/// Publishes in waves: each holds at most one event of a user, since a request is no transaction and its records keep
/// no order once one of them fails (docs/decisions/0025-…).
class Publisher {
public:
    Publisher(std::shared_ptr<http::Client> sidecar, Metrics& metrics, BusOptions options)
        : options_(std::move(options)),
          api_(std::move(sidecar)),
          circuit_(metrics, "pubsub", 1, 100ms, 1000ms),
          seconds_(metrics.histogram("carillon_bus_publish_seconds", "Time the sidecar took for a publish request.")),
          published_(metrics.counter("carillon_bus_published_total", "Events the bus accepted.")),
          refused_(metrics.counter("carillon_bus_refused_total", "Events the bus did not accept.")) {}

    awaitable<std::vector<bool>> publish(Events events) {
        std::vector<bool> accepted(events.size(), false);
        std::vector<std::size_t> left(events.size());
        for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
        std::unordered_set<std::string_view> stopped;
        const auto began = std::chrono::steady_clock::now();
        while (!left.empty() && std::chrono::steady_clock::now() - began < publish_at_most) {
            const auto wave = next_wave(events, left, stopped);
            if (!co_await send_wave(events, wave, accepted)) break;  // the bus is away: for the rest, too
            for (const auto i : wave) {
                if (!accepted[i]) stopped.insert(events[i]->user_id);
            }
        }
        const auto count = static_cast<double>(std::count(accepted.begin(), accepted.end(), true));
        published_.Increment(count);
        refused_.Increment(static_cast<double>(events.size()) - count);
        co_return accepted;
    }

    std::string why_away() const { return circuit_.why(); }

private:
    /// Takes the first event of each user out of `left`, and drops those of users who have stopped.
    static std::vector<std::size_t> next_wave(const Events& events, std::vector<std::size_t>& left,
                                              const std::unordered_set<std::string_view>& stopped) {
        std::vector<std::size_t> wave, rest;
        std::unordered_set<std::string_view> users;
        for (const auto i : left) {
            const std::string_view user = events[i]->user_id;
            if (stopped.contains(user)) continue;
            (users.insert(user).second ? wave : rest).push_back(i);
        }
        left = std::move(rest);
        return wave;
    }

    /// False when the bus is away.
    awaitable<bool> send_wave(const Events& events, const std::vector<std::size_t>& wave, std::vector<bool>& accepted) {
        std::set<std::string_view> topics;
        for (const auto i : wave) topics.insert(events[i]->topic);
        for (const auto topic : topics) {
            std::vector<std::size_t> some;
            std::string body = "[";
            for (const auto i : wave) {
                if (events[i]->topic != topic) continue;
                if (body.size() > request_bytes) {
                    const bool sent = co_await send(topic, std::move(body), std::move(some), accepted);
                    if (!sent) co_return false;
                    body = "[";
                    some.clear();
                }
                append(body, i, *events[i]);
                some.push_back(i);
            }
            const bool sent = co_await send(topic, std::move(body), std::move(some), accepted);
            if (!sent) co_return false;
        }
        co_return true;
    }

    /// As text of a raw payload the record holds the event's own bytes; as JSON the sidecar would write it anew.
    static void append(std::string& body, std::size_t id, const Event& event) {
        if (body.size() > 1) body += ',';
        body += R"({"entryId":")" + std::to_string(id) + R"(","contentType":"text/plain","event":)";
        json::append_string(body, to_cloudevent(event));
        body += R"(,"metadata":{"content-type":"application/cloudevents+json; charset=UTF-8","partitionKey":)";
        json::append_string(body, event.user_id);
        body += "}}";
    }

    awaitable<bool> send(std::string_view topic, std::string body, std::vector<std::size_t> sent,
                         std::vector<bool>& accepted) {
        if (!circuit_.allows()) co_return false;
        http::Outgoing request;
        request.method = http::Method::post;
        request.target = "/publish/bulk/" + options_.pubsub + '/' + options_.topic_prefix + std::string(topic) +
                         "?metadata.rawPayload=true";
        request.content_type = "application/json";
        request.body = std::move(body) + "]";
        const auto began = std::chrono::steady_clock::now();
        const auto answer = co_await api_.send(std::move(request), options_.publish_limit);
        seconds_.Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
        const bool good = answer.has_value() && is_success(answer->status);
        std::set<std::size_t> failed;
        if (answer.has_value() && !good) failed = failed_entries(answer->body);
        const bool partly = !good && !failed.empty() && failed.size() < sent.size();
        if (!good && !partly) {
            circuit_.failed(answer);
            tell(answer);
            co_return false;
        }
        circuit_.succeeded();
        told_ = false;
        for (const auto i : sent) accepted[i] = !failed.contains(i);
        co_return true;
    }

    /// `{"failedEntries":[{"entryId":"3","error":…}],…}`; empty when it says nothing of single entries.
    static std::set<std::size_t> failed_entries(const std::string& body) {
        std::set<std::size_t> failed;
        bj::error_code bad;
        const auto parsed = bj::parse(body, bad);
        const auto* object = bad ? nullptr : parsed.if_object();
        const auto* entries = object ? object->if_contains("failedEntries") : nullptr;
        if (!entries || !entries->is_array()) return failed;
        for (const auto& entry : entries->get_array()) {
            const auto* id = entry.is_object() ? entry.get_object().if_contains("entryId") : nullptr;
            if (id && id->is_string()) failed.insert(std::strtoull(id->get_string().c_str(), nullptr, 10));
        }
        return failed;
    }

    /// Once for an outage.
    void tell(const Result<http::Answer>& answer) {
        if (told_.exchange(true)) return;
        log::warn("events cannot be published; they wait in the outbox", {{"error", failure_of(answer)}});
    }

    const BusOptions options_;
    MovingApi api_;
    Circuit circuit_;
    std::atomic<bool> told_{false};
    prometheus::Histogram& seconds_;
    prometheus::Counter& published_;
    prometheus::Counter& refused_;
};

class SidecarBus final : public Bus {
public:
    SidecarBus(std::shared_ptr<http::Client> sidecar, Inbox& inbox, Metrics& metrics, BusOptions options)
        : inbox_(inbox),
          options_(std::move(options)),
          publisher_(std::move(sidecar), metrics, options_),
          delivered_(metrics.counter("carillon_bus_delivered_total", "Events the bus delivered.")),
          put_back_(metrics.counter("carillon_bus_put_back_total",
                                    "Events that were sent back to the bus while the database was away.")) {}

    void subscribe(Subscription subscription) override { inbox_.subscribe(std::move(subscription)); }
    void listen(Listener listener) override { listeners_.push_back(std::move(listener)); }
    void start() override { inbox_.start(); }
    awaitable<std::vector<bool>> publish(Events events) override {
        co_return co_await publisher_.publish(std::move(events));
    }
    awaitable<void> drain() override { co_await inbox_.drain(); }
    std::string why_away() const override { return publisher_.why_away(); }

    std::vector<http::Route> routes() override {
        using http::Access;
        using http::Method;
        auto config = [](http::Request&) -> awaitable<http::Response> { co_return http::Response::json(200, "{}"); };
        auto subscriptions = [this](http::Request&) -> awaitable<http::Response> {
            co_return http::Response::json(200, subscription_list());
        };
        auto shared = [this](http::Request& request) { return accept_all(request); };
        auto broadcast = [this](http::Request& request) { return tell_all(request); };
        return {
            {Method::get, "/dapr/config", Access::user, config},
            {Method::get, "/dapr/subscribe", Access::user, subscriptions},
            {Method::post, "/events/shared", Access::user, shared, true},
            {Method::post, "/events/broadcast", Access::user, broadcast, true},
        };
    }

private:
    /// Raw payloads, so that bytes stay as they are and a record that is no CloudEvent comes here, too, instead of
    /// being tried by the sidecar without end. No dead-letter topic: with one, whatever is sent back would go there.
    std::string subscription_list() const {
        std::string list = "[";
        const auto add = [&](const std::string& component, std::string_view topic, std::string_view route) {
            if (list.size() > 1) list += ',';
            list += R"({"pubsubname":")" + component + R"(","topic":")" + options_.topic_prefix + std::string(topic) +
                    R"(","route":")" + std::string(route) +
                    R"(","metadata":{"rawPayload":"true"},"bulkSubscribe":{"enabled":true,"maxMessagesCount":)" +
                    std::to_string(deliver_at_once) + R"(,"maxAwaitDurationMs":)" + std::to_string(deliver_within_ms) +
                    "}}";
        };
        for (const auto topic : {task_events_topic, reminder_events_topic}) {
            add(options_.pubsub, topic, "/events/shared");
            if (!listeners_.empty()) add(options_.broadcast, topic, "/events/broadcast");
        }
        return list + "]";
    }

    /// Live clients find what they missed by its sequence, so that nothing is ever sent back.
    awaitable<http::Response> tell_all(http::Request& request) {
        const auto wanted = [this](std::string_view user) {
            const auto wants = [user](const Listener& listener) { return !listener.wants || listener.wants(user); };
            return std::any_of(listeners_.begin(), listeners_.end(), wants);
        };
        const auto delivery = unpack(request, wanted);
        for (const auto& record : delivery.records) {
            if (record.bytes.empty()) continue;  // of somebody with no client here
            auto event = parse_cloudevent(record.bytes);
            if (!event) continue;
            const auto shared = std::make_shared<const Event>(std::move(*event));
            for (const auto& listener : listeners_) listener.hear(shared);
        }
        co_return answer(delivery, delivery.records.size());
    }

    awaitable<http::Response> accept_all(http::Request& request) {
        const auto delivery = unpack(request);
        const auto& records = delivery.records;
        std::size_t done = 0;
        while (done < records.size()) {
            const auto end = std::min(records.size(), done + accept_at_once);
            if (!co_await accept(records, done, end)) break;
            done = end;
        }
        delivered_.Increment(static_cast<double>(done));
        put_back_.Increment(static_cast<double>(records.size() - done));
        co_return answer(delivery, done);
    }

    /// Some records, in one transaction. False while the database is away.
    awaitable<bool> accept(const std::vector<Record>& records, std::size_t first, std::size_t last) {
        Events events;
        std::vector<Unreadable> unreadable;
        for (auto i = first; i < last; ++i) {
            auto event = parse_cloudevent(records[i].bytes);
            if (event) {
                events.push_back(std::make_shared<const Event>(std::move(*event)));
            } else {
                unreadable.push_back({records[i].place, records[i].bytes, reason(event.error())});
            }
        }
        std::string defect;
        try {
            const auto accepted = co_await inbox_.accept(std::move(events), true, std::move(unreadable));
            co_return accepted.has_value();
        } catch (const std::exception& e) {
            defect = e.what();
        }
        // A record that breaks the transaction must not block those behind it.
        if (last - first == 1) co_return co_await give_up(records[first], std::move(defect));
        for (auto i = first; i < last; ++i) {
            if (!co_await accept(records, i, i + 1)) co_return false;
        }
        co_return true;
    }

    awaitable<bool> give_up(const Record& record, std::string defect) {
        log::error("a delivered event cannot be stored", {{"place", record.place}, {"error", defect}});
        std::vector<Unreadable> unreadable;
        unreadable.push_back({record.place, record.bytes, std::move(defect)});
        Events none;
        try {
            const auto stored = co_await inbox_.accept(std::move(none), true, std::move(unreadable));
            co_return stored.has_value();
        } catch (const std::exception& e) {
            log::error("nor as a dead letter; it is dropped", {{"place", record.place}, {"error", e.what()}});
        }
        co_return true;
    }

    static std::string reason(const Error& error) {
        auto text = error.detail;
        for (const auto& field : error.fields) text += " " + field.field + " " + field.message + ".";
        return text;
    }

    /// The first `done` records are SUCCESS, the others RETRY; any other word, and a missing one, would be tried again
    /// and again.
    static http::Response answer(const Delivery& delivery, std::size_t done) {
        const auto status = [done](std::size_t i) { return i < done ? R"("SUCCESS")" : R"("RETRY")"; };
        if (!delivery.bulk) return http::Response::json(200, std::string(R"({"status":)") + status(0) + "}");
        std::string body = R"({"statuses":[)";
        for (std::size_t i = 0; i < delivery.records.size(); ++i) {
            body += i ? ",{\"entryId\":" : "{\"entryId\":";
            json::append_string(body, delivery.records[i].entry_id);
            body += std::string(R"(,"status":)") + status(i) + "}";
        }
        return http::Response::json(200, body + "]}");
    }

    Inbox& inbox_;
    const BusOptions options_;
    Publisher publisher_;
    std::vector<Listener> listeners_;
    prometheus::Counter& delivered_;
    prometheus::Counter& put_back_;
};

}  // namespace

std::unique_ptr<Bus> make_bus(std::shared_ptr<http::Client> sidecar, Inbox& inbox, Metrics& metrics,
                              BusOptions options) {
    return std::make_unique<SidecarBus>(std::move(sidecar), inbox, metrics, std::move(options));
}

}  // namespace carillon::dapr
