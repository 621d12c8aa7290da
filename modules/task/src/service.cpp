#include "service.hpp"

#include "events.hpp"
#include "series.hpp"
#include "tag/tag.hpp"
#include "views.hpp"

#include <stdexcept>

namespace carillon::task {

Service::Service(db::Database& database, Outbox& outbox, identity::Identity& identity, const Clock& clock)
    : database_(database), outbox_(outbox), identity_(identity), clock_(clock) {
    identity_.on_account_deleted([](db::Transaction& tx, const std::string& user_id) {
        repository::erase(tx, user_id);
        tag::erase_in(tx, user_id);
        views::erase_in(tx, user_id);
    });
}

Settings Service::settings_of(db::Session& session, std::string_view user_id) {
    return Settings([this, &session, user = std::string(user_id)] {
        auto settings = identity_.settings_in(session, user);
        if (!settings) throw std::logic_error("a user who acts has no settings");
        return std::move(*settings);
    });
}

std::string Service::zone_of(db::Session& session, std::string_view user_id) {
    return settings_of(session, user_id).get().timezone;
}

Result<Todo> Service::open(db::Transaction& tx, const Principal& who, std::int64_t id,
                           std::optional<std::int64_t> if_match) {
    if (!outbox_.lock_user(tx, who.user_id)) return not_found();
    auto todo = repository::load(tx, who.user_id, id);
    if (!todo || todo->deleted_at) return not_found();
    if (if_match && *if_match != todo->version) {
        return Error{Errc::precondition_failed,
                     "The task has changed: it is at version " + std::to_string(todo->version) + "."};
    }
    return std::move(*todo);
}

Result<Todo> Service::commit(db::Transaction& tx, const Principal& who, const Todo& before, Todo next,
                             std::string_view type, repository::Tagging tagging) {
    next.version = before.version + 1;
    if (!next.deleted_at) next.updated_at = clock_.now();
    const auto body = repository::store(tx, &before, next, tagging);
    if (!body) return body.error();
    std::string data;
    if (type == "task.updated")
        data = events::updated(next, events::diff(before, next), *body);
    else if (type == "task.completed")
        data = events::completed(next, *body);
    else if (type == "task.restored")
        data = events::restored(next, *body);
    else
        data = events::deleted(next);
    outbox_.add(tx, who, type, next.id, std::move(data));
    return next;
}

std::optional<Todo> Service::find_in(db::Session& session, std::string_view user_id, std::int64_t id,
                                     bool with_deleted) {
    auto todo = repository::load(session, user_id, id);
    if (todo && todo->deleted_at && !with_deleted) return std::nullopt;
    return todo;
}

std::vector<Todo> Service::with_bells_in(db::Session& session, const std::vector<TaskKey>& keys) {
    return repository::load_with_bells(session, keys);
}

std::optional<Todo> Service::occurrence_in(db::Session& session, std::string_view user_id, std::string_view series_id,
                                           std::int64_t number) {
    return repository::load_occurrence(session, user_id, series_id, number);
}

std::optional<Todo> Service::latest_occurrence_in(db::Session& session, std::string_view user_id,
                                                  std::string_view series_id) {
    return repository::load_latest_occurrence(session, user_id, series_id);
}

std::optional<SeriesRow> Service::series_in(db::Session& session, std::string_view user_id,
                                            std::string_view series_id) {
    return series::load(session, user_id, series_id, zone_of(session, user_id));
}

void Service::each_in(db::Session& session, std::string_view user_id, const std::function<void(const Todo&)>& visit) {
    repository::each(session, user_id, visit);
}

std::unique_ptr<TaskService> make_task_service(db::Database& database, Outbox& outbox, identity::Identity& identity,
                                               const Clock& clock) {
    return std::make_unique<Service>(database, outbox, identity, clock);
}

}  // namespace carillon::task
