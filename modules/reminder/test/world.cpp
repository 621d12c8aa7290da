#include "world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

namespace carillon::reminder::test {

Process::Process(TestDatabase& database, const Clock& clock)
    : relay(make_relay(*database, clock, metrics, io.get_executor())),
      tasks(task::make_task_service(*database, relay->outbox(), identity, clock)),
      reminders(make_reminders(*database, bus, relay->outbox(), *tasks, scheduler, clock, metrics, io.get_executor())),
      thread([this] { io.run(); }) {}

Process::~Process() {
    reminders->stop();
    io.stop();
    thread.join();
}

World::World(Backend backend) : database(backend), process(std::make_unique<Process>(database, clock)) {
    for (auto* principal : {&who, &other, &sentinel}) {
        principal->user_id = carillon::test::add_user(*database);
        principal->actor = "user";
    }
}

void World::restart() {
    process.reset();
    database.reopen();
    process = std::make_unique<Process>(database, clock);
}

task::Todo World::create(Time bell, std::string title, task::Origin origin) {
    task::NewTask input;
    input.title = std::move(title);
    input.reminder_at = bell;
    return change(
        [&](db::Transaction& tx, task::TaskService& tasks) { return tasks.create_in(tx, who, input, origin); });
}

task::Todo World::move(std::int64_t id, Time bell) {
    task::TaskPatch patch;
    patch.due_date = bell;
    patch.reminder_at = bell;
    return change([&](db::Transaction& tx, task::TaskService& tasks) { return tasks.update_in(tx, who, id, patch); });
}

void World::deliver() {
    for (const auto& event : events(who.user_id)) {
        if (event->sequence <= delivered) continue;
        delivered = event->sequence;
        deliver(*event);
    }
}

void World::deliver(const Event& event) {
    const auto& subscription = process->bus.subscription;
    if (std::find(subscription.types.begin(), subscription.types.end(), event.type) == subscription.types.end()) return;
    const auto done = database->write_now([&](db::Transaction& tx) { return subscription.handle(tx, event); });
    REQUIRE(done.has_value());
}

std::vector<std::shared_ptr<const Event>> World::events(const std::string& user) {
    auto found = database->read_now([&](db::Session& session) -> Result<std::vector<std::shared_ptr<const Event>>> {
        return *events_after(session, user, 0, std::nullopt, 100'000);
    });
    return *found;
}

std::vector<boost::json::object> World::rings() {
    std::vector<boost::json::object> rung;
    for (const auto& event : events(who.user_id)) {
        if (event->type == "reminder.triggered") rung.push_back(boost::json::parse(event->data).as_object());
    }
    return rung;
}

void World::wake() {
    // A bell of another user, due now: when it has rung, so has everything that was due before it.
    task::NewTask input;
    input.title = "sentinel";
    input.reminder_at = clock.now();
    change([&](db::Transaction& tx, task::TaskService& tasks) { return tasks.create_in(tx, sentinel, input); });
    const auto created = events(sentinel.user_id).back();
    deliver(*created);
    process->scheduler.wake({});
    REQUIRE(eventually([&] { return events(sentinel.user_id).back()->type == "reminder.triggered"; }));
}

std::vector<std::string> World::rows(std::int64_t task_id) {
    auto found = database->read_now([&](db::Session& session) -> Result<std::vector<std::string>> {
        std::vector<std::string> out;
        session.each<std::int64_t, std::string, std::int64_t>(
            "SELECT revision, state, fire_at FROM reminders WHERE user_id = :user AND task_id = :task ORDER BY "
            "revision",
            {who.user_id, task_id}, [&](std::int64_t revision, const std::string& state, std::int64_t fire_at) {
                const auto seconds = (fire_at - to_micros(start_time)) / 1'000'000;
                out.push_back(std::to_string(revision) + " " + state + " " + std::to_string(seconds));
            });
        return out;
    });
    return *found;
}

std::string World::metric(const std::string& name) {
    const std::string text = "\n" + process->metrics.text();
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const auto from = at + name.size() + 2;
    return text.substr(from, text.find('\n', from) - from);
}

http::Response World::send(const Principal& principal, http::Method method, const std::string& pattern,
                           std::vector<std::string> params, std::vector<std::pair<std::string, std::string>> query) {
    http::Request request;
    request.method = method;
    request.path = pattern;
    request.params = std::move(params);
    request.query = std::move(query);
    request.principal = principal;
    for (const auto& route : process->reminders->routes()) {
        if (route.method != method || route.pattern != pattern) continue;
        return boost::asio::co_spawn(process->io, route.handle(request), boost::asio::use_future).get();
    }
    throw std::logic_error("no such route");
}

boost::json::array World::list(const std::string& state) {
    const auto answer = send(who, http::Method::get, "/api/reminders", {}, {{"state", state}});
    REQUIRE(answer.status == 200);
    return boost::json::parse(answer.body).as_object().at("items").as_array();
}

}  // namespace carillon::reminder::test
