#include "tag/tag.hpp"

#include "carillon/text.hpp"

namespace carillon::tag {
namespace {

constexpr std::size_t max_name = 50;

using Columns = std::optional<std::tuple<std::int64_t, std::string, std::int64_t, std::int64_t>>;

std::optional<Tag> tag_of(Columns row) {
    if (!row) return std::nullopt;
    auto& [id, name, active, completed] = *row;
    return Tag{id, std::move(name), active, completed};
}

bool too_many(db::Session& session, std::string_view user_id) {
    return std::get<0>(*session.query_one<std::int64_t>("SELECT count(*) FROM tags WHERE user_id = :user", user_id)) >
           max_per_user;
}

}  // namespace

Result<std::string> check_name(std::string_view name) {
    auto kept = text::normalize(text::trim(name));
    const auto length = text::length(kept);
    if (length < 1 || length > max_name) return Error{Errc::invalid, "must be 1 to 50 characters"};
    if (!text::is_tag_name(kept)) return Error{Errc::invalid, "must be letters, digits and hyphens only"};
    return kept;
}

Result<Tag> use_in(db::Transaction& tx, std::string_view user_id, std::string_view name, std::int64_t active,
                   std::int64_t completed) {
    const auto key = text::fold(name);
    auto tag = tag_of(tx.query_one<std::int64_t, std::string, std::int64_t, std::int64_t>(
        "INSERT INTO tags (user_id, key, name, active, completed) VALUES (:user, :key, :name, :active, :completed) "
        "ON CONFLICT (user_id, key) DO UPDATE SET active = tags.active + excluded.active, "
        "completed = tags.completed + excluded.completed RETURNING id, name, active, completed",
        user_id, key, name, active, completed));
    // Only a tag whose counts are what was just added can be new.
    if (tag->active == active && tag->completed == completed && too_many(tx, user_id)) {
        return Error{Errc::invalid, "would be one more than 1,000; delete some first"};
    }
    return std::move(*tag);
}

std::optional<std::int64_t> count_in(db::Transaction& tx, std::string_view user_id, std::string_view name,
                                     std::int64_t active, std::int64_t completed) {
    const auto row = tx.query_one<std::int64_t>(
        "UPDATE tags SET active = active + :active, completed = completed + :completed "
        "WHERE user_id = :user AND key = :key RETURNING id",
        active, completed, user_id, text::fold(name));
    if (!row) return std::nullopt;
    return std::get<0>(*row);
}

std::optional<Tag> find_in(db::Session& session, std::string_view user_id, std::string_view name) {
    return tag_of(session.query_one<std::int64_t, std::string, std::int64_t, std::int64_t>(
        "SELECT id, name, active, completed FROM tags WHERE user_id = :user AND key = :key", user_id,
        text::fold(name)));
}

std::optional<Tag> find_in(db::Session& session, std::string_view user_id, std::int64_t id) {
    return tag_of(session.query_one<std::int64_t, std::string, std::int64_t, std::int64_t>(
        "SELECT id, name, active, completed FROM tags WHERE user_id = :user AND id = :id", user_id, id));
}

void erase_in(db::Transaction& tx, std::string_view user_id) {
    tx.exec("DELETE FROM tags WHERE user_id = :user", user_id);
}

}  // namespace carillon::tag
