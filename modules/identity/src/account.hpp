// What requests may say about an account, and how it is shown.
#pragma once

#include "carillon/error.hpp"
#include "carillon/json.hpp"
#include "identity/identity.hpp"
#include "repository.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::identity {

struct NewAccount {
    std::string name;
    std::string email;
    std::string password;
    std::string timezone;
};

/// `{name,email,password,timezone?}`. Fails with: invalid.
Result<NewAccount> parse_sign_up(const boost::json::object& body);
/// The same from the command line.
Result<NewAccount> check_account(std::string name, std::string email, std::string password, std::string timezone);
/// Applies a merge-patch of `{name,email,timezone,preferences}`. Fails with: invalid.
Result<User> patch_user(User user, const boost::json::object& body);
/// A password to be compared, not chosen: any text that could have been one.
std::optional<std::string> read_password(json::Fields& fields, std::string_view name);

/// `{id,name,email,timezone}`
boost::json::object to_summary(const User& user);
/// `{id,name,email,timezone,preferences,created_at}`
boost::json::object to_profile(const User& user);

/// The bell of an all-day task, from stored preferences.
std::chrono::minutes default_reminder_time(std::string_view preferences);

}  // namespace carillon::identity
