// A sidecar that answers as a test tells it to, for faults; what the real one does is in test/contract/dapr.
#pragma once

#include "carillon/dapr.hpp"
#include "carillon/http/server.hpp"
#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <mutex>
#include <thread>

namespace carillon::dapr::test {

using carillon::test::Backend;
using carillon::test::TestDatabase;
namespace bj = boost::json;

/// A thread for what is under test.
class Loop {
public:
    ~Loop() {
        io_.stop();
        thread_.join();
    }
    asio::any_io_executor executor() { return io_.get_executor(); }
    template <class T>
    T run(awaitable<T> work) {
        return asio::co_spawn(io_, std::move(work), asio::use_future).get();
    }

private:
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_{[this] { io_.run(); }};
};

struct Seen {
    std::string method, path, body;
};

/// Answers every request by `reply`, which runs on the server's thread, and remembers it.
class Sidecar {
public:
    using Reply = std::function<http::Response(const http::Request&)>;

    explicit Sidecar(Reply reply = [](const http::Request&) { return http::Response::no_content(); })
        : reply_(std::move(reply)), server_(threads_, routes(), {}, {}, clock_, metrics_, {}) {
        port = server_.listen("127.0.0.1:0").port();
    }
    std::vector<Seen> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }
    std::uint16_t port = 0;

private:
    std::vector<http::Route> routes() {
        auto handle = [this](http::Request& request) -> awaitable<http::Response> {
            {
                const std::lock_guard lock(mutex_);
                seen_.push_back({std::string(to_string(request.method)), request.path, request.body});
            }
            co_return reply_(request);
        };
        using http::Access;
        using http::Method;
        std::vector<http::Route> all;
        for (const auto* path : {"/v1.0-alpha1/publish/bulk/{pubsub}/{topic}", "/v1.0/publish/bulk/{pubsub}/{topic}",
                                 "/v1.0-alpha1/jobs/{name}", "/v1.0/jobs/{name}"}) {
            all.push_back({Method::post, path, Access::open, handle});
            all.push_back({Method::del, path, Access::open, handle});
        }
        for (const auto* path : {"/v1.0/state/{store}", "/v1.0/state/{store}/bulk"})
            all.push_back({Method::post, path, Access::open, handle});
        return all;
    }

    Reply reply_;
    mutable std::mutex mutex_;
    std::vector<Seen> seen_;
    SystemClock clock_;
    Metrics metrics_;
    http::IoThreads threads_{1};
    http::Server server_;
};

inline std::shared_ptr<const Event> event(const std::string& user, std::int64_t sequence,
                                          const std::string& type = "task.created") {
    Event e;
    e.id = "evt-" + user + "-" + std::to_string(sequence);
    e.type = type;
    e.topic = topic_of(type);
    e.user_id = user;
    e.task_id = sequence;
    e.sequence = sequence;
    e.time = from_micros(1'800'000'000'000'000);
    e.actor = "user";
    e.data = R"({"n": )" + std::to_string(sequence) + R"(, "text": "<é&>"})";
    return std::make_shared<const Event>(std::move(e));
}

}  // namespace carillon::dapr::test
