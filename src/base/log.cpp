#include "carillon/log.hpp"

#include "carillon/time/clock.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <boost/json/serialize.hpp>

#include <ctime>

#include <fmt/format.h>

namespace carillon::log {

namespace {
spdlog::logger& logger() {
    static const auto instance = [] {
        auto made = std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_pattern("%v");
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *instance;
}

spdlog::level::level_enum spd(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string_view name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

// Not format_rfc3339: the kernel's base must not need the time library.
std::string stamp() {
    const auto now = SystemClock{}.now();
    const auto seconds = static_cast<std::time_t>(to_unix_seconds(now));
    std::tm tm{};
    gmtime_r(&seconds, &tm);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                       tm.tm_hour, tm.tm_min, tm.tm_sec, to_micros(now) % 1'000'000);
}
}  // namespace

void set_level(Level level) { logger().set_level(spd(level)); }
bool enabled(Level level) { return logger().should_log(spd(level)); }

void write(Level level, std::string_view message, const boost::json::object& fields) {
    if (!enabled(level)) return;
    boost::json::object line{{"time", stamp()}, {"level", name(level)}, {"message", message}};
    for (const auto& [key, value] : fields) line.emplace(key, value);
    logger().log(spd(level), spdlog::string_view_t(boost::json::serialize(line)));
}

}  // namespace carillon::log
