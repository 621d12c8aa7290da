#include "carillon/http/router.hpp"

#include "carillon/json.hpp"
#include "carillon/text.hpp"

#include <algorithm>
#include <charconv>

namespace carillon::http {
namespace {

std::optional<std::int64_t> to_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<std::string> Query::text(std::string_view name) {
    if (!contains(known_, name)) known_.emplace_back(name);
    const auto found =
        std::find_if(request_.query.begin(), request_.query.end(), [name](const auto& p) { return p.first == name; });
    if (found == request_.query.end()) return std::nullopt;
    if (!text::has_control(found->second, false)) return found->second;
    error(name, "must not hold control characters");
    return std::nullopt;
}

std::optional<std::int64_t> Query::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const auto raw = text(name);
    if (!raw) return std::nullopt;
    const auto value = to_integer(*raw);
    if (!value) {
        const auto digits = raw->find_first_not_of("0123456789", raw->starts_with('-') ? 1 : 0);
        const bool huge = digits == std::string::npos && raw->size() > 18;
        error(name, huge ? json::out_of_range(min, max) : "must be a whole number");
    } else if (*value < min || *value > max) {
        error(name, json::out_of_range(min, max));
    } else {
        return value;
    }
    return std::nullopt;
}

std::optional<Time> Query::instant(std::string_view name) {
    auto raw = text(name);
    if (!raw) return std::nullopt;
    auto time = parse_rfc3339(*raw);
    // An unescaped + of an offset arrives as a blank (HTML form encoding).
    if (const auto blank = raw->rfind(' '); !time && blank != std::string::npos && blank > 10) {
        (*raw)[blank] = '+';
        time = parse_rfc3339(*raw);
    }
    if (!time) error(name, std::string(json::not_an_instant));
    return time;
}

std::optional<std::string> Query::choice(std::string_view name, const std::vector<std::string_view>& allowed) {
    auto raw = text(name);
    if (!raw || std::find(allowed.begin(), allowed.end(), *raw) != allowed.end()) return raw;
    error(name, json::one_of(allowed));
    return std::nullopt;
}

void Query::error(std::string_view name, std::string message) {
    const auto same = [name](const FieldError& e) { return e.field == name; };
    if (std::none_of(errors_.begin(), errors_.end(), same)) errors_.emplace_back(std::string(name), std::move(message));
}

Result<void> Query::finish() {
    std::vector<std::string> seen;
    for (const auto& [name, value] : request_.query) {
        if (!contains(known_, name))
            error(name, "is not a known parameter");
        else if (contains(seen, name))
            error(name, "was given twice");
        seen.push_back(name);
    }
    if (!errors_.empty()) return invalid(std::move(errors_), "Some query parameters are not valid.");
    return {};
}

Result<std::int64_t> id_param(const Request& request, std::size_t index) {
    const auto& raw = request.params.at(index);
    const auto value = to_integer(raw);
    // One spelling for each id: 007 is nobody's.
    if (!value || *value < 1 || raw.front() == '0') return not_found();
    return *value;
}

}  // namespace carillon::http
