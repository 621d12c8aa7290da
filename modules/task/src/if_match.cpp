#include "if_match.hpp"

#include "carillon/http/conditional.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::task {
namespace {

constexpr std::int64_t no_version = -1;

std::int64_t version_of(std::string_view tag) {
    std::int64_t version = no_version;
    if (tag.size() < 3 || tag.front() != '"' || tag.back() != '"') return no_version;
    const auto* end = tag.data() + tag.size() - 1;
    const auto [last, error] = std::from_chars(tag.data() + 1, end, version);
    return error == std::errc{} && last == end ? version : no_version;
}

}  // namespace

IfMatch::IfMatch(const http::Request& request) {
    const auto tags = http::entity_tags(request.header("If-Match"));
    given_ = !tags.empty() && std::find(tags.begin(), tags.end(), "*") == tags.end();
    if (!given_) return;
    for (const auto tag : tags) versions_.push_back(version_of(tag));
}

std::optional<std::int64_t> IfMatch::version_for(db::Session& session, std::string_view user_id,
                                                 std::int64_t id) const {
    if (!given_) return std::nullopt;
    if (versions_.size() == 1) return versions_.front();
    // Read before the user is locked; if it changes in between, the service's own check refuses.
    const auto current =
        session.query_one<std::int64_t>("SELECT version FROM tasks WHERE user_id = :user AND id = :id", user_id, id);
    const bool listed =
        current && std::find(versions_.begin(), versions_.end(), std::get<0>(*current)) != versions_.end();
    return listed ? std::get<0>(*current) : no_version;
}

}  // namespace carillon::task
