// What a conversation remembers, in the client's hands: any replica can go on with it.
#pragma once

#include "carillon/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::chat {

enum class Act { complete, reopen, remove, restore, update, snooze };

/// A change of one task. `patch` is a merge-patch as PATCH /api/todos/{id} takes it, for Act::update; the body of its
/// /snooze for Act::snooze.
struct Step {
    Act act = Act::complete;
    std::int64_t id = 0;
    boost::json::object patch = {};
    std::int64_t version = 0;  ///< to undo: the task must still be at it
};

/// What was asked for, in the words of an answer.
struct Deed {
    std::string done;    ///< behind a title or a count: `moved to Sat 28 Nov`
    std::string button;  ///< says yes to it: `Move`
};

/// A question that waits for its answer.
struct Pending {
    bool choose = false;  ///< which of them? Otherwise: all of them, yes or no
    std::vector<Step> steps;
    Deed deed;
};

/// It says nothing that its owner could not ask for in so many words, so it needs no signature: it is checked like any
/// other input, and every id in it goes through the task service.
struct Conversation {
    std::vector<std::int64_t> about;  ///< the tasks spoken of last: `it`, `them`, `the second one`
    std::optional<Pending> pending;
    std::vector<Step> undo;  ///< takes the last change back
};

inline constexpr std::size_t most_tasks = 100;       ///< that one request changes
inline constexpr std::size_t longest_state = 65536;  ///< characters

std::string encode(const Conversation& conversation);
/// Nothing for what encode() did not write.
std::optional<Conversation> decode(std::string_view state);

}  // namespace carillon::chat
