#include "world.hpp"

#include <algorithm>

namespace carillon::recurring::test {

World::World(Backend backend) : database(backend) {
    relay = make_relay(*database, clock, database.metrics(), io.get_executor());
    tasks = task::make_task_service(*database, relay->outbox(), identity, clock);
    subscribe(bus, *tasks);
    who.user_id = carillon::test::add_user(*database);
    who.actor = "user";
}

template <class Work>
Todo World::write(Work work) {
    auto result = database->write_now(work);
    REQUIRE(result.has_value());
    return std::move(*result);
}

Todo World::create(const NewTask& input) {
    return write([&](db::Transaction& tx) { return tasks->create_in(tx, who, input); });
}
Todo World::complete(std::int64_t id) {
    return write([&](db::Transaction& tx) { return tasks->complete_in(tx, who, id); });
}
Todo World::reopen(std::int64_t id) {
    return write([&](db::Transaction& tx) { return tasks->reopen_in(tx, who, id); });
}
Todo World::update(std::int64_t id, const TaskPatch& patch) {
    return write([&](db::Transaction& tx) { return tasks->update_in(tx, who, id, patch); });
}
void World::remove(std::int64_t id) {
    write([&](db::Transaction& tx) { return tasks->remove_in(tx, who, id); });
}

Todo World::find(std::int64_t id) {
    auto read = [&](db::Session& s) -> Result<std::optional<Todo>> { return tasks->find_in(s, who.user_id, id, true); };
    auto todo = *database->read_now(read);
    REQUIRE(todo.has_value());
    return *todo;
}

std::vector<Todo> World::live() {
    auto read = [&](db::Session& s) -> Result<std::vector<Todo>> {
        std::vector<Todo> out;
        tasks->each_in(s, who.user_id, [&](const Todo& todo) { out.push_back(todo); });
        return out;
    };
    return *database->read_now(read);
}

std::vector<std::string> World::listed(Status status) {
    std::vector<std::string> out;
    for (const auto& todo : live()) {
        if (todo.status == status)
            out.push_back(std::to_string(todo.occurrence.value_or(0)) + ": " + format_rfc3339(*todo.due_date));
    }
    return out;
}

std::string World::everything() {
    auto read = [&](db::Session& s) -> Result<std::string> {
        std::string out;
        for (auto& [id, version, deleted, body] :
             s.query<std::int64_t, std::int64_t, std::optional<std::int64_t>, std::string>(
                 "SELECT id, version, deleted_at, body FROM tasks WHERE user_id = :user ORDER BY id", who.user_id)) {
            out += std::to_string(id) + " v" + std::to_string(version) + (deleted ? " deleted " : " ") + body + "\n";
        }
        return out;
    };
    return *database->read_now(read);
}

std::vector<std::shared_ptr<const Event>> World::events() {
    auto read = [&](db::Session& s) -> Result<std::vector<std::shared_ptr<const Event>>> {
        return *events_after(s, who.user_id, 0, {}, 10'000);
    };
    return *database->read_now(read);
}

void World::deliver(const Event& event) {
    const auto& types = bus.subscription.types;
    if (std::find(types.begin(), types.end(), event.type) == types.end()) return;
    const auto result = database->write_now([&](db::Transaction& tx) { return bus.subscription.handle(tx, event); });
    if (!result) FAIL(result.error().detail);
}

void World::deliver_new() {
    for (bool more = true; more;) {
        more = false;
        for (const auto& event : events()) {
            if (event->sequence <= delivered_) continue;
            deliver(*event);
            delivered_ = event->sequence;
            more = true;
        }
    }
}

NewTask repeating(std::string_view due, Frequency rule, int interval) {
    NewTask input;
    input.title = "t";
    input.due_date = utc(due);
    input.recurrence.emplace();
    input.recurrence->rule = rule;
    input.recurrence->interval = interval;
    return input;
}

}  // namespace carillon::recurring::test
