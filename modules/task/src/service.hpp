// The task service. create.cpp, update.cpp and lifecycle.cpp hold its changes, service.cpp its reads and wiring.
#pragma once

#include "identity/identity.hpp"
#include "repository.hpp"
#include "rules.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::task {

class Service final : public TaskService {
public:
    Service(db::Database& database, Outbox& outbox, identity::Identity& identity, const Clock& clock);

    Result<Todo> create_in(db::Transaction&, const Principal&, const NewTask&, const Origin&) override;
    Result<Todo> update_in(db::Transaction&, const Principal&, std::int64_t id, const TaskPatch&,
                           std::optional<std::int64_t> if_match) override;
    Result<Todo> replace_in(db::Transaction&, const Principal&, std::int64_t id, const NewTask&,
                            std::optional<std::int64_t> if_match) override;
    Result<Todo> complete_in(db::Transaction&, const Principal&, std::int64_t id,
                             std::optional<std::int64_t> if_match) override;
    Result<Todo> reopen_in(db::Transaction&, const Principal&, std::int64_t id,
                           std::optional<std::int64_t> if_match) override;
    Result<Todo> skip_in(db::Transaction&, const Principal&, std::int64_t id,
                         std::optional<std::int64_t> if_match) override;
    Result<Todo> snooze_in(db::Transaction&, const Principal&, std::int64_t id, Time until,
                           std::optional<std::int64_t> if_match) override;
    Result<Todo> remove_in(db::Transaction&, const Principal&, std::int64_t id, std::optional<std::int64_t> if_match,
                           bool keep_series) override;
    Result<Todo> restore_in(db::Transaction&, const Principal&, std::int64_t id) override;
    Result<Todo> revert_in(db::Transaction&, const Principal&, std::int64_t id, const Todo& state) override;
    Result<void> retag_in(db::Transaction&, const Principal&, std::int64_t tag_id,
                          std::optional<std::string> new_name) override;

    std::optional<Todo> find_in(db::Session&, std::string_view user_id, std::int64_t id, bool with_deleted) override;
    std::vector<Todo> with_bells_in(db::Session&, const std::vector<TaskKey>& keys) override;
    std::optional<Todo> occurrence_in(db::Session&, std::string_view user_id, std::string_view series_id,
                                      std::int64_t number) override;
    std::optional<Todo> latest_occurrence_in(db::Session&, std::string_view user_id,
                                             std::string_view series_id) override;
    std::optional<SeriesRow> series_in(db::Session&, std::string_view user_id, std::string_view series_id) override;
    void each_in(db::Session&, std::string_view user_id, const std::function<void(const Todo&)>& visit) override;

    std::vector<http::Route> routes() override;

    void remember(Past past) override { past_ = std::move(past); }
    const Past& past() const { return past_; }

    std::string zone_of(db::Session& session, std::string_view user_id);

private:
    /// The live task, locked for a change. Fails with: not_found, precondition_failed.
    Result<Todo> open(db::Transaction& tx, const Principal& who, std::int64_t id, std::optional<std::int64_t> if_match);
    Settings settings_of(db::Session& session, std::string_view user_id);

    /// settle()s `next`, keeps the series, stores it and adds task.updated; `before` itself where nothing changed.
    Result<Todo> change(db::Transaction& tx, const Principal& who, const Todo& before, Todo next, const Leave& leave);
    /// Stores the next version of a task with the event its data maker gives.
    Result<Todo> commit(db::Transaction& tx, const Principal& who, const Todo& before, Todo next, std::string_view type,
                        repository::Tagging tagging = repository::Tagging::links);
    Result<Todo> complete(db::Transaction& tx, const Principal& who, const Todo& before);
    Result<Todo> reopen(db::Transaction& tx, const Principal& who, const Todo& before);
    void keep_series(db::Transaction& tx, const Todo& before, Todo& next, Settings& settings);

    db::Database& database_;
    Outbox& outbox_;
    identity::Identity& identity_;
    const Clock& clock_;
    Past past_;
};

}  // namespace carillon::task
