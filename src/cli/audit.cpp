#include "cli/audit.hpp"

#include "app/ready.hpp"
#include "audit/history.hpp"
#include "audit/keys.hpp"
#include "audit/verify.hpp"
#include "carillon/metrics.hpp"
#include "cli/admin.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace carillon::cli {

namespace {

/// For reading: beside a running server if there is one.
std::unique_ptr<db::Database> open_to_read(const Config& config, Metrics& metrics) {
    const auto socket = admin_socket_path(config.database_url);
    if (socket && !std::filesystem::exists(socket->substr(0, socket->size() - 5)))
        throw std::runtime_error("there is no database " + config.database_url);
    const bool beside = socket && ask_server(*socket, {{"command", ""}});
    return db::open_database({.url = config.database_url, .readers = 1, .exclusive = !beside}, metrics);
}

std::vector<audit::VerifierKey> trusted(const std::vector<std::string>& keys) {
    std::vector<audit::VerifierKey> out;
    for (const auto& text : keys) {
        const auto key = audit::parse_verifier(text);
        if (!key) throw std::runtime_error("--key: " + key.error().detail);
        out.push_back(*key);
    }
    return out;
}

std::string key_file(const Config& config) {
    auto file = audit_options(config).key_file;
    if (file.empty()) throw std::runtime_error("audit_key_file is not set");
    return file;
}

/// A bar on standard error, where that is a terminal.
class Progress {
public:
    void show(std::uint64_t done, std::uint64_t of) {
        if (!terminal_ || of == 0) return;
        const auto percent = static_cast<int>(done * 100 / of);
        if (percent == shown_) return;
        shown_ = percent;
        fmt::print(stderr, "\r[{:<50}] {:3}% of {} entries", std::string(percent / 2, '#'), percent, of);
        std::fflush(stderr);
    }
    ~Progress() {
        if (shown_ >= 0) fmt::print(stderr, "\r{:80}\r", "");
    }

private:
    const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
    int shown_ = -1;
};

int judge(const std::vector<audit::Finding>& findings) {
    for (const auto& finding : findings) fmt::print("NOT SOUND: {}\n", finding.text);
    return findings.empty() ? Exit::done : Exit::failed;
}

}  // namespace

int audit_verify(const Config& config, const std::vector<std::string>& keys) {
    audit::VerifyOptions options;
    const auto settings = audit_options(config);
    options.witness_file = settings.witness_file;
    options.keys = trusted(keys);
    if (keys.empty()) {
        options.secrets = audit::load_keys(key_file(config));
        options.keys = options.secrets->verifiers;
    }
    Metrics metrics;
    const auto database = open_to_read(config, metrics);
    Result<audit::Report> report = Error{};
    {
        Progress progress;
        options.progress = [&progress](std::uint64_t done, std::uint64_t of) { progress.show(done, of); };
        report = audit::verify(*database, options);
    }
    database->close();
    if (!report) throw std::runtime_error(report.error().detail);
    const auto exit = judge(report->findings);
    if (exit != Exit::done) return exit;
    fmt::print("sound: {} entries, {} covered by {} checkpoints ({} in the witness), {} erased, {} not covered yet\n",
               report->entries, report->covered, report->checkpoints, report->witnessed, report->erased,
               report->entries - report->covered);
    return exit;
}

int audit_verify_export(const std::string& file, const std::vector<std::string>& keys) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + file);
    const std::string json{std::istreambuf_iterator<char>(in), {}};
    const auto report = audit::verify_export(json, trusted(keys));
    if (!report) throw std::runtime_error(file + ": " + report.error().detail);
    const auto exit = judge(report->findings);
    if (exit != Exit::done) return exit;
    fmt::print(
        "sound: {} entries proved by the checkpoint of {} over {} entries, {} of them erased, {} not covered yet\n",
        report->proved, report->origin.empty() ? "no log" : report->origin, report->size, report->erased,
        report->waiting);
    return exit;
}

int audit_replay(const Config& config, const std::string& at, std::int64_t task_id) {
    const auto time = parse_rfc3339(at);
    if (!time) throw std::runtime_error("--at must be a date and time with offset, such as 2027-02-28T08:00:00Z");
    Metrics metrics;
    const auto database = open_to_read(config, metrics);
    const auto state =
        database->read_now([&](db::Session& session) { return audit::task_at(session, {}, task_id, *time); });
    database->close();
    if (!state) throw std::runtime_error(state.error().detail);
    std::cout << boost::json::serialize(*state) << '\n';
    return Exit::done;
}

int audit_key(const Config& config) {
    for (const auto& key : audit::load_keys(key_file(config)).verifiers) fmt::print("{}\n", to_string(key));
    return Exit::done;
}

int audit_make_key(const Config& config) {
    const auto file = key_file(config);
    if (std::filesystem::exists(file)) throw std::runtime_error(file + " exists already");
    audit::ensure_keys(file);
    return audit_key(config);
}

int audit_rotate_key(const Config& config) {
    audit::rotate_keys(key_file(config));
    return audit_key(config);
}

}  // namespace carillon::cli
