#include "delivery.hpp"

#include "carillon/ids.hpp"
#include "carillon/json.hpp"
#include "carillon/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>

namespace carillon::dapr {
namespace {

namespace bj = boost::json;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto hex = [&](std::size_t at) {
            const char c = text[at];
            return c >= '0' && c <= '9'   ? c - '0'
                   : c >= 'a' && c <= 'f' ? c - 'a' + 10
                   : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                          : -1;
        };
        if (text[i] == '%' && i + 2 < text.size() && hex(i + 1) >= 0 && hex(i + 2) >= 0) {
            out += static_cast<char>(hex(i + 1) * 16 + hex(i + 2));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

using Attributes = std::map<std::string, std::string>;

/// `ce-id` of HTTP or `ce_id` of Kafka, whatever the case a proxy left.
void add_attribute(Attributes& attributes, std::string_view name, std::string_view value) {
    const auto small = lower(name);
    if (small.starts_with("ce-") || small.starts_with("ce_")) attributes[small.substr(3)] = percent_decoded(value);
}

/// The structured form of a CloudEvent in binary mode; its data must be JSON.
std::string structured(const Attributes& attributes, std::string_view data) {
    std::string out = "{";
    for (const auto& [name, value] : attributes) {
        if (name == "data") continue;
        json::append_string(out, name);
        out += ':';
        json::append_string(out, value);
        out += ',';
    }
    out += "\"data\":";
    out += data;
    return out += '}';
}

const bj::string* text_of(const bj::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value ? value->if_string() : nullptr;
}

std::string_view view(const bj::string& text) { return {text.data(), text.size()}; }

std::string place_of(const std::function<std::string(std::string_view)>& header) {
    const auto topic = header("__topic");
    return topic.empty() ? std::string{} : topic + '/' + header("__partition") + '/' + header("__offset");
}

/// The record's key in Kafka, as the sidecar shows it.
std::string_view key_of(const bj::object& entry) {
    const auto* metadata = entry.if_contains("metadata");
    const auto* key = metadata && metadata->is_object() ? text_of(metadata->get_object(), "__key") : nullptr;
    return key ? view(*key) : std::string_view{};
}

Record bulk_record(const bj::object& entry, const std::function<bool(std::string_view)>& wants) {
    Record record;
    if (const auto* id = text_of(entry, "entryId")) record.entry_id = view(*id);
    if (const auto key = key_of(entry); wants && !key.empty() && !wants(key)) return record;
    Attributes attributes;
    if (const auto* metadata = entry.if_contains("metadata"); metadata && metadata->is_object()) {
        const auto& headers = metadata->get_object();
        record.place = place_of([&](std::string_view name) {
            const auto* value = text_of(headers, name);
            return value ? std::string(view(*value)) : std::string{};
        });
        for (const auto& [name, value] : headers) {
            if (value.is_string()) add_attribute(attributes, {name.data(), name.size()}, view(value.get_string()));
        }
    }
    const auto* content_type = text_of(entry, "contentType");
    const bool base64 = content_type && view(*content_type) == "application/octet-stream";
    if (const auto* event = entry.if_contains("event"); event && event->is_string()) {
        record.bytes = base64 ? from_base64(view(event->get_string())) : std::string(view(event->get_string()));
    } else if (event) {
        record.bytes = bj::serialize(*event);
    }
    if (attributes.contains("specversion")) record.bytes = structured(attributes, record.bytes);
    return record;
}

Record single_record(const http::Request& request, const bj::value* parsed) {
    Record record;
    record.place = place_of([&](std::string_view name) { return std::string(request.header(name)); });
    Attributes attributes;
    for (const auto& header : request.headers) add_attribute(attributes, header.name, header.value);
    record.bytes = request.body;
    const auto* object = parsed ? parsed->if_object() : nullptr;
    const auto* wrapped = object ? text_of(*object, "data_base64") : nullptr;
    if (wrapped) record.bytes = from_base64(view(*wrapped));
    if (attributes.contains("specversion")) record.bytes = structured(attributes, record.bytes);
    return record;
}

}  // namespace

Delivery unpack(const http::Request& request, const std::function<bool(std::string_view)>& wants) {
    Delivery delivery;
    bj::error_code bad;
    bj::parse_options options;
    options.allow_invalid_utf8 = true;  // parse_cloudevent judges each record for itself
    const auto parsed = bj::parse(request.body, bad, {}, options);
    const auto* envelope = bad ? nullptr : parsed.if_object();
    const auto* entries = envelope ? envelope->if_contains("entries") : nullptr;
    if (entries && entries->is_array()) {
        delivery.bulk = true;
        for (const auto& entry : entries->get_array()) {
            if (entry.is_object()) delivery.records.push_back(bulk_record(entry.get_object(), wants));
        }
    } else {
        delivery.records.push_back(single_record(request, bad ? nullptr : &parsed));
    }
    return delivery;
}

}  // namespace carillon::dapr
