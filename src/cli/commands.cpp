#include "audit/entries.hpp"
#include "carillon/ids.hpp"
#include "carillon/text.hpp"
#include "chat/quick_add.hpp"
#include "cli/admin.hpp"
#include "transfer/transfer.hpp"

#include <fmt/format.h>
#include <boost/json/value_to.hpp>

#include <map>
#include <sstream>

namespace carillon::cli {

namespace {

using Object = boost::json::object;

struct Output {
    int exit = Exit::done;
    std::string out;
    std::string err;
    std::string file;
};

std::string text(const Object& request, std::string_view key) {
    const auto* found = request.if_contains(key);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}
std::int64_t number(const Object& request, std::string_view key, std::int64_t otherwise) {
    const auto* found = request.if_contains(key);
    return found && found->is_int64() ? found->get_int64() : otherwise;
}
bool flag(const Object& request, std::string_view key) {
    const auto* found = request.if_contains(key);
    return found && found->is_bool() && found->get_bool();
}

Output refuse(std::string message) { return {Exit::failed, {}, std::move(message) + "\n", {}}; }

Output refuse(const Error& error) {
    std::string message = error.detail;
    for (const auto& field : error.fields) message += fmt::format("\n  {}: {}", field.field, field.message);
    return refuse(std::move(message));
}

/// The id and zone of `--user EMAIL`.
struct Owner {
    Owner(std::string user_id, std::string zone) : id(std::move(user_id)), timezone(std::move(zone)) {}
    std::string id;
    std::string timezone;
};

Result<Owner> owner(Application& app, const std::string& email) {
    return app.database.read_now([&](db::Session& session) -> Result<Owner> {
        const auto id = app.identity->user_by_email_in(session, email);
        if (!id)
            return not_found(
                fmt::format("there is no user {}; add one with: carillon user add --email {}", email, email));
        return Owner{*id, app.identity->settings_in(session, *id)->timezone};
    });
}

Output import_file(Application& app, const Object& request) {
    const auto user = owner(app, text(request, "user"));
    if (!user) return refuse(user.error());
    const auto bytes = from_base64(text(request, "bytes"));
    const auto name = text(request, "file_name");
    const std::map<std::string, transfer::Format> formats{
        {"ical", transfer::Format::ical}, {"markdown", transfer::Format::markdown}, {"json", transfer::Format::json}};
    const auto asked = formats.find(text(request, "format"));
    const auto format = asked != formats.end() ? std::optional(asked->second) : transfer::detect(name, bytes);
    if (!format)
        return refuse(fmt::format("{} is neither iCalendar, a Markdown check list nor an export; say --format", name));

    const bool dry_run = flag(request, "dry_run");
    Principal who;
    who.user_id = user->id;
    who.actor = "import";
    const auto parsed = transfer::parse(bytes, *format, name, user->timezone);
    const auto report = transfer::import_entries(app.database, *app.tasks, who, parsed, dry_run);
    if (!report) return refuse(report.error());
    Output output;
    for (const auto& problem : report->problems)
        output.err += fmt::format("{}:{}: {}\n", name, problem.line, problem.message);
    output.out =
        fmt::format("{}{} added, {} known already, {} with problems\n", dry_run ? "dry run, nothing stored: " : "",
                    report->added, report->known, report->problems.size());
    if (!report->problems.empty()) output.exit = Exit::partly;
    return output;
}

Output add_task(Application& app, const Object& request) {
    const auto user = owner(app, text(request, "user"));
    if (!user) return refuse(user.error());
    const auto line = text(request, "line");
    if (!carillon::text::is_utf8(line) || carillon::text::length(line) > chat::max_line)
        return refuse(fmt::format("the line must be UTF-8 of at most {} characters", chat::max_line));
    const auto task = chat::to_task(chat::quick_add(line, app.clock.now(), user->timezone), line);
    if (!task) return refuse(task.error());
    Principal who;
    who.user_id = user->id;
    who.actor = "user";
    const auto made = app.database.write_now([&](db::Transaction& tx) { return app.tasks->create_in(tx, who, *task); });
    if (!made) return refuse(made.error());
    const auto due = made->due_date ? ", due " + format_rfc3339(*made->due_date) : std::string();
    return {Exit::done, fmt::format("added task {}: {}{}\n", made->id, made->title, due), {}, {}};
}

Output export_file(Application& app, const Object& request) {
    const auto user = owner(app, text(request, "user"));
    if (!user) return refuse(user.error());
    std::ostringstream out;
    const auto format = text(request, "format") == "json" ? transfer::Format::json : transfer::Format::ical;
    const auto written = transfer::export_tasks(app.database, *app.tasks, user->id, user->timezone, format, out);
    if (!written) return refuse(written.error());
    return {Exit::done, {}, {}, out.str()};
}

Output add_user(Application& app, const Object& request) {
    const auto id = app.identity->add_user(text(request, "name"), text(request, "email"), text(request, "password"),
                                           text(request, "timezone"));
    if (!id) return refuse(id.error());
    return {Exit::done, fmt::format("added {} as {}\n", text(request, "email"), *id), {}, {}};
}

Output set_password(Application& app, const Object& request) {
    const auto set = app.identity->set_password(text(request, "email"), text(request, "password"));
    if (!set) return refuse(set.error());
    return {Exit::done,
            fmt::format("the password of {} is changed; its sessions are ended\n", text(request, "email")),
            {},
            {}};
}

Output list_dead_letters(Application& app, const Object& request) {
    const auto letters = app.database.read_now([&](db::Session& session) -> Result<std::vector<DeadLetter>> {
        return app.inbox->dead_letters(session, static_cast<int>(number(request, "limit", 50)),
                                       number(request, "after", 0));
    });
    if (!letters) return refuse(letters.error());
    Output output;
    for (const auto& letter : *letters)
        output.out +=
            fmt::format("{}\t{}\t{}\t{}\ttask {}\tattempts {}\t{}{}\n", letter.id, format_rfc3339(letter.failed_at),
                        letter.subscription, letter.event.type, letter.event.task_id, letter.attempts, letter.error,
                        letter.replayed_at ? "\treplayed " + format_rfc3339(*letter.replayed_at) : "");
    if (letters->empty()) output.out = "no dead letters\n";
    return output;
}

Output replay_dead_letter(Application& app, const Object& request) {
    const auto id = number(request, "id", 0);
    const auto replayed = app.database.write_now([&](db::Transaction& tx) { return app.inbox->replay_in(tx, id); });
    if (!replayed) return refuse(replayed.error());
    return {Exit::done, fmt::format("dead letter {} is tried again\n", id), {}, {}};
}

Output list_audit(Application& app, const Object& request) {
    const auto user = owner(app, text(request, "user"));
    if (!user) return refuse(user.error());
    audit::Filter filter;
    if (const auto task = number(request, "task", 0)) filter.task_id = task;
    filter.limit = static_cast<int>(number(request, "limit", 50));
    const auto entries = app.database.read_now([&](db::Session& session) -> Result<std::vector<audit::Entry>> {
        return audit::list(session, user->id, filter);
    });
    if (!entries) return refuse(entries.error());
    Output output;
    for (const auto& entry : *entries)
        output.out +=
            fmt::format("{}\t{}\t{}\ttask {}\tsequence {}\t{}\n", entry.position, format_rfc3339(entry.created_at),
                        entry.type, entry.task_id, entry.sequence, entry.actor);
    return output;
}

Output backup(Application& app, const Object& request) {
    const auto written = app.database.backup(text(request, "file"));
    if (!written) return refuse(written.error());
    return {Exit::done, fmt::format("written to {}\n", text(request, "file")), {}, {}};
}

}  // namespace

boost::json::object execute(Application& application, const boost::json::object& request) {
    static const std::map<std::string, Output (*)(Application&, const Object&), std::less<>> commands{
        {"add", add_task},
        {"import", import_file},
        {"export", export_file},
        {"user add", add_user},
        {"user set-password", set_password},
        {"dead-letters list", list_dead_letters},
        {"dead-letters replay", replay_dead_letter},
        {"audit list", list_audit},
        {"backup", backup},
    };
    Output output;
    try {
        const auto command = commands.find(text(request, "command"));
        output = command == commands.end()
                     ? refuse("the running server does not know this command: is it another version?")
                     : command->second(application, request);
    } catch (const std::exception& e) {
        output = refuse(e.what());
    }
    return {{"exit", output.exit}, {"out", output.out}, {"err", output.err}, {"file", to_base64(output.file)}};
}

}  // namespace carillon::cli
