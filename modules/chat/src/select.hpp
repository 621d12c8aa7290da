// Finds the tasks that a message speaks of.
#pragma once

#include "calendar.hpp"
#include "conversation.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace carillon::chat {

/// What a list is asked for by.
struct Filter {
    task::Status status = task::Status::active;
    std::optional<task::Priority> priority;
    std::optional<std::string> tag;  ///< folded
    bool late = false;
    bool undated = false;
    std::optional<std::pair<Day, Day>> days;  ///< first and last
    std::string text;                         ///< folded words that no other filter took, all of them in the title

    bool takes(const task::Todo& todo, const Present& present) const;
};

/// `late`, `due this week`, `tagged home`, `high priority`, `about rent`.
Filter read_filter(std::string_view words, const Present& present);

struct Selection {
    std::vector<task::Todo> todos;  ///< by due date, then priority
    bool bulk = false;              ///< several were meant
};

/// `the second one`, `last`: which of `count` that is. May be beyond them.
std::optional<std::size_t> place_of(std::string_view words, std::size_t count);
/// `it`, `both`, `the second one`: of the tasks spoken of before.
bool is_pronoun(std::string_view target);

class Selector {
public:
    Selector(db::Session& session, task::TaskService& tasks, const std::string& user_id, const Present& present,
             const Conversation& conversation)
        : session_(session), tasks_(tasks), user_id_(user_id), present_(present), conversation_(conversation) {}

    std::vector<task::Todo> list(const Filter& filter) const;
    /// The tasks that `target` names; none where there are none.
    Selection find(std::string_view target, task::Status status) const;

private:
    std::vector<task::Todo> spoken_of() const;
    Selection by_name(std::string_view target, task::Status status) const;

    db::Session& session_;
    task::TaskService& tasks_;
    const std::string& user_id_;
    const Present& present_;
    const Conversation& conversation_;
};

}  // namespace carillon::chat
