#include "carillon/http/transact.hpp"

#include "carillon/ids.hpp"
#include "carillon/time/clock.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

namespace carillon::http {
namespace {

constexpr std::chrono::hours kept{24 * 30};
constexpr std::uint64_t clean_every = 64;  // stored answers
constexpr int clean_at_most = 256;         // rows

Error in_flight() {
    Error error{Errc::conflict, "The first request with this Idempotency-Key is still running."};
    error.retry_after = 1;
    return error;
}
Error other_request() {
    return invalid({{"Idempotency-Key", "was used for another request"}}, "The header Idempotency-Key is not valid.");
}

/// The key, nothing where there is none. Fails with: invalid.
Result<std::optional<std::string>> read_key(const Request& request) {
    std::optional<std::string> key;
    for (const auto& header : request.headers) {
        if (!boost::beast::iequals(header.name, "Idempotency-Key")) continue;
        const bool visible =
            std::all_of(header.value.begin(), header.value.end(), [](char c) { return c > ' ' && c < 0x7F; });
        if (key || header.value.empty() || header.value.size() > 255 || !visible) {
            return invalid({{"Idempotency-Key", "must be given once, 1 to 255 visible ASCII characters"}},
                           "The header Idempotency-Key is not valid.");
        }
        key = header.value;
    }
    return key;
}

/// Same request, same hash; each part with its length, so that none runs into the next.
std::string hash_of(const Request& request) {
    std::string all;
    const auto add = [&all](std::string_view part) {
        all.append(std::to_string(part.size())).append(":").append(part);
    };
    add(to_string(request.method));
    add(request.path);
    for (const auto& [name, value] : request.query) {
        add(name);
        add(value);
    }
    add("");
    add(request.body);
    return sha256_hex(all);
}

/// Keys whose first request runs in this process. On PostgreSQL an advisory lock says the same across replicas.
class Claims {
public:
    /// Nothing, or why the key cannot be claimed.
    std::optional<Error> claim(const std::string& key, const std::string& hash) {
        const std::lock_guard lock(mutex_);
        const auto [place, fresh] = running_.try_emplace(key, hash);
        if (fresh) return std::nullopt;
        return place->second == hash ? in_flight() : other_request();
    }
    void release(const std::string& key) {
        const std::lock_guard lock(mutex_);
        running_.erase(key);
    }
    static Claims& instance() {
        static Claims claims;
        return claims;
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::string> running_;
};

class Claim {
public:
    explicit Claim(std::string key) : key_(std::move(key)) {}
    ~Claim() { Claims::instance().release(key_); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

private:
    std::string key_;
};

/// The record of one key of one user.
class Record {
public:
    Record(std::string user, std::string key, std::string hash)
        : user_(std::move(user)), key_(std::move(key)), hash_(std::move(hash)) {}

    std::string scope() const { return user_ + "/" + key_; }

    /// False: another replica runs the first request with this key.
    bool lock(db::Transaction& tx) const {
        if (tx.backend() != db::Backend::postgresql) return true;
        const auto row = tx.query_one<std::int64_t>(
            "SELECT CAST(CASE WHEN pg_try_advisory_xact_lock(hashtextextended(CAST(:scope AS TEXT), 0)) THEN 1 ELSE 0 "
            "END AS BIGINT)",
            scope());
        return std::get<0>(*row) == 1;
    }

    /// The stored answer, nothing where there is none. Fails with: invalid (it was another request).
    Result<std::optional<Response>> find(db::Transaction& tx, Time now) const {
        auto row = tx.query_one<std::string, int, std::string, std::string, std::string>(
            "SELECT request_hash, status, content_type, headers, body FROM idempotency "
            "WHERE user_id = :user AND key = :key AND created_at >= :oldest",
            user_, key_, to_micros(now - kept));
        if (!row) return std::optional<Response>{};
        auto& [hash, status, content_type, headers, body] = *row;
        if (hash != hash_) return other_request();
        Response response{status, std::move(content_type), std::move(body), {}};
        const auto stored = boost::json::parse(headers);
        for (const auto& [name, value] : stored.as_object())
            response.with(std::string(name), std::string(value.as_string()));
        response.with("Idempotency-Replayed", "true");
        return std::optional<Response>{std::move(response)};
    }

    void store(db::Transaction& tx, const Response& response, Time now) const {
        boost::json::object headers;
        for (const auto& header : response.headers) {
            if (!boost::beast::iequals(header.name, "Set-Cookie")) headers[header.name] = header.value;
        }
        tx.exec("DELETE FROM idempotency WHERE user_id = :user AND key = :key", user_,
                key_);  // one that is over 30 days old
        tx.exec(
            "INSERT INTO idempotency (user_id, key, request_hash, status, content_type, headers, body, created_at) "
            "VALUES (:user, :key, :hash, :status, :type, :headers, :body, :now)",
            user_, key_, hash_, response.status, response.content_type, boost::json::serialize(headers),
            without_secrets(response), to_micros(now));
        clean_now_and_then(tx, now);
    }

private:
    static std::string without_secrets(const Response& response) {
        if (response.secrets.empty()) return response.body;
        auto body = boost::json::parse(response.body)
                        .as_object();  // throws where secrets are no members of an object: a defect
        for (const auto& secret : response.secrets) body.at(secret) = nullptr;
        return boost::json::serialize(body);
    }

    static void clean_now_and_then(db::Transaction& tx, Time now) {
        static std::atomic<std::uint64_t> stored{0};
        if (++stored % clean_every != 0) return;
        tx.exec(
            "DELETE FROM idempotency WHERE (user_id, key) IN "
            "(SELECT user_id, key FROM idempotency WHERE created_at < :oldest ORDER BY created_at LIMIT :most)",
            to_micros(now - kept), clean_at_most);
    }

    std::string user_;
    std::string key_;
    std::string hash_;
};

Response answer(Result<Response> result) {
    if (!result) return problem(result.error());
    return std::move(*result);
}

}  // namespace

awaitable<Response> transact(db::Database& database, const Request& request,
                             std::function<Result<Response>(db::Transaction&)> work) {
    auto key = read_key(request);
    if (!key) co_return problem(key.error());
    if (!*key) {
        auto result = co_await database.write(std::move(work));
        co_return answer(std::move(result));
    }
    const auto hash = hash_of(request);
    const Record record(request.principal.user_id, **key, hash);
    if (const auto taken = Claims::instance().claim(record.scope(), hash)) co_return problem(*taken);
    const Claim claim(record.scope());
    auto once = [&record, &work](db::Transaction& tx) -> Result<Response> {
        const auto now = SystemClock{}.now();
        if (!record.lock(tx)) return in_flight();
        auto stored = record.find(tx, now);
        if (!stored) return stored.error();
        if (*stored) return std::move(**stored);
        auto fresh = work(tx);
        if (fresh && fresh->status >= 200 && fresh->status < 300) record.store(tx, *fresh, now);
        return fresh;
    };
    auto result = co_await database.write(std::move(once));
    co_return answer(std::move(result));
}

void erase_idempotency_in(db::Transaction& tx, std::string_view user_id) {
    tx.exec("DELETE FROM idempotency WHERE user_id = :user", user_id);
}

}  // namespace carillon::http
