// Carillon. The composition root: Application's constructor is the architecture's diagram, serve() puts it on the
// network.
//
//   request → route → service → transaction (row + outbox) → relay → bus → inbox → audit, reminder, recurring
//                                                                     └→ live sync
#include "app/application.hpp"
#include "app/dead_letters.hpp"
#include "app/ready.hpp"
#include "app/signals.hpp"
#include "carillon/dapr.hpp"
#include "carillon/db/server_clock.hpp"
#include "carillon/http/operations.hpp"
#include "carillon/http/server.hpp"
#include "carillon/http/transact.hpp"
#include "chat/chat.hpp"
#include "cli/admin.hpp"
#include "cli/cli.hpp"
#include "recurring/recurring.hpp"
#include "tag/routes.hpp"
#include "transfer/transfer.hpp"
#include "web/web.hpp"

#include <malloc.h>

using namespace carillon;
using namespace std::chrono_literals;

Application::Application(const Config& config, Runtime& runtime, db::Database& db, const Clock& machine_clock,
                         Metrics& metrics)
    : database(db), clock(machine_clock) {
    const auto background = runtime.background();
    // Only PostgreSQL has other writers whose rows must be looked for.
    const auto poll = db.backend() == db::Backend::postgresql ? std::optional(1000ms) : std::nullopt;

    // A bus outside takes many at once: the more users in a turn, the fewer requests it needs.
    relay =
        make_relay(db, clock, metrics, background, {.batch = config.event_bus == "memory" ? 256 : 4096, .poll = poll});
    inbox = make_inbox(db, clock, metrics, background, {.max_attempts = config.subscriber_attempts, .poll = poll});
    backends =
        make_backends(config, runtime, *inbox, clock, metrics);  // bus, scheduler, state: in here, or behind Dapr
    auto& bus = *backends.bus;
    auto& scheduler = *backends.scheduler;

    identity =
        identity::make_identity(db, clock, runtime.hashing(), metrics, identity_options(config, backends.shared_state));
    tasks = task::make_task_service(db, relay->outbox(), *identity, clock);
    audit = audit::make_audit(db, bus, *tasks, clock, metrics, background, audit_options(config));
    reminders = reminder::make_reminders(db, bus, relay->outbox(), *tasks, scheduler, clock, metrics, background);
    recurring::subscribe(bus, *tasks);
    live = websocket::make_live_sync(db, bus, *identity, clock, metrics, live_options(config));
    identity->on_account_deleted([this](db::Transaction& tx, const std::string& user_id) {
        reminders->erase_in(tx, user_id);
        recurring::erase_in(tx, user_id);
        audit->erase_in(tx, user_id);
        erase_events_in(tx, user_id);
        http::erase_idempotency_in(tx, user_id);
    });
}

std::vector<http::Route> Application::routes() {
    auto retag = [this](db::Transaction& tx, const Principal& who, std::int64_t tag_id,
                        std::optional<std::string> name) { return tasks->retag_in(tx, who, tag_id, std::move(name)); };
    return join(identity->routes(), tasks->routes(), tag::routes(database, retag), audit->routes(), reminders->routes(),
                live->routes(), transfer::routes(database, *tasks, *identity),
                chat::routes(database, *tasks, *identity, clock));
}

namespace {

int serve(const Config& config) {
    const Signals signals;
    Metrics metrics;
    Runtime runtime;
    const auto database = db::open_database({.url = config.database_url, .readers = config.database_readers}, metrics);
    const auto presence = db::announce_presence(*database, config.event_bus == "memory");
    database->migrate();
    const auto server_clock = db::make_server_clock(*database);
    const Clock& clock = *server_clock;
    Application application(config, runtime, *database, clock, metrics);

    std::atomic<http::Readiness> readiness = http::Readiness::starting;
    auto detail = [&] {
        auto state = application.backends.state();
        state["database"] = database->available() ? "ok" : "away";
        return state;
    };
    const auto operations = http::make_operations_routes(readiness, metrics, detail);
    http::IoThreads threads(io_threads(config), [&] { database->use_inline_reads_on_this_thread(); });
    auto options = server_options(config);
    options.nowhere = web::nowhere;
    http::Server server(
        threads, join(application.routes(), operations, web::routes()), application.live->upgrades(),
        [&](const http::Request& request) { return application.identity->authenticate(request); }, clock, metrics,
        std::move(options));
    Metrics management_metrics;  // what operators ask for is not part of the users' traffic
    http::Server management(threads, join(operations, dead_letter_routes(*database, *application.inbox)), {}, {}, clock,
                            management_metrics, management_options());
    std::optional<http::Server> sidecar;  // what Dapr calls back
    if (application.backends.sidecar_routes)
        sidecar.emplace(threads, application.backends.sidecar_routes(), std::vector<http::UpgradeRoute>{},
                        dapr::sidecar_only(config.app_api_token), clock, management_metrics, sidecar_options());
    std::optional<cli::AdminServer> admin;
    if (const auto socket = cli::admin_socket_path(config.database_url)) admin.emplace(application, *socket);

    application.start();
    const auto address = server.listen(config.listen);
    const auto management_address = management.listen(config.management_listen);
    const auto sidecar_address = sidecar ? std::optional(sidecar->listen(config.sidecar_listen)) : std::nullopt;
    readiness = http::Readiness::ready;
    ::malloc_trim(0);  // what only the start needed goes back
    print_ready(address, management_address, sidecar_address);

    signals.wait();
    readiness = http::Readiness::draining;
    server.stop_accepting();
    admin.reset();
    runtime.wait(application.live->drain());
    server.drain(std::chrono::seconds(config.shutdown_seconds));
    if (sidecar) sidecar->drain(1s);
    application.drain(runtime);
    management.drain(1s);
    threads.stop();
    database->close();
    return 0;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(argc, argv, serve); }
