// Typed configuration: defaults, then a TOML file, then CARILLON_* variables. The only reader of files and environment;
// an unknown key or a bad value stops the start with one clear line.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

struct Config {
    std::string listen = "127.0.0.1:8080";
    std::string management_listen = "127.0.0.1:9090";
    std::string database_url = "sqlite:carillon.db";
    int database_readers = 4;
    std::string event_bus = "memory";
    std::string scheduler = "local";
    std::string sidecar_listen = "127.0.0.1:8081";  ///< where a Dapr sidecar calls back
    int dapr_http_port = 3500;
    std::string app_api_token;   ///< what the sidecar must show there
    std::string dapr_api_token;  ///< what the sidecar asks for
    std::string pubsub_component = "pubsub-kafka";
    std::string broadcast_component = "pubsub-kafka-broadcast";
    std::string state_component;  ///< empty: sign-ins are counted in this process
    std::string kafka_brokers;    ///< `host:port,host:port`
    std::string kafka_security_protocol = "plaintext";
    std::string kafka_sasl_mechanism = "SCRAM-SHA-512";
    std::string kafka_username;
    std::string kafka_password;
    std::string kafka_ca_file;
    int kafka_partitions = 3;
    std::string public_url;  ///< empty: `http://` + listen
    std::vector<std::string> allowed_origins;
    std::vector<std::string> trusted_proxies;
    int threads = 0;  ///< I/O threads; 0: one per core, at most 4
    int max_connections = 20000;
    int max_sockets_per_user = 200;
    int shutdown_seconds = 10;
    std::string log_level = "info";
    int access_token_seconds = 900;
    int refresh_token_days = 30;
    int sign_ins_per_account = 10;
    int sign_ins_per_address = 50;
    int sign_ups_per_address = 20;
    int max_hashing = 2;
    int subscriber_attempts = 8;
    std::string audit_key_file;      ///< empty: beside an SQLite database
    std::string audit_witness_file;  ///< the same
    int audit_checkpoint_seconds = 60;

    bool uses_dapr() const { return event_bus == "dapr" || scheduler == "dapr"; }
};

/// One line for people: which key, what is wrong.
class ConfigError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A key of config/carillon.toml; `CARILLON_` + upper case is its variable, `_FILE` behind that reads it from a file.
struct Setting {
    std::string name;
    bool secret;  ///< `config show` hides what could hold a password
    std::function<std::string(const Config&)> get;
    std::function<void(Config&, std::string_view)> set;  ///< throws ConfigError
    std::string alias = {};                              ///< its name among Dapr's own variables, which does as well
};
const std::vector<Setting>& settings();

using Environment = std::map<std::string, std::string>;
Environment process_environment();

/// `file` empty: `carillon.toml` in the working directory if there is one. Throws ConfigError.
Config load_config(const std::string& file, const Environment& environment);

/// `key = value` lines with secrets hidden, where each value comes from being the reader's business.
std::string show_config(const Config& config);

}  // namespace carillon
