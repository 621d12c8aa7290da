#include "trace.hpp"

#include <algorithm>
#include <random>

namespace carillon::http {
namespace {

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

void append_hex(std::string& out, std::uint64_t value) {
    for (int shift = 60; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[(value >> shift) & 15]);
}

}  // namespace

bool is_traceparent(std::string_view text) {
    // Version 00 ends here; later versions may go on after another dash.
    if (text.size() < 55 || (text.size() > 55 && (text.starts_with("00") || text[55] != '-'))) return false;
    text = text.substr(0, 55);
    const auto version = text.substr(0, 2), trace = text.substr(3, 32), parent = text.substr(36, 16),
               flags = text.substr(53, 2);
    return text[2] == '-' && text[35] == '-' && text[52] == '-' && is_hex(version) && version != "ff" &&
           is_hex(trace) && !is_zero(trace) && is_hex(parent) && !is_zero(parent) && is_hex(flags);
}

std::string make_traceparent() {
    static thread_local std::mt19937_64 random{[] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }()};
    std::string result = "00-";
    result.reserve(55);
    append_hex(result, random() | 1);  // never all zero
    append_hex(result, random());
    result += '-';
    append_hex(result, random() | 1);
    return result += "-00";
}

}  // namespace carillon::http
