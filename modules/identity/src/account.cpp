#include "account.hpp"

#include "carillon/text.hpp"
#include "carillon/time/zone.hpp"
#include "passwords.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace carillon::identity {
namespace {

namespace bj = boost::json;

constexpr std::size_t max_name = 100;
constexpr std::size_t max_email = 254;      // RFC 5321 section 4.5.3.1.3, without the angle brackets
constexpr std::size_t max_local_part = 64;  // section 4.5.3.1.1
constexpr std::size_t max_timezone = 64;
constexpr json::TextRule password_to_compare{1, 1024, true, false};
constexpr json::TextRule password_to_choose{0, 1024, false, false};  // its length is judged by password_problem
constexpr json::TextRule plain_text{0, 1024, false, true};

const std::vector<std::string_view> week_starts{"monday", "sunday", "saturday"};
const std::vector<std::string_view> themes{"system", "light", "dark"};

/// Every preference with what it is until the user says otherwise.
bj::object default_preferences() {
    return {{"week_start", "monday"}, {"default_reminder_time", "09:00"},
            {"theme", "system"},      {"locale", "en"},
            {"notifications", true},  {"sounds", true},
            {"shortcuts", true}};
}

bool all_of(std::string_view text, bool (*allowed)(unsigned char)) {
    return std::all_of(text.begin(), text.end(), allowed);
}
bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(unsigned char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_blank(std::string_view text) {
    for (std::size_t start = 0, end; start < text.size(); start = end) {
        end = start + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
        if (text::trim(text.substr(start, end - start)).empty()) return true;
    }
    return false;
}

bool is_domain(std::string_view domain) {
    if (domain.empty() || domain.find("..") != domain.npos || domain.front() == '.' || domain.back() == '.')
        return false;
    if (domain.front() == '-' || domain.back() == '-') return false;
    // Other scripts pass as they are (RFC 6532); whether such a host exists is not for us to say.
    return all_of(domain, [](unsigned char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c >= 0x80; });
}

bool is_local_part(std::string_view local) {
    if (local.empty() || local.size() > max_local_part) return false;
    if (local.front() == '.' || local.back() == '.' || local.find("..") != local.npos) return false;
    return all_of(local, [](unsigned char c) {
        return is_alphanumeric(c) || c >= 0x80 ||
               std::string_view("!#$%&'*+-/=?^_`{|}~.").find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool is_email(std::string_view email) {
    if (email.size() > max_email || has_blank(email)) return false;
    const auto at = email.find('@');
    if (at == email.npos) return false;
    return is_local_part(email.substr(0, at)) && is_domain(email.substr(at + 1));
}

bool is_time_of_day(std::string_view text) {
    if (text.size() != 5 || text[2] != ':' || !all_of(text.substr(0, 2), is_digit) || !all_of(text.substr(3), is_digit))
        return false;
    return text.substr(0, 2) < "24" && text[3] < '6';
}

/// The shape of a BCP 47 tag: `de`, `pt-BR`, `zh-Hant-TW`.
bool is_locale(std::string_view text) {
    if (text.size() < 2 || text.size() > 35 || text.front() == '-' || text.back() == '-' ||
        text.find("--") != text.npos)
        return false;
    return all_of(text, [](unsigned char c) { return is_alphanumeric(c) || c == '-'; });
}

// Each reads one field and notes what is wrong with it; nothing when absent or wrong.
std::optional<std::string> read_name(json::Fields& fields) { return fields.text("name", {1, max_name, false, true}); }

std::optional<std::string> read_email(json::Fields& fields) {
    auto email = fields.text("email", plain_text);
    if (!email || is_email(*email)) return email;
    fields.error("email", "must be an e-mail address of at most 254 characters");
    return std::nullopt;
}

std::optional<std::string> read_timezone(json::Fields& fields) {
    auto zone = fields.text("timezone", {0, 1024, false, false});
    if (!zone || (zone->size() <= max_timezone && is_time_zone(*zone))) return zone;
    fields.error("timezone", "must be an IANA time zone such as Europe/Berlin");
    return std::nullopt;
}

template <class Value>
void take(bj::object& into, std::string_view name, const std::optional<Value>& value) {
    if (value) into[{name.data(), name.size()}] = *value;
}

void patch_preferences(bj::object& stored, const bj::object& patch, json::Fields& outer) {
    json::Fields fields(patch, "preferences");
    for (const auto& [name, value] : default_preferences()) {
        if (fields.has_null({name.data(), name.size()})) stored.erase(name);  // back to the default
    }
    const auto checked = [&fields](std::string_view name, bool (*valid)(std::string_view), std::string message) {
        auto text = fields.text(name, {0, 100, false, false});
        if (text && valid(*text)) return text;
        if (text) fields.error(name, std::move(message));
        return std::optional<std::string>();
    };
    take(stored, "week_start", fields.choice("week_start", week_starts));
    take(stored, "theme", fields.choice("theme", themes));
    take(stored, "default_reminder_time",
         checked("default_reminder_time", is_time_of_day, "must be a time of day such as 09:00"));
    take(stored, "locale", checked("locale", is_locale, "must be a language tag such as en or pt-BR"));
    take(stored, "notifications", fields.boolean("notifications"));
    take(stored, "sounds", fields.boolean("sounds"));
    take(stored, "shortcuts", fields.boolean("shortcuts"));
    if (const auto done = fields.finish(); !done) outer.add(done.error().fields);
}

/// An object whatever is stored.
bj::object parse_preferences(std::string_view stored) {
    bj::error_code error;
    auto value = bj::parse({stored.data(), stored.size()}, error);
    return !error && value.is_object() ? std::move(value.get_object()) : bj::object();
}

}  // namespace

Result<NewAccount> parse_sign_up(const bj::object& body) {
    json::Fields fields(body);
    for (const auto* name : {"name", "email", "password"}) fields.required(name);
    const auto name = read_name(fields);
    const auto email = read_email(fields);
    const auto password = fields.text("password", password_to_choose);
    const auto timezone = read_timezone(fields);
    if (password) {
        if (const auto problem = password_problem(*password, email.value_or(""), name.value_or(""))) {
            fields.error("password", *problem);
        }
    }
    if (const auto done = fields.finish(); !done) return done.error();
    return NewAccount{*name, *email, *password, timezone.value_or("UTC")};
}

Result<NewAccount> check_account(std::string name, std::string email, std::string password, std::string timezone) {
    for (const auto* argument : {&name, &email, &password, &timezone}) {
        if (!text::is_utf8(*argument)) return Error{Errc::invalid, "The arguments are not UTF-8."};
    }
    bj::object body{{"name", name}, {"email", email}, {"password", password}};
    if (!timezone.empty()) body["timezone"] = timezone;
    return parse_sign_up(body);
}

Result<User> patch_user(User user, const bj::object& body) {
    json::Fields fields(body);
    if (auto name = read_name(fields)) user.name = std::move(*name);
    if (auto email = read_email(fields)) user.email = std::move(*email);
    if (auto timezone = read_timezone(fields)) user.timezone = std::move(*timezone);
    if (fields.has_null("preferences")) {
        user.preferences = "{}";
    } else if (const auto* patch = fields.value("preferences")) {
        auto stored = parse_preferences(user.preferences);
        if (patch->is_object())
            patch_preferences(stored, patch->get_object(), fields);
        else
            fields.error("preferences", "must be an object");
        user.preferences = bj::serialize(stored);
    }
    if (const auto done = fields.finish(); !done) return done.error();
    return user;
}

std::optional<std::string> read_password(json::Fields& fields, std::string_view name) {
    fields.required(name);
    return fields.text(name, password_to_compare);
}

bj::object to_summary(const User& user) {
    return {{"id", user.id}, {"name", user.name}, {"email", user.email}, {"timezone", user.timezone}};
}

bj::object to_profile(const User& user) {
    auto profile = to_summary(user);
    auto preferences = default_preferences();
    for (const auto& [name, value] : parse_preferences(user.preferences)) preferences[name] = value;
    profile["preferences"] = std::move(preferences);
    profile["created_at"] = format_rfc3339(user.created_at);
    return profile;
}

std::chrono::minutes default_reminder_time(std::string_view preferences) {
    constexpr std::chrono::minutes usual{9 * 60};
    if (preferences == "{}") return usual;
    const auto stored = parse_preferences(preferences);
    const auto* time = stored.if_contains("default_reminder_time");
    if (!time || !time->is_string()) return usual;
    const std::string_view text(time->get_string().data(), time->get_string().size());
    if (!is_time_of_day(text)) return usual;
    const auto digits = [&text](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
    return std::chrono::hours{digits(0)} + std::chrono::minutes{digits(3)};
}

}  // namespace carillon::identity
