// Calls of the sidecar whose path moves from alpha to stable: private to src/dapr.
#pragma once

#include "carillon/http/client.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace carillon::dapr {

inline bool is_success(int status) { return status >= 200 && status < 300; }
/// The sidecar does not take this process for its application: a wrong DAPR_API_TOKEN, or an API that its configuration
/// does not allow. It is not the call that is wrong.
inline bool is_shut_out(int status) { return status == 401 || status == 403; }

/// Why a call failed, in full: for the log.
std::string failure_of(const Result<http::Answer>& answer);
/// In few words that anybody may read: `/readyz`.
std::string short_failure_of(const Result<http::Answer>& answer);
/// For a metric: `401`, `500`, `none` without an answer.
std::string status_of(const Result<http::Answer>& answer);

/// An API that this sidecar offers under `/v1.0-alpha1` and a later one under `/v1.0`: what is not found under one is
/// tried under the other, and the one that answered is remembered.
class MovingApi {
public:
    explicit MovingApi(std::shared_ptr<http::Client> client) : client_(std::move(client)) {}

    awaitable<Result<http::Answer>> send(http::Outgoing request, std::chrono::milliseconds limit) {
        const bool stable = stable_;
        const std::string path = request.target;
        request.target = prefix(stable) + path;
        http::Outgoing again = request;
        auto answer = co_await client_->send(std::move(request), limit);
        if (!answer || (answer->status != 404 && answer->status != 405)) co_return answer;
        again.target = prefix(!stable) + path;
        auto other = co_await client_->send(std::move(again), limit);
        if (!other || other->status == 404 || other->status == 405) co_return answer;
        stable_ = !stable;
        co_return other;
    }

private:
    static std::string prefix(bool stable) { return stable ? "/v1.0" : "/v1.0-alpha1"; }

    std::shared_ptr<http::Client> client_;
    std::atomic<bool> stable_{false};
};

}  // namespace carillon::dapr
