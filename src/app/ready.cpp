#include "app/ready.hpp"

#include "app/version.hpp"
#include "carillon/time/clock.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace carillon {

namespace {
std::string text(const boost::asio::ip::tcp::endpoint& endpoint) {
    const auto address = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                      : fmt::format("{}:{}", address, endpoint.port());
}
}  // namespace

identity::Options identity_options(const Config& config, std::shared_ptr<StateStore> shared_state) {
    identity::Options options;
    options.throttle_store = std::move(shared_state);
    options.public_url = config.public_url;
    options.allowed_origins = config.allowed_origins;
    options.access_lifetime = std::chrono::seconds(config.access_token_seconds);
    options.refresh_lifetime = std::chrono::hours(24 * config.refresh_token_days);
    options.max_hashing = config.max_hashing;
    options.wrong_passwords_per_account.count = config.sign_ins_per_account;
    options.wrong_passwords_per_address.count = config.sign_ins_per_address;
    options.sign_ups_per_address.count = config.sign_ups_per_address;
    return options;
}

audit::Options audit_options(const Config& config) {
    constexpr std::string_view sqlite = "sqlite:";
    audit::Options options;
    options.key_file = config.audit_key_file;
    options.witness_file = config.audit_witness_file;
    options.interval = std::chrono::seconds(config.audit_checkpoint_seconds);
    if (!config.database_url.starts_with(sqlite)) return options;  // replicas share one key: none makes its own
    const auto file = config.database_url.substr(sqlite.size());
    if (options.key_file.empty()) options.key_file = file + ".audit-key";
    if (options.witness_file.empty()) options.witness_file = file + ".audit-witness";
    options.make_keys = true;
    return options;
}

websocket::Options live_options(const Config& config) {
    websocket::Options options;
    options.allowed_origins = config.allowed_origins;
    options.allowed_origins.push_back(config.public_url);
    options.max_connections = static_cast<std::size_t>(config.max_connections);
    options.max_connections_per_user = config.max_sockets_per_user;
    return options;
}

http::ServerOptions server_options(const Config& config) {
    http::ServerOptions options;
    options.limits.max_connections = static_cast<std::size_t>(config.max_connections);
    options.secure = config.public_url.starts_with("https:");
    options.trusted_proxies = config.trusted_proxies;
    options.allowed_origins = config.allowed_origins;
    return options;
}

http::ServerOptions management_options() {
    http::ServerOptions options;
    options.management_only = true;
    return options;
}

http::ServerOptions sidecar_options() {
    http::ServerOptions options;
    options.limits.body = 64 * 1024 * 1024;  // a delivery holds some hundred events
    return options;
}

int io_threads(const Config& config) {
    if (config.threads > 0) return config.threads;
    return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 4);
}

void print_ready(const boost::asio::ip::tcp::endpoint& listen, const boost::asio::ip::tcp::endpoint& management,
                 const std::optional<boost::asio::ip::tcp::endpoint>& sidecar) {
    boost::json::object line{{"time", format_rfc3339(SystemClock{}.now())},
                             {"level", "info"},
                             {"message", "ready"},
                             {"listen", text(listen)},
                             {"management", text(management)},
                             {"version", version()},
                             {"pid", ::getpid()}};
    if (sidecar) line["sidecar"] = text(*sidecar);
    std::puts(boost::json::serialize(line).c_str());
    std::fflush(stdout);
}

}  // namespace carillon
