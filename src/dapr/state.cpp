#include "carillon/dapr.hpp"
#include "carillon/json.hpp"
#include "carillon/log.hpp"
#include "circuit.hpp"
#include "sidecar.hpp"

#include <boost/json/parse.hpp>

#include <optional>

namespace carillon::dapr {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

/// Of a call: who signs in waits for it, so a store that hangs is soon one that is away.
constexpr auto limit = 300ms;
constexpr int tries = 10;  ///< to add while others do: each round one of them succeeds

/// Counts here and in the store, and believes the higher: what was counted while the store was away is not forgotten
/// when it is back, and what it knows of other replicas counts here.
class SidecarStateStore final : public StateStore {
public:
    SidecarStateStore(std::shared_ptr<http::Client> sidecar, std::string component, const Clock& clock,
                      Metrics& metrics)
        : sidecar_(std::move(sidecar)),
          path_("/v1.0/state/" + std::move(component)),
          local_(make_local_state_store(clock)),
          circuit_(metrics, "state", 1, 500ms, 10'000ms) {}

    awaitable<std::int64_t> add(std::string key, std::int64_t delta, std::chrono::seconds ttl) override {
        const auto here = co_await local_->add(key, delta, ttl);
        if (!circuit_.allows()) co_return here;
        for (int i = 0; i < tries; ++i) {
            const auto known = co_await load(key);
            if (!known) co_return here;
            const auto value = std::max<std::int64_t>(0, known->value + delta);
            if (value == known->value) co_return std::max(here, succeeded(value));
            const auto saved = co_await save(key, value, known->etag, ttl);
            if (!saved) co_return here;
            if (*saved) co_return std::max(here, succeeded(value));
        }
        co_return std::max(here, succeeded(0));  // too many add at once; each counts for itself
    }

    awaitable<std::int64_t> get(std::string key) override {
        const auto here = co_await local_->get(key);
        if (!circuit_.allows()) co_return here;
        const auto known = co_await load(key);
        co_return known ? std::max(here, succeeded(known->value)) : here;
    }

private:
    struct Known {
        std::int64_t value = 0;
        std::string etag;  ///< empty: there is none yet
    };

    /// Nothing when the store is away. Read by the bulk call, whose answer has the ETag in its body.
    awaitable<std::optional<Known>> load(const std::string& key) {
        std::string body = R"({"keys":[)";
        json::append_string(body, key);
        http::Outgoing request{http::Method::post, path_ + "/bulk", "application/json", body + "]}"};
        const auto answer = co_await sidecar_->send(std::move(request), limit);
        if (!answer || !is_success(answer->status)) {
            failed(answer);
            co_return std::nullopt;
        }
        co_return parse(answer->body);
    }

    /// `[{"key":…,"data":3,"etag":"…"}]`; without data and ETag when there is no such key.
    static Known parse(const std::string& body) {
        Known known;
        bj::error_code bad;
        const auto parsed = bj::parse(body, bad);
        const auto* items = bad ? nullptr : parsed.if_array();
        const auto* item = items && !items->empty() ? items->front().if_object() : nullptr;
        const auto* data = item ? item->if_contains("data") : nullptr;
        const auto* etag = item ? item->if_contains("etag") : nullptr;
        if (data && data->is_int64()) known.value = std::max<std::int64_t>(0, data->get_int64());
        if (etag && etag->is_string()) known.etag = etag->get_string();
        return known;
    }

    /// True when it is saved, false when another was faster; nothing when the store is away.
    awaitable<std::optional<bool>> save(const std::string& key, std::int64_t value, const std::string& etag,
                                        std::chrono::seconds ttl) {
        std::string body = R"([{"key":)";
        json::append_string(body, key);
        body += R"(,"value":)" + std::to_string(value);
        if (!etag.empty()) {
            body += R"(,"etag":)";
            json::append_string(body, etag);
        }
        body += R"(,"options":{"concurrency":"first-write"},"metadata":{"ttlInSeconds":")" +
                std::to_string(ttl.count()) + R"("}}])";
        http::Outgoing request{http::Method::post, path_, "application/json", std::move(body)};
        const auto answer = co_await sidecar_->send(std::move(request), limit);
        if (answer.has_value() && is_success(answer->status)) co_return true;
        if (answer.has_value() && lost_a_race(*answer)) co_return false;
        failed(answer);
        co_return std::nullopt;
    }

    /// 409; of two first writes of a key, Dapr's PostgreSQL store answers one with 500 (state.postgresql v2, 1.16).
    static bool lost_a_race(const http::Answer& answer) {
        return answer.status == 409 ||
               (answer.status == 500 && answer.body.find("no item was updated") != std::string::npos);
    }

    std::int64_t succeeded(std::int64_t value) {
        circuit_.succeeded();
        told_ = false;
        return value;
    }

    /// Told once for an outage.
    void failed(const Result<http::Answer>& answer) {
        circuit_.failed(answer);
        if (told_.exchange(true)) return;
        log::warn("the shared state is away; this replica counts for itself", {{"error", failure_of(answer)}});
    }

    std::shared_ptr<http::Client> sidecar_;
    const std::string path_;
    std::unique_ptr<StateStore> local_;
    Circuit circuit_;
    std::atomic<bool> told_{false};
};

}  // namespace

std::unique_ptr<StateStore> make_state_store(std::shared_ptr<http::Client> sidecar, std::string component,
                                             const Clock& clock, Metrics& metrics) {
    return std::make_unique<SidecarStateStore>(std::move(sidecar), std::move(component), clock, metrics);
}

}  // namespace carillon::dapr
