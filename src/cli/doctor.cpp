#include "carillon/db/database.hpp"
#include "carillon/metrics.hpp"
#include "carillon/time/zone.hpp"
#include "cli/admin.hpp"
#include "cli/cli.hpp"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <filesystem>

namespace carillon::cli {

namespace {
namespace fs = std::filesystem;

/// Prints `ok` or `bad` lines; a bad one says what to do.
class Findings {
public:
    void good(std::string_view what) { fmt::print("ok   {}\n", what); }
    void bad(std::string_view what, std::string_view remedy) {
        fmt::print("bad  {}: {}\n", what, remedy);
        ++bad_;
    }
    int exit() const { return bad_ == 0 ? Exit::done : Exit::failed; }

private:
    int bad_ = 0;
};

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

void check_database(Findings& findings, const Config& config) {
    try {
        Metrics metrics;
        const auto database = db::open_database({.url = config.database_url}, metrics);
        const auto reached = database->read_now([](db::Session& session) -> Result<int> {
            session.query_one<std::int64_t>("SELECT 1");
            return 1;
        });
        database->close();
        if (reached)
            findings.good("the database answers");
        else
            findings.bad("the database does not answer", reached.error().detail);
    } catch (const std::exception& e) {
        findings.bad("the database cannot be opened", e.what());
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
    check_address(findings, "listen", config.listen);
    check_address(findings, "management_listen", config.management_listen);
    return findings.exit();
}

}  // namespace carillon::cli
