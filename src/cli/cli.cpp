#include "cli/cli.hpp"

#include "app/application.hpp"
#include "app/dead_letters.hpp"
#include "app/ready.hpp"
#include "app/version.hpp"
#include "carillon/http/operations.hpp"
#include "carillon/ids.hpp"
#include "carillon/log.hpp"
#include "cli/admin.hpp"
#include "cli/audit.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace carillon::cli {

namespace {

/// Runs a request on the server that holds the database, or here when there is none, and prints what it answers.
boost::json::object carry_out(const Config& config, const boost::json::object& request) {
    if (const auto socket = admin_socket_path(config.database_url))
        if (auto answer = ask_server(*socket, request)) return *answer;
    Metrics metrics;
    Runtime runtime;
    const SystemClock clock;
    const auto database = db::open_database({.url = config.database_url, .readers = 2}, metrics);
    database->migrate();
    Application application(config, runtime, *database, clock, metrics);
    auto answer = execute(application, request);
    // On SQLite nobody else can be running: hand the events on now, so that the log is whole. A PostgreSQL server does
    // it itself.
    if (database->backend() == db::Backend::sqlite) {
        application.relay->start(*application.backends.bus);
        application.drain(runtime);
    }
    database->close();
    return answer;
}

int report(const boost::json::object& answer) {
    std::cout << answer.at("out").as_string().c_str() << std::flush;
    std::cerr << answer.at("err").as_string().c_str();
    return static_cast<int>(answer.at("exit").to_number<std::int64_t>());
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string{std::istreambuf_iterator<char>(in), {}};
}

/// From the terminal without echo, or the first line of standard input.
std::string ask_password() {
    termios old{};
    const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetattr(STDIN_FILENO, &old) == 0;
    if (terminal) {
        termios quiet = old;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
        std::cerr << "Password: " << std::flush;
    }
    std::string password;
    std::getline(std::cin, password);
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        std::cerr << '\n';
    }
    return password;
}

class CommandLine {
public:
    CommandLine(int (*serve)(const Config&)) : serve_(serve) {
        app_.require_subcommand(1);
        app_.get_formatter()->column_width(34);
        app_.add_option("--config", config_file_, "TOML file (default: ./carillon.toml if there is one)");
        app_.footer(
            "Start with: carillon serve\nEvery setting: config/carillon.toml, or CARILLON_<NAME>; see them with: "
            "carillon config show\n"
            "Exit codes: 0 done, 1 could not, 2 wrong usage, 3 done in part");
        server_commands();
        list_commands();
        user_commands();
        event_commands();
        database_commands();
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& e) {
            if (const auto unknown = app_.remaining(true); !unknown.empty() && e.get_exit_code() != 0)
                std::cerr << "carillon: there is no command or option '" << unknown.front() << "'\n";
            return app_.exit(e) == 0 ? Exit::done : Exit::usage;
        }
        try {
            config_ = load_config(config_file_, process_environment());
            log::set_level(config_.log_level == "debug"  ? log::Level::debug
                           : config_.log_level == "info" ? log::Level::info
                           : config_.log_level == "warn" ? log::Level::warn
                                                         : log::Level::error);
            return action_();
        } catch (const std::exception& e) {
            std::cerr << "carillon: " << e.what() << '\n';
            return Exit::failed;
        }
    }

private:
    CLI::App* command(CLI::App& parent, const std::string& name, const std::string& help, std::function<int()> action) {
        auto* made = parent.add_subcommand(name, help);
        made->callback([this, action = std::move(action)] { action_ = action; });
        return made;
    }

    int send(boost::json::object request) { return report(carry_out(config_, request)); }

    void server_commands() {
        command(app_, "serve", "Run the server", [this] { return serve_(config_); });
        command(app_, "migrate", "Bring the database to this version and stop", [this] {
            Metrics metrics;
            const auto database = db::open_database({.url = config_.database_url}, metrics);
            fmt::print("{} migrations applied\n", database->migrate());
            database->close();
            return int{Exit::done};
        });
        auto* config = app_.add_subcommand("config", "Settings")->require_subcommand(1);
        command(*config, "show", "Every setting as it stands, passwords hidden", [this] {
            std::cout << show_config(config_);
            return int{Exit::done};
        });
        command(app_, "doctor", "Check what the server depends on", [this] { return doctor(config_); });
        auto* probe = command(app_, "health", "Ask a running server whether it is ready",
                              [this] { return health(address_.empty() ? config_.management_listen : address_); });
        probe->add_option("address", address_,
                          "host:port of its management or public listener (default: management_listen)");
        command(app_, "routes", "Every route, as JSON lines", [this] { return print_routes(); });
        command(app_, "version", "Print the version", [] {
            fmt::print("carillon {}\n", version());
            return int{Exit::done};
        });
    }

    void list_commands() {
        auto* add =
            command(app_, "add", "Add a task in words: \"Pay rent tomorrow 9am every month !high #home\"", [this] {
                return send({{"command", "add"}, {"user", user_}, {"line", fmt::format("{}", fmt::join(words_, " "))}});
            });
        add->add_option("line", words_, "What is to be done, and when")->required();
        add->add_option("--user", user_, "E-mail of the owner")->required();
        auto* import =
            command(app_, "import", "Bring in a list: iCalendar (.ics), Markdown (.md) or an export (.json)", [this] {
                const auto bytes = read_file(file_);
                if (!bytes) throw std::runtime_error("cannot read " + file_);
                return send({{"command", "import"},
                             {"user", user_},
                             {"file_name", std::filesystem::path(file_).filename().string()},
                             {"bytes", to_base64(*bytes)},
                             {"format", format_},
                             {"dry_run", dry_run_}});
            });
        import->add_option("file", file_, "The file; what is sound in it is taken, what is not is listed with its line")
            ->required();
        import->add_option("--user", user_, "E-mail of the owner")->required();
        import->add_option("--format", format_, "ical, markdown or json (default: by the file)")
            ->check(CLI::IsMember({"ical", "markdown", "json"}));
        import->add_flag("--dry-run", dry_run_, "Say what would happen, store nothing");
        import->footer("A second import of the same file adds nothing twice.");

        auto* exported = command(app_, "export", "Write a user's tasks out", [this] { return export_to(); });
        exported->add_option("--user", user_, "E-mail of the owner")->required();
        exported->add_option("--format", format_, "ical (default) or json")->check(CLI::IsMember({"ical", "json"}));
        exported->add_option("--output", file_, "File to write (default: standard output)");
    }

    int export_to() {
        const auto answer = carry_out(config_, {{"command", "export"}, {"user", user_}, {"format", format_}});
        const auto bytes = from_base64(answer.at("file").as_string());
        if (const int exit = report(answer); exit != Exit::done) return exit;
        if (file_.empty()) {
            std::cout << bytes << std::flush;
            return Exit::done;
        }
        std::ofstream out(file_, std::ios::binary | std::ios::trunc);
        out << bytes << std::flush;
        if (!out) throw std::runtime_error("cannot write " + file_);
        return Exit::done;
    }

    void user_commands() {
        auto* user = app_.add_subcommand("user", "Accounts")->require_subcommand(1);
        auto* add =
            command(*user, "add", "Add an account; the password is asked for, or read from standard input", [this] {
                return send({{"command", "user add"},
                             {"email", user_},
                             {"name", name_},
                             {"timezone", timezone_},
                             {"password", ask_password()}});
            });
        add->add_option("--email", user_)->required();
        add->add_option("--name", name_)->required();
        add->add_option("--timezone", timezone_, "IANA name, such as Europe/Berlin (default: UTC)");
        auto* set = command(*user, "set-password", "Change a password and end the account's sessions", [this] {
            return send({{"command", "user set-password"}, {"email", user_}, {"password", ask_password()}});
        });
        set->add_option("--email", user_)->required();
    }

    void event_commands() {
        auto* letters = app_.add_subcommand("events", "Events")
                            ->require_subcommand(1)
                            ->add_subcommand("dead-letters", "Events a module could not handle")
                            ->require_subcommand(1);
        auto* list = command(*letters, "list", "List them, oldest first", [this] {
            return send({{"command", "dead-letters list"}, {"limit", limit_}, {"after", id_}});
        });
        list->add_option("--limit", limit_, "At most so many (default: 50)")->check(CLI::Range(1, 1000));
        list->add_option("--after", id_, "Only those with a higher number");
        auto* replay = command(*letters, "replay", "Try one again", [this] {
            return send({{"command", "dead-letters replay"}, {"id", id_}});
        });
        replay->add_option("id", id_)->required();

        auto* audit = app_.add_subcommand("audit", "The log of every change")->require_subcommand(1);
        auto* entries = command(*audit, "list", "A user's entries, newest first", [this] {
            return send({{"command", "audit list"}, {"user", user_}, {"task", id_}, {"limit", limit_}});
        });
        entries->add_option("--user", user_, "E-mail")->required();
        entries->add_option("--task", id_, "Only this task");
        entries->add_option("--limit", limit_, "At most so many (default: 50)")->check(CLI::Range(1, 10000));
        proof_commands(*audit);
    }

    void proof_commands(CLI::App& audit) {
        auto* verify = command(audit, "verify", "Check that nobody changed the log; names the first wrong entry",
                               [this] { return audit_verify(config_, keys_); });
        verify->add_option("--key", keys_,
                           "Trust only this public key (again for each); default: those of the key file");
        verify->footer("Reads the database and the witness file; a server may go on meanwhile.");
        auto* exported =
            command(audit, "verify-export", "Check a file of GET /api/audit/export: no server, no database",
                    [this] { return audit_verify_export(file_, keys_); });
        exported->add_option("file", file_)->required()->check(CLI::ExistingFile);
        exported->add_option("--key", keys_, "A public key of the log (again for each)")->required();
        auto* replay =
            command(audit, "replay", "Print a task as it was", [this] { return audit_replay(config_, at_, id_); });
        replay->add_option("--at", at_, "Date and time with offset, such as 2027-02-28T08:00:00Z")->required();
        replay->add_option("--task", id_)->required();
        command(audit, "key", "Print the public keys, for whoever checks the log",
                [this] { return audit_key(config_); });
        command(audit, "make-key", "Make the key file (PostgreSQL: one for all replicas)",
                [this] { return audit_make_key(config_); });
        command(audit, "rotate-key", "Sign with a new key from now on; the old ones stay good for what they signed",
                [this] { return audit_rotate_key(config_); });
    }

    void database_commands() {
        auto* backup =
            command(app_, "backup", "Write a consistent copy of the SQLite database, while the server runs", [this] {
                return send({{"command", "backup"}, {"file", std::filesystem::absolute(file_).string()}});
            });
        backup->add_option("file", file_, "A file that does not exist yet")->required();
        auto* restored =
            command(app_, "restore", "Put a backup in the place of the SQLite database (the server must be stopped)",
                    [this] { return restore(config_, file_, force_); });
        restored->add_option("file", file_, "A file that `carillon backup` wrote")
            ->required()
            ->check(CLI::ExistingFile);
        restored->add_flag("--force", force_, "Replace an existing database; it is kept beside the new one");
    }

    int print_routes();

    int (*serve_)(const Config&);
    CLI::App app_{"Carillon: a task server that never loses a change and never forgets a bell", "carillon"};
    std::function<int()> action_;
    Config config_;
    std::vector<std::string> words_;
    std::string config_file_, file_, user_, format_, name_, at_, address_;
    std::vector<std::string> keys_;
    std::string timezone_ = "UTC";
    std::int64_t id_ = 0;
    int limit_ = 50;
    bool dry_run_ = false;
    bool force_ = false;
};

// The table as it is served, without a database of its own: a private one in memory would hide nothing, a temporary
// file does.
int CommandLine::print_routes() {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("carillon-routes-{}", ::getpid());
    std::filesystem::create_directory(folder);
    {
        Metrics metrics;
        Runtime runtime;
        const SystemClock clock;
        const auto database = db::open_database({.url = "sqlite:" + (folder / "routes.db").string()}, metrics);
        database->migrate();
        Application application(config_, runtime, *database, clock, metrics);
        const std::atomic<http::Readiness> readiness = http::Readiness::starting;
        const auto operations = http::make_operations_routes(readiness, metrics, {});
        for (const auto& route :
             join(application.routes(), operations, dead_letter_routes(*database, *application.inbox)))
            std::cout << boost::json::serialize(
                             boost::json::object{{"method", http::to_string(route.method)}, {"path", route.pattern}})
                      << '\n';
        for (const auto& upgrade : application.live->upgrades())
            std::cout << boost::json::serialize(boost::json::object{{"method", "WS"}, {"path", upgrade.path}}) << '\n';
        database->close();
    }
    std::filesystem::remove_all(folder);
    return Exit::done;
}

}  // namespace

int run(int argc, char** argv, int (*serve)(const Config&)) { return CommandLine(serve).run(argc, argv); }

}  // namespace carillon::cli
