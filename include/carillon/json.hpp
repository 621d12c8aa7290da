// Strict JSON: duplicate keys, deep nesting, bad UTF-8 and lone surrogates are refused, every wrong field is named.
#pragma once

#include "carillon/error.hpp"
#include "carillon/time/instant.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::json {

namespace bj = boost::json;

/// Parses one JSON text (RFC 8259). Fails with: bad_request (not JSON, depth over 32, invalid UTF-8 or surrogates),
/// invalid (a key given twice, named by its path).
Result<bj::value> parse(std::string_view text);
/// parse() for a body that must be an object. Fails also with: unsupported_media unless `content_type` is
/// application/json (or application/merge-patch+json), invalid when it is not an object.
Result<bj::object> parse_body(std::string_view body, std::string_view content_type);
/// Appends `text` as a JSON string with quotes.
void append_string(std::string& out, std::string_view text);

/// What text may hold: by default no control characters at all.
struct TextRule {
    std::size_t min = 0;  ///< in characters (code points), after trimming
    std::size_t max = 0;
    bool multiline = false;  ///< allows tab, CR and LF
    bool trim = true;        ///< cuts white space (Unicode) at both ends
};

/// Reads the fields of an object, collecting every wrong one. Getters return nothing for absent or wrong fields; ask
/// errors() or finish(). `null` is wrong unless asked for by has_null().
class Fields {
public:
    explicit Fields(const bj::object& object, std::string prefix = {});
    bool has(std::string_view name) const;  ///< present, null or not
    bool has_null(std::string_view name);   ///< present and null; notes the name as known
    std::optional<std::string> text(std::string_view name, const TextRule& rule);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
    std::optional<bool> boolean(std::string_view name);
    std::optional<Time> instant(std::string_view name);
    std::optional<std::string> choice(std::string_view name, const std::vector<std::string_view>& allowed);
    const bj::value* value(std::string_view name);           ///< present and not null; notes the name as known
    void required(std::string_view name);                    ///< an error when absent or null
    void ignore(std::string_view name);                      ///< known, not read
    void error(std::string_view name, std::string message);  ///< the first error of a field is the one that stays
    void add(const std::vector<FieldError>& errors) { errors_.insert(errors_.end(), errors.begin(), errors.end()); }
    const std::vector<FieldError>& errors() const { return errors_; }
    /// Adds an error for each unknown field; invalid with all of them, or ok.
    Result<void> finish();

private:
    const bj::object& object_;
    std::string prefix_;
    std::vector<std::string> known_;
    std::vector<std::string> nullable_;  // null and asked for by has_null()
    std::vector<FieldError> errors_;
};

// The messages that query parameters share with fields.
inline constexpr std::string_view not_an_instant = "must be a date and time with offset, such as 2027-02-28T08:00:00Z";
std::string out_of_range(std::int64_t min, std::int64_t max);
std::string one_of(const std::vector<std::string_view>& allowed);

}  // namespace carillon::json
