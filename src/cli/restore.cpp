#include "carillon/db/database.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/clock.hpp"
#include "cli/admin.hpp"
#include "cli/cli.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <stdexcept>

namespace carillon::cli {

namespace {
namespace fs = std::filesystem;

void sync(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || ::fsync(descriptor) != 0) {
        if (descriptor >= 0) ::close(descriptor);
        throw std::runtime_error("cannot write " + path.string() + " through to the disk");
    }
    ::close(descriptor);
}

/// Opens the copy as the server would: wrong files and damaged ones are found before anything is replaced.
void check(const fs::path& copy) {
    Metrics metrics;
    const auto database = db::open_database({.url = "sqlite:" + copy.string()}, metrics);
    const auto verdict = database->read_now([](db::Session& session) -> Result<std::string> {
        if (!session.query_one<std::string>("SELECT name FROM sqlite_master WHERE name = 'schema_migrations'"))
            return std::string("it is no Carillon database");
        return std::get<0>(*session.query_one<std::string>("PRAGMA integrity_check"));
    });
    database->close();
    if (!verdict || *verdict != "ok")
        throw std::runtime_error("the backup is not sound: " + (verdict ? *verdict : verdict.error().detail));
}
}  // namespace

int restore(const Config& config, const std::string& file, bool force) {
    const auto socket = admin_socket_path(config.database_url);
    if (!socket) throw std::runtime_error("restore is for SQLite; for PostgreSQL use pg_restore");
    const fs::path target = socket->substr(0, socket->size() - 5);
    if (ask_server(*socket, {{"command", ""}}))
        throw std::runtime_error("a server is running on " + target.string() + ": stop it first");
    if (fs::exists(target) && !force)
        throw std::runtime_error(target.string() + " exists; --force replaces it and keeps it beside the new one");

    const fs::path staged = target.string() + ".restoring";
    for (const auto* end : {"", "-wal", "-shm", ".lock"}) fs::remove(staged.string() + end);
    fs::copy_file(file, staged);
    fs::permissions(staged, fs::perms::owner_read | fs::perms::owner_write);
    check(staged);
    sync(staged);

    // The old file goes with its write-ahead log, which belongs to it and to no other.
    if (fs::exists(target)) {
        const auto kept = fmt::format("{}.before-restore-{}", target.string(), to_unix_seconds(SystemClock{}.now()));
        for (const auto* end : {"-wal", "-shm", ""})
            if (fs::exists(target.string() + end)) fs::rename(target.string() + end, kept + end);
        fmt::print("the old database is kept as {}\n", kept);
    }
    fs::rename(staged, target);
    for (const auto* end : {"-wal", "-shm", ".lock"}) fs::remove(staged.string() + end);
    sync(fs::absolute(target).parent_path());
    fmt::print("{} is restored from {}\n", target.string(), file);
    return Exit::done;
}

}  // namespace carillon::cli
