// One server's identity module with a database of its own, called as the dispatcher calls it.
#pragma once

#include "carillon/ids.hpp"
#include "identity/identity.hpp"
#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::identity::test {

namespace bj = boost::json;
using carillon::test::Backend;
using carillon::test::TestDatabase;
using http::Method;
using http::Response;

inline const Time start = *parse_rfc3339("2027-03-01T12:00:00Z");

/// What a call carries beside method, path and body.
struct Call {
    std::string token;
    std::string cookie;  ///< value of carillon_refresh
    std::string address = "192.0.2.1";
    std::vector<http::Header> headers;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> query;
};

/// A replica: its own Identity over a database that others may share.
class Replica {
public:
    Replica(db::Database& database, const Clock& clock, Options options)
        : identity_(make_identity(database, clock, pool_, metrics_, std::move(options))),
          routes_(identity_->routes()) {}
    ~Replica() { pool_.join(); }

    Identity& identity() { return *identity_; }
    std::string metrics() const { return metrics_.text(); }

    /// Routes and authenticates as the dispatcher does.
    Response call(Method method, const std::string& path, const std::string& body = {}, Call with = {}) {
        auto responses = call_all({{method, path, body, std::move(with)}});
        return std::move(responses.front());
    }

    struct Planned {
        Method method;
        std::string path;
        std::string body;
        Call with;
    };
    /// At the same time, on one I/O thread.
    std::vector<Response> call_all(std::vector<Planned> calls) {
        std::vector<Response> responses(calls.size());
        for (std::size_t i = 0; i < calls.size(); ++i) {
            asio::co_spawn(io_, one(std::move(calls[i]), responses[i]), [](std::exception_ptr e) {
                if (e) std::rethrow_exception(e);
            });
        }
        io_.restart();
        io_.run();
        return responses;
    }

    Result<Principal> authenticate(const std::string& token) {
        std::optional<Result<Principal>> result;
        auto task = [&]() -> awaitable<void> { result.emplace(co_await identity_->authenticate_token(token)); };
        asio::co_spawn(io_, task, [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
        io_.restart();
        io_.run();
        return std::move(*result);
    }

private:
    awaitable<void> one(Planned planned, Response& response) {
        http::Request request;
        request.method = planned.method;
        request.path = planned.path;
        request.body = std::move(planned.body);
        request.headers = std::move(planned.with.headers);
        request.query = std::move(planned.with.query);
        request.remote_address = planned.with.address;
        request.headers.push_back({"Host", "tasks.example"});
        request.headers.push_back({"User-Agent", "test"});
        if (!planned.with.content_type.empty()) request.headers.push_back({"Content-Type", planned.with.content_type});
        if (!planned.with.token.empty()) request.headers.push_back({"Authorization", "Bearer " + planned.with.token});
        if (!planned.with.cookie.empty()) {
            request.headers.push_back({"Cookie", "theme=dark; carillon_refresh=" + planned.with.cookie});
        }
        const http::Route* route = find(request);
        REQUIRE(route != nullptr);
        if (route->access == http::Access::user) {
            auto principal = co_await identity_->authenticate(request);
            if (!principal) {
                response = http::problem(principal.error());
                co_return;
            }
            request.principal = std::move(*principal);
        }
        response = co_await route->handle(request);
    }

    const http::Route* find(http::Request& request) const {
        for (const auto& route : routes_) {
            if (route.method != request.method) continue;
            const auto brace = route.pattern.find('{');
            if (brace == std::string::npos
                    ? route.pattern == request.path
                    : request.path.starts_with(route.pattern.substr(0, brace)) && request.path.size() > brace) {
                request.params.clear();
                if (brace != std::string::npos) request.params.push_back(request.path.substr(brace));
                return &route;
            }
        }
        return nullptr;
    }

    Metrics metrics_;
    asio::thread_pool pool_{2};
    boost::asio::io_context& io_ = carillon::test::lasting_io_context();
    std::unique_ptr<Identity> identity_;
    std::vector<http::Route> routes_;
};

/// The cheapest argon2id, and room for many sign-ups.
inline Options test_options() {
    Options options;
    options.public_url = "https://tasks.example";
    options.hash_passes = 1;
    options.hash_memory = 8192;
    options.sign_ups_per_address.count = 1000;
    return options;
}

struct Account {
    std::string id;
    std::string token;
    std::string cookie;
};

inline bj::object body_of(const Response& response) { return bj::parse(response.body).as_object(); }

inline std::string header_of(const Response& response, const std::string& name) {
    for (const auto& header : response.headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

inline std::string cookie_of(const Response& response) {
    const std::string header = header_of(response, "Set-Cookie");
    const std::string name = "carillon_refresh=";
    if (!header.starts_with(name)) return {};
    return header.substr(name.size(), header.find(';') - name.size());
}

inline std::string text_of(const bj::object& object, std::string_view name) {
    return std::string(object.at({name.data(), name.size()}).as_string());
}

/// The names of the fields a problem complains of, in order.
inline std::vector<std::string> wrong_fields(const Response& response) {
    std::vector<std::string> names;
    const auto problem = body_of(response);
    if (const auto* errors = problem.if_contains("errors")) {
        for (const auto& error : errors->as_array()) names.push_back(text_of(error.as_object(), "field"));
    }
    return names;
}

class World {
public:
    explicit World(Backend backend, Options options = test_options())
        : database(backend), options_(std::move(options)), server(*database, clock, options_) {}

    Response sign_up(const std::string& email, Call with = {}) {
        return server.call(
            Method::post, "/api/auth/sign-up",
            R"({"name":"Ada","email":")" + email + R"(","password":"correct horse","timezone":"Europe/Berlin"})", with);
    }
    Account account(const std::string& email = "ada@example.org", Call with = {}) {
        return account_of(sign_up(email, with));
    }
    Response sign_in(const std::string& email, const std::string& password = "correct horse", Call with = {}) {
        return server.call(Method::post, "/api/auth/sign-in",
                           R"({"email":")" + email + R"(","password":")" + password + R"("})", with);
    }
    static Account account_of(const Response& response) {
        INFO(response.body);
        REQUIRE((response.status == 200 || response.status == 201));
        const auto body = body_of(response);
        return {text_of(body.at("user").as_object(), "id"), text_of(body, "token"), cookie_of(response)};
    }
    std::int64_t count(const std::string& sql) {
        auto work = [&](db::Session& session) -> Result<std::int64_t> {
            return std::get<0>(*session.query_one<std::int64_t>(sql));
        };
        return *database->read_now(work);
    }
    void exec(const std::string& sql) {
        auto work = [&](db::Transaction& tx) -> Result<bool> {
            tx.exec(sql);
            return true;
        };
        REQUIRE(database->write_now(work).has_value());
    }
    /// Everything the module stores, as text: what must not change, or must not be found.
    std::string everything() {
        auto work = [](db::Session& session) -> Result<std::string> {
            std::string all;
            const auto add = [&](std::string_view sql) {
                for (const auto& [row] : session.query<std::string>(sql)) all += row + "\n";
            };
            add("SELECT id || '|' || email || '|' || COALESCE(name, '') || '|' || timezone || '|' || preferences FROM "
                "users ORDER BY id");
            add("SELECT user_id || '|' || password_hash || '|' || COALESCE(sign_up_key, '') || '|' || "
                "COALESCE(sign_up_body, '') "
                "FROM credentials ORDER BY user_id");
            add("SELECT user_id || '|' || id || '|' || family_hash || '|' || refresh_hash || '|' || "
                "COALESCE(previous_hash, '') "
                "FROM sessions ORDER BY user_id, id");
            add("SELECT user_id || '|' || id || '|' || name || '|' || token_hash FROM api_tokens ORDER BY user_id, id");
            add("SELECT user_id || '|' || key || '|' || request_hash || '|' || headers || '|' || body FROM idempotency "
                "ORDER BY user_id, key");
            return all;
        };
        return *database->read_now(work);
    }

    TestDatabase database;
    ManualClock clock{start};

private:
    Options options_;

public:
    Replica server;
};

}  // namespace carillon::identity::test
