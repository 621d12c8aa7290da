#include "carillon/json.hpp"
#include "routes.hpp"

#include <boost/json/serialize.hpp>

namespace carillon::task {
namespace {

constexpr std::size_t most_commands = 100;

struct Command {
    std::string op;
    std::int64_t id = 0;
    NewTask task;
    TaskPatch patch;
};

Result<Command> read_command(const boost::json::value& value, const std::string& prefix) {
    if (!value.is_object()) return invalid({{prefix, "must be an object"}});
    json::Fields fields(value.get_object(), prefix);
    Command command;
    fields.required("op");
    command.op = fields.choice("op", {"create", "update", "complete", "delete"}).value_or("");
    const bool has_id = command.op != "create", has_todo = command.op == "create" || command.op == "update";
    if (command.op.empty()) {
        fields.ignore("id");
        fields.ignore("todo");
    } else {
        if (has_id) fields.required("id");
        if (has_id) command.id = fields.integer("id", 1, INT64_MAX).value_or(0);
        if (has_todo) fields.required("todo");
    }
    if (const auto* todo = has_todo ? fields.value("todo") : nullptr) {
        const auto below = prefix + ".todo";
        if (!todo->is_object()) {
            fields.error("todo", "must be an object");
        } else if (command.op == "create") {
            auto task = parse_new_task(todo->get_object(), below);
            if (task)
                command.task = std::move(*task);
            else
                fields.add(task.error().fields);
        } else {
            auto patch = parse_task_patch(todo->get_object(), below);
            if (patch)
                command.patch = std::move(*patch);
            else
                fields.add(patch.error().fields);
        }
    }
    if (auto sound = fields.finish(); !sound) return sound.error();
    return command;
}

/// Errors of the service name the task's fields; here they are below the command.
Error placed(Error error, const std::string& prefix) {
    for (auto& field : error.fields) {
        if (!field.field.starts_with(prefix)) field.field = prefix + ".todo." + field.field;
    }
    return error;
}

Result<std::string> run_command(Service& service, db::Transaction& tx, const Principal& who, const Command& command) {
    const auto result = [](int status, const Result<Todo>& todo) -> Result<std::string> {
        if (!todo) return todo.error();
        return "{\"status\":" + std::to_string(status) + ",\"todo\":" + to_json(*todo) + "}";
    };
    if (command.op == "create") return result(201, service.create_in(tx, who, command.task, {}));
    if (command.op == "update") return result(200, service.update_in(tx, who, command.id, command.patch, {}));
    if (command.op == "complete") return result(200, service.complete_in(tx, who, command.id, {}));
    const auto removed = service.remove_in(tx, who, command.id, {}, false);
    if (!removed) return removed.error();
    return std::string("{\"status\":204}");
}

std::string problem_result(const Error& error) {
    const auto document = http::problem_document(error);
    return "{\"status\":" + boost::json::serialize(document.at("status")) +
           ",\"problem\":" + boost::json::serialize(document) + "}";
}

}  // namespace

Result<http::Response> run_batch(Service& service, db::Transaction& tx, const Principal& who,
                                 const boost::json::object& body) {
    json::Fields fields(body);
    fields.required("commands");
    const auto* commands = fields.value("commands");
    if (commands && !commands->is_array()) fields.error("commands", "must be a list");
    if (commands && commands->is_array() &&
        (commands->get_array().empty() || commands->get_array().size() > most_commands)) {
        fields.error("commands", "must be 1 to 100 commands");
    }
    if (auto sound = fields.finish(); !sound) return sound.error();
    std::string answer = "{\"results\":[";
    const auto& list = commands->get_array();
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto prefix = "commands." + std::to_string(i);
        const auto command = read_command(list[i], prefix);
        std::string result;
        if (!command) {
            result = problem_result(command.error());
        } else {
            tx.savepoint([&] {
                auto done = run_command(service, tx, who, *command);
                result = done ? std::move(*done) : problem_result(placed(done.error(), prefix));
                return done.has_value();
            });
        }
        answer.append(i ? "," : "").append(result);
    }
    return http::Response::json(200, answer + "]}");
}

}  // namespace carillon::task
