// /api/export and /api/import.
#include "carillon/http/transact.hpp"
#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "formats.hpp"
#include "identity/identity.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <memory>

namespace carillon::transfer {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;

constexpr std::uint64_t largest_import = 16 * 1024 * 1024;  // bytes
constexpr std::size_t most_entries = 10'000;                // of one import: it is one transaction
constexpr std::size_t most_listed = 500;                    // verdicts, and problems, of one answer
constexpr std::size_t longest_file_name = 255;

/// The format that a Content-Type names, parameters aside.
std::optional<Format> format_of(std::string_view content_type) {
    const auto media = text::trim(content_type.substr(0, content_type.find(';')));
    const auto is = [media](std::string_view name) {
        return boost::beast::iequals({media.data(), media.size()}, {name.data(), name.size()});
    };
    if (is("text/calendar")) return Format::ical;
    if (is("text/markdown")) return Format::markdown;
    if (is("application/json")) return Format::json;
    return std::nullopt;
}

/// Query parameters of an import.
struct Options {
    bool dry_run = false;
    std::string file_name;
};

Result<Options> read_options(const Request& request) {
    http::Query query(request);
    Options options;
    if (const auto dry = query.choice("dry_run", {"true", "false"})) options.dry_run = *dry == "true";
    options.file_name = "import";
    if (const auto name = query.text("file_name")) {
        const auto trimmed = text::trim(*name);
        if (const auto length = text::length(trimmed); length < 1 || length > longest_file_name)
            query.error("file_name", "must be 1 to 255 characters");
        options.file_name = trimmed;
    }
    if (auto sound = query.finish(); !sound) return sound.error();
    return options;
}

boost::json::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::added:
            return "added";
        case Outcome::known:
            return "known";
        case Outcome::refused:
            return "refused";
    }
    return {};
}

Response answer(const Report& report, bool dry_run) {
    boost::json::array items, problems;
    for (const auto& verdict : report.verdicts) {
        if (items.size() == most_listed) break;
        items.push_back({{"line", verdict.line}, {"title", verdict.title}, {"outcome", name_of(verdict.outcome)}});
    }
    for (const auto& problem : report.problems) {
        if (problems.size() == most_listed) break;
        problems.push_back({{"line", problem.line}, {"message", problem.message}});
    }
    return Response::json(200, boost::json::object{{"dry_run", dry_run},
                                                   {"added", report.added},
                                                   {"known", report.known},
                                                   {"broken", report.problems.size()},
                                                   {"items", std::move(items)},
                                                   {"problems", std::move(problems)}});
}

class Routes {
public:
    Routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity)
        : database_(database), tasks_(tasks), identity_(identity) {}

    awaitable<Response> take_in(Request& request) {
        const auto options = read_options(request);
        if (!options) co_return http::problem(options.error());
        const auto format = format_of(request.header("Content-Type"));
        if (!format) {
            co_return http::problem(
                Error{Errc::unsupported_media, "The body must be text/calendar, text/markdown or application/json."});
        }
        // On a reader's thread: a long list takes a while to read.
        auto look = [&](db::Session& session) -> Result<Parsed> {
            if (request.body.empty()) return Error{Errc::bad_request, "There is no body."};
            if (format == Format::json) {
                if (const auto sound = json::parse_body(request.body, request.header("Content-Type")); !sound)
                    return sound.error();
            }
            return parse(request.body, *format, options->file_name, zone_in(session, request.principal.user_id));
        };
        const auto parsed = co_await database_.read(db::ReadKind::scan, std::move(look));
        if (!parsed) co_return http::problem(parsed.error());
        if (parsed->entries.size() > most_entries) {
            co_return http::problem(
                Error{Errc::too_large, "There are more than 10,000 entries; import them in parts."});
        }
        Principal who = request.principal;
        who.actor = "import";
        std::function<Result<Response>(db::Transaction&)> work = [&](db::Transaction& tx) -> Result<Response> {
            const auto report = import_in(tx, tasks_, who, *parsed, options->dry_run);
            if (!report) return report.error();
            return answer(*report, options->dry_run);
        };
        co_return co_await http::transact(database_, request, std::move(work));
    }

    awaitable<Response> hand_out(Request& request) {
        http::Query query(request);
        const auto asked = query.choice("format", {"ical", "json"});
        if (auto sound = query.finish(); !sound) co_return http::problem(sound.error());
        const auto format = asked == "ical" ? Format::ical : Format::json;
        auto work = [&](db::Session& session) -> Result<std::string> {
            std::vector<task::Todo> todos;
            tasks_.each_in(session, request.principal.user_id,
                           [&todos](const task::Todo& todo) { todos.push_back(todo); });
            return write(todos, format, zone_in(session, request.principal.user_id));
        };
        auto bytes = co_await database_.read(db::ReadKind::scan, std::move(work));
        if (!bytes) co_return http::problem(bytes.error());
        const bool ical = format == Format::ical;
        Response response{200, ical ? "text/calendar; charset=utf-8" : "application/json", std::move(*bytes), {}};
        response.with("Content-Disposition",
                      ical ? "attachment; filename=\"carillon.ics\"" : "attachment; filename=\"carillon.json\"");
        response.with("Cache-Control", "no-store");
        co_return response;
    }

private:
    std::string zone_in(db::Session& session, const std::string& user_id) {
        const auto settings = identity_.settings_in(session, user_id);
        return settings ? settings->timezone : "UTC";  // the account was deleted since the request was let in
    }

    db::Database& database_;
    task::TaskService& tasks_;
    identity::Identity& identity_;
};

}  // namespace

std::vector<http::Route> routes(db::Database& database, task::TaskService& tasks, identity::Identity& identity) {
    auto routes = std::make_shared<Routes>(database, tasks, identity);
    return {
        {Method::get, "/api/export", Access::user, [routes](Request& request) { return routes->hand_out(request); }},
        {Method::post, "/api/import", Access::user, [routes](Request& request) { return routes->take_in(request); },
         true, largest_import},
    };
}

}  // namespace carillon::transfer
