#include "throttle.hpp"

#include "carillon/ids.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace carillon::identity {

// Two fixed windows make a sliding one: the last window counts for the part of it that is still within reach.
awaitable<Result<Throttle::Attempt>> Throttle::take(std::string subject, Limit limit) {
    using Micros = std::chrono::microseconds;
    const Micros window = limit.window;
    const auto since_epoch = clock_.now().time_since_epoch();
    const std::int64_t index = since_epoch / window;
    const double passed = static_cast<double>((since_epoch % window).count()) / static_cast<double>(window.count());

    const std::string name = "throttle:" + sha256_hex(subject).substr(0, 32) + ":";
    Attempt attempt;
    attempt.key = name + std::to_string(index);
    attempt.ttl = 2 * limit.window;
    std::string last_key = name + std::to_string(index - 1);
    const auto before = static_cast<double>(co_await store_.get(std::move(last_key)));
    const auto current = static_cast<double>(co_await store_.add(attempt.key, 1, attempt.ttl));
    if (before * (1 - passed) + current <= limit.count) co_return attempt;

    co_await give_back(attempt);
    // The part of a window that must pass until one more fits; `before` fades over this one, `current` over the next.
    const double room = limit.count - current;
    const double next = 1 - (limit.count - 1) / std::max(1.0, current - 1);
    const double wait = room >= 0 && before > 0 ? 1 - room / before - passed : 1 - passed + next;
    Error error{Errc::throttled, "Too many attempts; try again later."};
    error.retry_after =
        std::max(1, static_cast<int>(std::ceil(wait * static_cast<double>(limit.window.count()) - 1e-6)));
    co_return error;
}

awaitable<void> Throttle::give_back(Attempt attempt) { co_await store_.add(attempt.key, -1, attempt.ttl); }

std::string network_of(const std::string& address) {
    using boost::asio::ip::address_v6;
    boost::system::error_code error;
    const auto parsed = boost::asio::ip::make_address(address, error);
    if (error || parsed.is_v4()) return address;
    auto v6 = parsed.to_v6();
    if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return address_v6(bytes).to_string() + "/64";
}

}  // namespace carillon::identity
