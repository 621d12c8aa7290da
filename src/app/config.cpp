#include "app/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

extern char** environ;

namespace carillon {

namespace {

Setting text(std::string name, std::string Config::*member, bool secret = false,
             std::vector<std::string> allowed = {}) {
    return {name, secret, [member](const Config& c) { return c.*member; },
            [name, member, allowed](Config& c, std::string_view value) {
                if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
                    throw ConfigError(fmt::format("{} must be one of {}", name, fmt::join(allowed, ", ")));
                c.*member = value;
            }};
}

Setting number(std::string name, int Config::*member, int min, int max) {
    return {name, false, [member](const Config& c) { return std::to_string(c.*member); },
            [name, member, min, max](Config& c, std::string_view value) {
                int n = 0;
                const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), n);
                if (failed != std::errc{} || end != value.data() + value.size() || n < min || n > max)
                    throw ConfigError(fmt::format("{} must be a whole number from {} to {}", name, min, max));
                c.*member = n;
            }};
}

// A list is written with commas in a variable.
Setting list(std::string name, std::vector<std::string> Config::*member) {
    return {name, false, [member](const Config& c) { return fmt::format("{}", fmt::join(c.*member, ",")); },
            [member](Config& c, std::string_view value) {
                (c.*member).clear();
                std::istringstream in{std::string(value)};
                for (std::string part; std::getline(in, part, ',');) {
                    const auto from = part.find_first_not_of(" \t");
                    if (from == std::string::npos) continue;
                    (c.*member).push_back(part.substr(from, part.find_last_not_of(" \t") - from + 1));
                }
            }};
}

Setting address(std::string name, std::string Config::*member) {
    return {name, false, [member](const Config& c) { return c.*member; },
            [name, member](Config& c, std::string_view value) {
                const auto colon = value.rfind(':');
                unsigned port = 0;
                const auto* end = value.data() + value.size();
                const bool good = colon != std::string_view::npos && colon > 0 && colon + 1 < value.size() &&
                                  std::from_chars(value.data() + colon + 1, end, port).ptr == end && port <= 65535;
                if (!good)
                    throw ConfigError(fmt::format("{} must be an address and a port, such as 127.0.0.1:8080", name));
                c.*member = value;
            }};
}

/// Shown as *** when set.
Setting token(std::string name, std::string Config::*member) {
    auto setting = text(std::move(name), member, true);
    setting.get = [member](const Config& c) { return (c.*member).empty() ? "" : "***"; };
    return setting;
}

/// As Dapr and its injector call it.
Setting also(std::string alias, Setting setting) {
    setting.alias = std::move(alias);
    return setting;
}

std::string variable(const Setting& setting) {
    std::string out = "CARILLON_";
    for (const char c : setting.name) out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

std::string toml_text(const std::string& key, const toml::node& node) {
    if (const auto* s = node.as_string()) return s->get();
    if (const auto* i = node.as_integer()) return std::to_string(i->get());
    if (const auto* b = node.as_boolean()) return b->get() ? "true" : "false";
    if (const auto* a = node.as_array()) {
        std::vector<std::string> parts;
        for (const auto& element : *a) parts.push_back(toml_text(key, element));
        return fmt::format("{}", fmt::join(parts, ","));
    }
    throw ConfigError(fmt::format("{} must be text, a number, true or false, or a list of text", key));
}

void apply_file(Config& config, const std::string& file) {
    toml::table table;
    try {
        table = toml::parse_file(file);
    } catch (const toml::parse_error& e) {
        throw ConfigError(fmt::format("{}:{}: {}", file, e.source().begin.line, e.description()));
    }
    for (const auto& [key, node] : table) {
        const auto name = std::string(key.str());
        const auto found =
            std::find_if(settings().begin(), settings().end(), [&](const Setting& s) { return s.name == name; });
        if (found == settings().end()) throw ConfigError(fmt::format("{}: there is no setting named {}", file, name));
        found->set(config, toml_text(name, node));
    }
}

std::string read_secret(const std::string& name, const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw ConfigError(fmt::format("{}: cannot read {}", name, path));
    std::string value{std::istreambuf_iterator<char>(in), {}};
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.pop_back();
    return value;
}

/// The name that a variable has in plain, if it is this setting's: its own or Dapr's, with or without `_FILE`.
std::string plain_name(const Setting& setting, const std::string& name) {
    for (const auto& plain : {variable(setting), setting.alias})
        if (!plain.empty() && (name == plain || name == plain + "_FILE")) return plain;
    return {};
}

void apply_environment(Config& config, const Environment& environment) {
    for (const auto& [name, value] : environment) {
        // Those of the test suites are not the server's.
        if (name.starts_with("CARILLON_TEST_") || name == "CARILLON_CONFIG") continue;
        const auto found = std::find_if(settings().begin(), settings().end(),
                                        [&name = name](const Setting& s) { return !plain_name(s, name).empty(); });
        if (found == settings().end()) {
            if (!name.starts_with("CARILLON_")) continue;
            throw ConfigError(fmt::format("{}: there is no such setting", name));
        }
        const auto plain = plain_name(*found, name);
        const auto ours = variable(*found);
        if (name != plain && environment.contains(plain))
            throw ConfigError(fmt::format("{} and {} are both set", plain, name));
        if (plain != ours && (environment.contains(ours) || environment.contains(ours + "_FILE"))) continue;
        found->set(config, name != plain ? read_secret(name, value) : value);
    }
}

// A password in a URL or a connection string never reaches a screen or a log.
std::string hide_password(const std::string& url) {
    static const std::regex user_and_password("(://[^:/@]*:).*@"), parameter("(password=)('[^']*'|[^&\\s]*)");
    return std::regex_replace(std::regex_replace(url, user_and_password, "$1***@"), parameter, "$1***");
}

}  // namespace

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all{
        address("listen", &Config::listen),
        address("management_listen", &Config::management_listen),
        text("database_url", &Config::database_url, true),
        number("database_readers", &Config::database_readers, 1, 256),
        text("event_bus", &Config::event_bus, false, {"memory", "dapr", "kafka"}),
        text("scheduler", &Config::scheduler, false, {"local", "dapr"}),
        address("sidecar_listen", &Config::sidecar_listen),
        also("DAPR_HTTP_PORT", number("dapr_http_port", &Config::dapr_http_port, 1, 65'535)),
        also("APP_API_TOKEN", token("app_api_token", &Config::app_api_token)),
        also("DAPR_API_TOKEN", token("dapr_api_token", &Config::dapr_api_token)),
        text("pubsub_component", &Config::pubsub_component),
        text("broadcast_component", &Config::broadcast_component),
        text("state_component", &Config::state_component),
        text("kafka_brokers", &Config::kafka_brokers),
        text("kafka_security_protocol", &Config::kafka_security_protocol, false,
             {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}),
        text("kafka_sasl_mechanism", &Config::kafka_sasl_mechanism, false, {"SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"}),
        text("kafka_username", &Config::kafka_username),
        token("kafka_password", &Config::kafka_password),
        text("kafka_ca_file", &Config::kafka_ca_file),
        number("kafka_partitions", &Config::kafka_partitions, 1, 10'000),
        text("public_url", &Config::public_url),
        list("allowed_origins", &Config::allowed_origins),
        list("trusted_proxies", &Config::trusted_proxies),
        number("threads", &Config::threads, 0, 256),
        number("max_connections", &Config::max_connections, 1, 1'000'000),
        number("max_sockets_per_user", &Config::max_sockets_per_user, 1, 100'000),
        number("shutdown_seconds", &Config::shutdown_seconds, 0, 600),
        text("log_level", &Config::log_level, false, {"debug", "info", "warn", "error"}),
        number("access_token_seconds", &Config::access_token_seconds, 10, 86'400),
        number("refresh_token_days", &Config::refresh_token_days, 1, 3650),
        number("sign_ins_per_account", &Config::sign_ins_per_account, 1, 1'000'000'000),
        number("sign_ins_per_address", &Config::sign_ins_per_address, 1, 1'000'000'000),
        number("sign_ups_per_address", &Config::sign_ups_per_address, 1, 1'000'000'000),
        number("max_hashing", &Config::max_hashing, 1, 64),
        number("subscriber_attempts", &Config::subscriber_attempts, 1, 1000),
        text("audit_key_file", &Config::audit_key_file),
        text("audit_witness_file", &Config::audit_witness_file),
        number("audit_checkpoint_seconds", &Config::audit_checkpoint_seconds, 1, 60),
    };
    return all;
}

Environment process_environment() {
    Environment out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view pair = *entry;
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos) out.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return out;
}

Config load_config(const std::string& file, const Environment& environment) {
    Config config;
    std::string chosen = file;
    if (const auto named = environment.find("CARILLON_CONFIG"); chosen.empty() && named != environment.end())
        chosen = named->second;
    if (!chosen.empty()) {
        if (!std::ifstream(chosen)) throw ConfigError(fmt::format("cannot read {}", chosen));
        apply_file(config, chosen);
    } else if (std::ifstream("carillon.toml")) {
        apply_file(config, "carillon.toml");
    }
    apply_environment(config, environment);
    if (config.public_url.empty()) config.public_url = "http://" + config.listen;
    if (config.uses_dapr() && config.app_api_token.empty())
        throw ConfigError(
            "app_api_token must be set (APP_API_TOKEN, the same for the sidecar): without it anybody on this host "
            "could deliver events");
    if (!config.state_component.empty() && !config.uses_dapr())
        throw ConfigError(
            "state_component needs a Dapr sidecar: set event_bus or scheduler to dapr, or leave it empty");
    return config;
}

std::string show_config(const Config& config) {
    std::string out;
    for (const auto& setting : settings()) {
        const auto value = setting.get(config);
        out += fmt::format("{} = {}\n", setting.name, setting.secret ? hide_password(value) : value);
    }
    return out;
}

}  // namespace carillon
