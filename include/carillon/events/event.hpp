// A CloudEvent as Carillon makes it (CloudEvents 1.0; names in docs/api/asyncapi.yaml).
#pragma once

#include "carillon/error.hpp"
#include "carillon/time/instant.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace carillon {

inline constexpr std::string_view task_events_topic = "task-events";
inline constexpr std::string_view reminder_events_topic = "reminder-events";

struct Event {
    std::string id;             ///< `evt-<uuid v7>`
    std::string type;           ///< `task.created`, …
    std::string topic;          ///< task-events or reminder-events
    std::string user_id;        ///< partition key
    std::int64_t task_id = 0;   ///< `subject`
    std::int64_t sequence = 0;  ///< per user, counting up by one
    Time time{};
    std::string actor;
    std::string traceparent;  ///< may be empty: then the attribute is left out
    std::string data;         ///< JSON object text, never rewritten
};

/// The topic events of `type` are published on.
std::string_view topic_of(std::string_view type);
/// Structured-mode JSON of the event (CloudEvents 1.0 JSON format, section 3); a pure function of it, so that every
/// copy is byte for byte the same. `sequence` is a JSON number, which clients compare; `data` comes last, its bytes as
/// they are.
std::string to_cloudevent(const Event& event);
/// Reads structured-mode JSON; unknown attributes are ignored, the bytes of `data` are kept. Fails with: invalid.
Result<Event> parse_cloudevent(std::string_view json);

}  // namespace carillon
