#include "audit/leaf.hpp"

namespace carillon::audit {
namespace {

template <class Integer>
void append_number(std::string& out, Integer number) {
    for (int shift = static_cast<int>(sizeof number) * 8 - 8; shift >= 0; shift -= 8)
        out += static_cast<char>((number >> shift) & 0xff);
}

void append_text(std::string& out, std::string_view text) {
    append_number(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

}  // namespace

merkle::Hash content_hash(std::string_view salt, std::string_view payload) { return merkle::sha256(salt, payload); }

std::string encode(const Leaf& leaf) {
    std::string out;
    out.reserve(256);
    out += '\x01';  // this form; another one would have another number
    for (const auto number : {leaf.position, leaf.created_at, leaf.task_id, leaf.sequence})
        append_number(out, static_cast<std::uint64_t>(number));
    for (const auto* text : {&leaf.event_id, &leaf.type, &leaf.user_id, &leaf.actor}) append_text(out, *text);
    out.append(reinterpret_cast<const char*>(leaf.content.data()), leaf.content.size());
    return out;
}

merkle::Hash hash(const Leaf& leaf) { return merkle::leaf_hash(encode(leaf)); }

}  // namespace carillon::audit
