// Calls of the sidecar whose path moves from alpha to stable: private to src/dapr.
#pragma once

#include "carillon/http/client.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace carillon::dapr {

inline bool is_success(int status) { return status >= 200 && status < 300; }

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
