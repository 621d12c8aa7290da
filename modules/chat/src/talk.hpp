// One message and its answer, within the caller's transaction.
#pragma once

#include "calendar.hpp"
#include "conversation.hpp"
#include "task/task.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace carillon::chat {

enum class Outcome { answered, done, asks, refused };

struct Answer {
    Outcome outcome = Outcome::refused;
    std::string reply;  ///< one or two plain sentences
    std::vector<task::Todo> todos;
    std::vector<std::string> choices;  ///< messages that answer the question
    Conversation conversation;
};

/// Understands `message` and acts on it as `who` (actor `chat`). Fails with what the transaction must not survive:
/// unavailable. A refusal is an Answer.
Result<Answer> talk(db::Transaction& tx, task::TaskService& tasks, const Principal& who, const Present& present,
                    Conversation conversation, std::string_view message);

}  // namespace carillon::chat
