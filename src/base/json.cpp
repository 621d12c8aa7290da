#include "carillon/json.hpp"

#include "carillon/text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace carillon::json {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_name_shown = 100;  // characters of a name that a client made up

std::string shown(std::string_view name) {
    if (text::length(name) <= max_name_shown) return std::string(name);
    std::size_t end = max_name_shown;
    while ((static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
    return std::string(name.substr(0, end)) + "…";
}

std::string join(const std::string& prefix, std::string_view name) {
    if (prefix.empty()) return std::string(name);
    return prefix.back() == '.' ? prefix + std::string(name) : prefix + "." + std::string(name);
}

/// Builds the value as boost::json::parse does, and notes keys given twice on the way, which that one drops silently.
class Handler {
public:
    static constexpr std::size_t max_object_size = bj::object::max_size();
    static constexpr std::size_t max_array_size = bj::array::max_size();
    static constexpr std::size_t max_key_size = bj::string::max_size();
    static constexpr std::size_t max_string_size = bj::string::max_size();
    using error_code = bj::error_code;
    using string_view = bj::string_view;

    bj::value release() { return stack_.release(); }
    std::vector<FieldError>& twice() { return twice_; }

    bool on_document_begin(error_code&) {
        stack_.reset();
        return true;
    }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(); }
    bool on_object_end(std::size_t n, error_code&) {
        stack_.push_object(n);
        return close();
    }
    bool on_array_begin(error_code&) { return open(); }
    bool on_array_end(std::size_t n, error_code&) {
        stack_.push_array(n);
        return close();
    }
    bool on_key_part(string_view s, std::size_t, error_code&) {
        key_.append(s.data(), s.size());
        stack_.push_chars(s);
        return true;
    }
    bool on_key(string_view s, std::size_t, error_code&) {
        key_.append(s.data(), s.size());
        stack_.push_key(s);
        auto& frame = frames_.back();
        if (!frame.seen.insert(key_).second) twice_.emplace_back(path(), "was given twice");
        frame.key = std::move(key_);
        key_.clear();
        return true;
    }
    bool on_string_part(string_view s, std::size_t, error_code&) {
        stack_.push_chars(s);
        return true;
    }
    bool on_string(string_view s, std::size_t, error_code&) {
        stack_.push_string(s);
        return value();
    }
    bool on_number_part(string_view, error_code&) { return true; }
    bool on_int64(std::int64_t i, string_view, error_code&) {
        stack_.push_int64(i);
        return value();
    }
    bool on_uint64(std::uint64_t u, string_view, error_code&) {
        stack_.push_uint64(u);
        return value();
    }
    bool on_double(double d, string_view, error_code& ec) {
        if (!std::isfinite(d)) {
            ec = bj::error::exponent_overflow;
            return false;
        }
        stack_.push_double(d);
        return value();
    }
    bool on_bool(bool b, error_code&) {
        stack_.push_bool(b);
        return value();
    }
    bool on_null(error_code&) {
        stack_.push_null();
        return value();
    }
    bool on_comment_part(string_view, error_code&) { return true; }
    bool on_comment(string_view, error_code&) { return true; }

private:
    struct Frame {
        std::size_t values = 0;  // so far
        std::string key;         // of the value being read, in an object
        std::unordered_set<std::string> seen;
    };

    bool open() {
        frames_.emplace_back();
        return true;
    }
    bool close() {
        frames_.pop_back();
        return value();
    }
    bool value() {
        if (!frames_.empty()) ++frames_.back().values;
        return true;
    }
    /// Of the key just read: the frames above it say where they are, arrays by index.
    std::string path() const {
        std::string result;
        for (std::size_t i = 0; i + 1 < frames_.size(); ++i) {
            const auto& frame = frames_[i];
            result += (frame.seen.empty() ? std::to_string(frame.values) : shown(frame.key)) + ".";
        }
        return result + shown(key_);
    }

    bj::value_stack stack_;
    std::vector<Frame> frames_;
    std::string key_;
    std::vector<FieldError> twice_;
};

std::string why(const bj::error_code& ec) {
    if (ec == bj::error::too_deep) return "The body is nested more than 32 levels deep.";
    return "The body is not valid JSON: " + ec.message() + ".";
}

bool is_json_media(std::string_view content_type) {
    const auto end = content_type.find(';');
    const auto media = text::fold(text::trim(content_type.substr(0, end)));
    if (media != "application/json" && media != "application/merge-patch+json") return false;
    if (end == std::string_view::npos) return true;
    auto parameter = text::fold(content_type.substr(end + 1));
    std::erase_if(parameter, [](char c) { return c == ' ' || c == '"'; });
    return !parameter.starts_with("charset=") || parameter == "charset=utf-8";
}

}  // namespace

Result<bj::value> parse(std::string_view text) {
    if (text.empty()) return Error{Errc::bad_request, "The body is empty; it must be JSON."};
    bj::parse_options options;
    options.max_depth = max_depth;
    bj::basic_parser<Handler> parser(options);
    bj::error_code ec;
    const auto used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = bj::error::extra_data;
    if (ec) return Error{Errc::bad_request, why(ec)};
    auto& twice = parser.handler().twice();
    if (!twice.empty()) return invalid(std::move(twice));
    return parser.handler().release();
}

Result<bj::object> parse_body(std::string_view body, std::string_view content_type) {
    if (!is_json_media(content_type) && !(body.empty() && content_type.empty())) {
        return Error{Errc::unsupported_media, "The body must be sent as application/json."};
    }
    auto value = parse(body);
    if (!value) return value.error();
    if (!value->is_object()) return Error{Errc::invalid, "The body must be a JSON object."};
    return std::move(value->get_object());
}

void append_string(std::string& out, std::string_view text) {
    static constexpr char hex[] = "0123456789abcdef";
    out.push_back('"');
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, from, i - from);
        from = i + 1;
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        }
    }
    out.append(text, from);
    out.push_back('"');
}

Fields::Fields(const bj::object& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

bool Fields::has(std::string_view name) const { return object_.contains({name.data(), name.size()}); }

bool Fields::has_null(std::string_view name) {
    ignore(name);
    const auto* found = object_.if_contains({name.data(), name.size()});
    if (!found || !found->is_null()) return false;
    nullable_.emplace_back(name);
    return true;
}

const bj::value* Fields::value(std::string_view name) {
    ignore(name);
    const auto* found = object_.if_contains({name.data(), name.size()});
    if (!found || !found->is_null()) return found;
    if (std::find(nullable_.begin(), nullable_.end(), name) == nullable_.end()) error(name, "must not be null");
    return nullptr;
}

std::optional<std::string> Fields::text(std::string_view name, const TextRule& rule) {
    const auto* found = value(name);
    if (!found) return std::nullopt;
    if (!found->is_string()) {
        error(name, "must be text");
        return std::nullopt;
    }
    std::string_view read(found->get_string().data(), found->get_string().size());
    if (text::has_control(read, rule.multiline)) {
        error(name, "must not hold control characters");
        return std::nullopt;
    }
    if (rule.trim) read = text::trim(read);
    const auto length = text::length(read);
    if (length < rule.min || (rule.max && length > rule.max)) {
        const auto min = std::to_string(rule.min), max = std::to_string(rule.max);
        if (!rule.max)
            error(name, "must be at least " + min + " characters");
        else if (!rule.min)
            error(name, "must be at most " + max + " characters");
        else
            error(name, "must be " + min + " to " + max + " characters");
        return std::nullopt;
    }
    return std::string(read);
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t min, std::int64_t max) {
    const auto* found = value(name);
    if (!found) return std::nullopt;
    // 1.0 and 1e3 are numbers, but no whole number as this API writes it; above int64 is out of every range.
    if (!found->is_int64() && !found->is_uint64()) {
        error(name, "must be a whole number");
        return std::nullopt;
    }
    if (found->is_uint64() || found->get_int64() < min || found->get_int64() > max) {
        error(name, out_of_range(min, max));
        return std::nullopt;
    }
    return found->get_int64();
}

std::optional<bool> Fields::boolean(std::string_view name) {
    const auto* found = value(name);
    if (!found) return std::nullopt;
    if (found->is_bool()) return found->get_bool();
    error(name, "must be true or false");
    return std::nullopt;
}

std::optional<Time> Fields::instant(std::string_view name) {
    const auto* found = value(name);
    if (!found) return std::nullopt;
    std::optional<Time> time;
    if (found->is_string()) time = parse_rfc3339({found->get_string().data(), found->get_string().size()});
    if (!time) error(name, std::string(not_an_instant));
    return time;
}

std::optional<std::string> Fields::choice(std::string_view name, const std::vector<std::string_view>& allowed) {
    const auto* found = value(name);
    if (!found) return std::nullopt;
    if (found->is_string()) {
        const std::string_view read(found->get_string().data(), found->get_string().size());
        if (std::find(allowed.begin(), allowed.end(), read) != allowed.end()) return std::string(read);
    }
    error(name, one_of(allowed));
    return std::nullopt;
}

void Fields::required(std::string_view name) {
    ignore(name);
    const auto* found = object_.if_contains({name.data(), name.size()});
    if (!found || found->is_null()) error(name, "is required");
}

void Fields::ignore(std::string_view name) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) known_.emplace_back(name);
}

void Fields::error(std::string_view name, std::string message) {
    auto field = join(prefix_, name);
    const auto same = [&field](const FieldError& e) { return e.field == field; };
    if (std::none_of(errors_.begin(), errors_.end(), same)) errors_.emplace_back(std::move(field), std::move(message));
}

Result<void> Fields::finish() {
    for (const auto& member : object_) {
        const std::string_view name(member.key().data(), member.key().size());
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
            errors_.emplace_back(join(prefix_, shown(name)), "is not a known field");
        }
    }
    if (!errors_.empty()) return invalid(std::move(errors_));
    return {};
}

std::string out_of_range(std::int64_t min, std::int64_t max) {
    if (max == std::numeric_limits<std::int64_t>::max()) return "must be at least " + std::to_string(min);
    return "must be " + std::to_string(min) + " to " + std::to_string(max);
}

std::string one_of(const std::vector<std::string_view>& allowed) {
    std::string message = "must be one of";
    for (std::size_t i = 0; i < allowed.size(); ++i) message.append(i ? ", " : ": ").append(allowed[i]);
    return message;
}

}  // namespace carillon::json
