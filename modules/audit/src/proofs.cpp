#include "proofs.hpp"

#include "carillon/ids.hpp"
#include "carillon/json.hpp"
#include "logged.hpp"

namespace carillon::audit {
namespace {

void append_path(std::string& out, const merkle::Path& path) {
    out += '[';
    for (const auto& hash : path) {
        if (out.back() != '[') out += ',';
        out.append("\"").append(merkle::to_base64(hash)).append("\"");
    }
    out += ']';
}

void append_text_or_null(std::string& out, const std::optional<std::string>& text) {
    if (text)
        json::append_string(out, *text);
    else
        out += "null";
}

std::optional<std::string> base64_of(const std::optional<std::string>& bytes) {
    return bytes ? std::optional(to_base64(*bytes)) : std::nullopt;
}

void append_note(std::string& out, const std::optional<StoredCheckpoint>& checkpoint) {
    append_text_or_null(out, checkpoint ? std::optional(checkpoint->note) : std::nullopt);
}

Error no_checkpoint() { return not_found("There is no checkpoint yet."); }

void append_exported(std::string& out, const Logged& entry, const std::optional<merkle::Path>& path) {
    const auto& leaf = entry.leaf;
    out.append("{\"id\":").append(std::to_string(leaf.position));
    json::append_string(out += ",\"event_id\":", leaf.event_id);
    json::append_string(out += ",\"user_id\":", leaf.user_id);
    out.append(",\"task_id\":").append(std::to_string(leaf.task_id));
    json::append_string(out += ",\"event_type\":", leaf.type);
    json::append_string(out += ",\"created_at\":", format_rfc3339(from_micros(leaf.created_at)));
    out.append(",\"sequence\":").append(std::to_string(leaf.sequence));
    json::append_string(out += ",\"actor\":", leaf.actor);
    append_text_or_null(out += ",\"payload\":", entry.payload);
    append_text_or_null(out += ",\"salt\":", base64_of(entry.salt));
    append_text_or_null(out += ",\"content\":",
                        entry.has_leaf ? std::optional(merkle::to_base64(leaf.content)) : std::nullopt);
    out += ",\"path\":";
    if (path)
        append_path(out, *path);
    else
        out += "null";
    out += '}';
}

}  // namespace

Result<http::Response> checkpoint_answer(db::Session& session, const std::vector<VerifierKey>& keys) {
    const auto checkpoint = last_checkpoint(session);
    if (!checkpoint) return no_checkpoint();
    const auto entries = session.query_one<std::int64_t>("SELECT coalesce(max(position), 0) FROM task_events");
    std::string body = "{\"size\":" + std::to_string(checkpoint->size);
    body.append(",\"entries\":").append(std::to_string(std::get<0>(*entries)));
    json::append_string(body += ",\"created_at\":", format_rfc3339(checkpoint->created_at));
    json::append_string(body += ",\"note\":", checkpoint->note);
    body += ",\"keys\":[";
    for (const auto& key : keys) {
        if (body.back() != '[') body += ',';
        json::append_string(body, to_string(key));
    }
    return http::Response::json(200, body + "]}");
}

Result<http::Response> proof_answer(db::Session& session, std::string_view user_id, std::int64_t position) {
    std::optional<Logged> entry;
    each_logged(session, position - 1, position, 1, [&entry](Logged& logged) { entry = std::move(logged); });
    if (!entry || entry->leaf.user_id != user_id) return not_found("There is no such entry.");
    const auto checkpoint = last_checkpoint(session);
    const auto index = static_cast<std::uint64_t>(position - 1);
    const bool covered = checkpoint && index < checkpoint->size;
    std::string body = "{\"id\":" + std::to_string(position);
    body.append(",\"covered\":").append(covered ? "true" : "false");
    body.append(",\"size\":").append(std::to_string(checkpoint ? checkpoint->size : 0));
    append_note(body += ",\"checkpoint\":", checkpoint);
    body += ",\"leaf\":";
    append_text_or_null(body, covered ? std::optional(to_base64(encode(entry->leaf))) : std::nullopt);
    append_text_or_null(body += ",\"salt\":", base64_of(entry->salt));
    append_path(body += ",\"path\":", covered ? Tree(session).inclusion(index, checkpoint->size) : merkle::Path{});
    return http::Response::json(200, body + "}");
}

Result<http::Response> consistency_answer(db::Session& session, std::int64_t from, std::optional<std::int64_t> to) {
    const auto checkpoint = last_checkpoint(session);
    if (!checkpoint) return no_checkpoint();
    const auto last = static_cast<std::int64_t>(checkpoint->size);
    const auto end = to.value_or(last);
    std::vector<FieldError> wrong;
    if (end > last) wrong.emplace_back("to", "must be at most " + std::to_string(last) + ", the latest checkpoint's");
    if (from > std::min(end, last)) wrong.emplace_back("from", "must be at most `to`");
    if (!wrong.empty()) return invalid(std::move(wrong), "The log has no such checkpoints.");
    Tree tree(session);
    const auto a = static_cast<std::uint64_t>(from), b = static_cast<std::uint64_t>(end);
    std::string body = "{\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(end);
    body.append(",\"from_root\":\"").append(merkle::to_base64(tree.root(a)));
    body.append("\",\"to_root\":\"").append(merkle::to_base64(tree.root(b)));
    append_path(body += "\",\"path\":", tree.consistency(a, b));
    return http::Response::json(200, body + "}");
}

http::Response export_answer(db::Session& session, std::string_view user_id, std::int64_t after, int limit) {
    std::vector<std::int64_t> positions;
    session.each<std::int64_t>(
        "SELECT position FROM task_events WHERE user_id = :user AND position > :after "
        "ORDER BY position LIMIT :limit",
        {user_id, after, limit + 1}, [&positions](std::int64_t position) { positions.push_back(position); });
    const bool more = positions.size() > static_cast<std::size_t>(limit);
    if (more) positions.pop_back();
    const auto checkpoint = last_checkpoint(session);
    Tree tree(session);
    std::string body = "{\"format\":\"" + std::string(export_format) + "\",\"checkpoint\":";
    append_note(body, checkpoint);
    body += ",\"entries\":[";
    for (const auto position : positions) {
        const auto index = static_cast<std::uint64_t>(position - 1);
        std::optional<merkle::Path> path;
        if (checkpoint && index < checkpoint->size) path = tree.inclusion(index, checkpoint->size);
        if (body.back() != '[') body += ',';
        each_logged(session, position - 1, position, 1, [&](Logged& entry) { append_exported(body, entry, path); });
    }
    auto response = http::Response::json(200, body + "]}");
    response.with("Content-Disposition", "attachment; filename=\"carillon-audit.json\"");
    if (more)
        response.with("Link", "</api/audit/export?after=" + std::to_string(positions.back()) +
                                  "&limit=" + std::to_string(limit) + ">; rel=\"next\"");
    return response;
}

}  // namespace carillon::audit
