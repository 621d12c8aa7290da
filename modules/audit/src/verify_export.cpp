#include "audit/verify.hpp"
#include "carillon/ids.hpp"
#include "carillon/json.hpp"
#include "proofs.hpp"

#include <fmt/format.h>

namespace carillon::audit {
namespace {

namespace bj = boost::json;

/// Missing and wrong members are told by exception, to be one finding of the entry.
struct NotReadable {};

const std::string text(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_string()) throw NotReadable{};
    return std::string(value->get_string());
}

std::optional<std::string> text_or_null(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value && value->is_null()) return std::nullopt;
    return text(object, name);
}

std::int64_t number(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (!value || !value->is_int64()) throw NotReadable{};
    return value->get_int64();
}

merkle::Hash hash_in(std::string_view base64) {
    const auto hash = merkle::from_base64(base64);
    if (!hash) throw NotReadable{};
    return *hash;
}

Leaf leaf_of(const bj::object& entry) {
    const auto created_at = parse_rfc3339(text(entry, "created_at"));
    if (!created_at) throw NotReadable{};
    return {number(entry, "id"),       to_micros(*created_at),  number(entry, "task_id"),
            number(entry, "sequence"), text(entry, "event_id"), text(entry, "event_type"),
            text(entry, "user_id"),    text(entry, "actor"),    hash_in(text(entry, "content"))};
}

class Exported {
public:
    explicit Exported(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {
        report_.origin = checkpoint.origin;
        report_.size = checkpoint.size;
    }

    void entry(const bj::value& value) {
        std::int64_t position = 0;
        try {
            if (!value.is_object()) throw NotReadable{};
            position = number(value.get_object(), "id");
            check(value.get_object(), position);
        } catch (const NotReadable&) {
            find(position, fmt::format("entry {} cannot be read", position));
        }
        last_ = position;
    }

    ExportReport report() && { return std::move(report_); }

private:
    void find(std::int64_t position, std::string what) { report_.findings.push_back({position, std::move(what)}); }

    void check(const bj::object& entry, std::int64_t position) {
        if (position <= last_) find(position, fmt::format("entry {} is out of order", position));
        const auto user = text(entry, "user_id");
        if (!user_.empty() && user != user_) find(position, fmt::format("entry {} is another user's", position));
        user_ = user;
        const auto* path = entry.if_contains("path");
        if (path && path->is_null()) {
            if (position > 0 && static_cast<std::uint64_t>(position) <= checkpoint_.size)
                find(position, fmt::format("the proof of entry {} was left out", position));
            ++report_.waiting;
            return;
        }
        if (!path || !path->is_array()) throw NotReadable{};
        merkle::Path hashes;
        for (const auto& hash : path->get_array()) {
            if (!hash.is_string()) throw NotReadable{};
            hashes.push_back(hash_in(hash.get_string()));
        }
        prove(leaf_of(entry), text_or_null(entry, "payload"), text_or_null(entry, "salt"), hashes);
    }

    void prove(const Leaf& leaf, const std::optional<std::string>& payload, const std::optional<std::string>& salt,
               const merkle::Path& path) {
        const auto index = static_cast<std::uint64_t>(leaf.position) - 1;
        if (!merkle::proves_inclusion(path, index, checkpoint_.size, hash(leaf), checkpoint_.root))
            return find(leaf.position, fmt::format("entry {} is not what the log has there", leaf.position));
        if (payload && (!salt || content_hash(from_base64(*salt), *payload) != leaf.content))
            return find(leaf.position, fmt::format("the content of entry {} was changed", leaf.position));
        ++report_.proved;
        if (!payload) ++report_.erased;
    }

    const Checkpoint& checkpoint_;
    ExportReport report_;
    std::int64_t last_ = 0;
    std::string user_;
};

}  // namespace

Result<ExportReport> verify_export(std::string_view json, const std::vector<VerifierKey>& keys) {
    const Error wrong{Errc::invalid, "This is not an export of the audit log."};
    const auto parsed = json::parse(json);
    if (!parsed) return Error{Errc::invalid, wrong.detail + " " + parsed.error().detail};
    if (!parsed->is_object()) return wrong;
    const auto& file = parsed->get_object();
    const auto* entries = file.if_contains("entries");
    Checkpoint checkpoint;
    try {
        if (text(file, "format") != export_format || !entries || !entries->is_array()) return wrong;
        const auto note = text_or_null(file, "checkpoint");
        if (note) {
            const auto opened = open_note(*note, keys);
            if (!opened) return Error{Errc::invalid, "The checkpoint is not to be trusted: " + opened.error().detail};
            checkpoint = *opened;
        }
    } catch (const NotReadable&) {
        return wrong;
    }
    Exported exported(checkpoint);
    for (const auto& entry : entries->get_array()) exported.entry(entry);
    return std::move(exported).report();
}

}  // namespace carillon::audit
