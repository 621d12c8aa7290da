// JSON logs, one object a line: {"time","level","message",…fields}. Fields never hold secrets, tokens or passwords.
#pragma once

#include <boost/json/object.hpp>

#include <string_view>

namespace carillon::log {

enum class Level { debug, info, warn, error };

/// `debug` | `info` | `warn` | `error`. Lines go to stderr, but `ready` below.
void set_level(Level level);
bool enabled(Level level);
void write(Level level, std::string_view message, const boost::json::object& fields = {});

inline void debug(std::string_view m, const boost::json::object& f = {}) {
    if (enabled(Level::debug)) write(Level::debug, m, f);
}
inline void info(std::string_view m, const boost::json::object& f = {}) { write(Level::info, m, f); }
inline void warn(std::string_view m, const boost::json::object& f = {}) { write(Level::warn, m, f); }
inline void error(std::string_view m, const boost::json::object& f = {}) { write(Level::error, m, f); }

}  // namespace carillon::log
