#include "carillon/db/database.hpp"
#include "carillon/embedded.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/zone.hpp"
#include "cli/cli.hpp"
#include "cli/findings.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <filesystem>

namespace carillon::cli {

namespace {
namespace fs = std::filesystem;

void check_time_zones(Findings& findings) {
    if (is_time_zone("Europe/Berlin"))
        findings.good("time zones are there");
    else
        findings.bad("no time zones", "install the package tzdata");
}

void check_address(Findings& findings, const std::string& name, const std::string& address) {
    const auto colon = address.rfind(':');
    try {
        boost::asio::io_context context;
        boost::asio::ip::tcp::resolver resolver(context);
        auto host = address.substr(0, colon);
        if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
        const auto endpoint = resolver.resolve(host, address.substr(colon + 1)).begin()->endpoint();
        boost::asio::ip::tcp::acceptor acceptor(context, endpoint);
        findings.good(fmt::format("{} {} is free", name, address));
    } catch (const std::exception& e) {
        findings.bad(fmt::format("{} {} cannot be used ({})", name, address, e.what()),
                     "stop what listens there, or set another address");
    }
}

void check_folder(Findings& findings, const fs::path& database) {
    const auto folder = fs::absolute(database).parent_path();
    std::error_code ec;
    const auto space = fs::space(folder, ec);
    if (ec) {
        findings.bad(fmt::format("the folder {} cannot be read", folder.string()), "create it, or set database_url");
        return;
    }
    constexpr std::uintmax_t enough = 256ULL << 20;
    if (space.available >= enough)
        findings.good(fmt::format("{} MiB free in {}", space.available >> 20, folder.string()));
    else
        findings.bad(fmt::format("only {} MiB free in {}", space.available >> 20, folder.string()),
                     "make room: writes stop when it is full");
    const auto mode = fs::exists(database, ec) ? fs::status(database).permissions() : fs::perms::owner_read;
    if ((mode & (fs::perms::group_all | fs::perms::others_all)) != fs::perms::none)
        findings.bad(fmt::format("{} can be read by others", database.string()),
                     fmt::format("chmod 600 {}", database.string()));
}

/// Migrations that were applied, or nothing in a database that has no tables yet.
Result<std::optional<std::int64_t>> applied_migrations(db::Session& session) {
    const auto* const known = session.backend() == db::Backend::sqlite
                                  ? "SELECT count(*) FROM sqlite_master WHERE name = 'schema_migrations'"
                                  : "SELECT count(*) FROM pg_tables WHERE tablename = 'schema_migrations'";
    if (std::get<0>(*session.query_one<std::int64_t>(known)) == 0) return std::optional<std::int64_t>{};
    return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM schema_migrations"));
}

void check_schema(Findings& findings, std::optional<std::int64_t> applied, std::size_t ours) {
    const auto of_this_release = static_cast<std::int64_t>(ours);
    if (!applied)
        findings.note("the database is empty: carillon serve makes its tables");
    else if (*applied < of_this_release)
        findings.note(fmt::format("{} migrations wait: carillon serve applies them", of_this_release - *applied));
    else if (*applied > of_this_release)
        findings.note("the database was migrated by a newer release, on which this one still runs");
    else
        findings.good("the database's tables are those of this release");
}

void check_database(Findings& findings, const Config& config) {
    try {
        Metrics metrics;
        const auto database = db::open_database({.url = config.database_url}, metrics);
        const auto applied = database->read_now(applied_migrations);
        database->close();
        if (!applied) return findings.bad("the database does not answer", applied.error().detail);
        findings.good("the database answers");
        const bool sqlite = database->backend() == db::Backend::sqlite;
        check_schema(findings, *applied,
                     (sqlite ? embedded::migrations_sqlite() : embedded::migrations_postgresql()).size());
    } catch (const std::exception& e) {
        findings.bad(fmt::format("the database cannot be opened ({})", e.what()),
                     "start it, and see database_url: its host, name, user and password");
    }
}
}  // namespace

int doctor(const Config& config) {
    Findings findings;
    findings.good("the settings are sound");
    check_time_zones(findings);
    const auto socket = admin_socket_path(config.database_url);
    if (socket) check_folder(findings, socket->substr(0, socket->size() - 5));
    if (socket && ask_server(*socket, {{"command", ""}})) {
        findings.good("a server is running on this database");
        return findings.exit();
    }
    check_database(findings, config);
    if (!check_running_server(findings, config)) {
        check_address(findings, "listen", config.listen);
        check_address(findings, "management_listen", config.management_listen);
        if (config.uses_dapr()) check_address(findings, "sidecar_listen", config.sidecar_listen);
    }
    check_cluster(findings, config);
    return findings.exit();
}

}  // namespace carillon::cli
