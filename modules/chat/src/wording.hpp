// Times in words, both ways: what a message says, and what an answer says.
#pragma once

#include "calendar.hpp"
#include "task/task.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace carillon::chat {

std::string quoted(const task::Todo& todo);
/// `1 task`, `4 tasks`
std::string count_of_tasks(std::size_t count);
/// `Sat 28 Nov`, `Sat 28 Nov 17:00`; with the year where it is another one.
std::string in_words(Time instant, bool all_day, const Present& present);
/// ` due Sat 28 Nov`, ` has no due date`: what follows `"Pay rent" is` or its name.
std::string due_in_words(const task::Todo& todo, const Present& present);

/// A time said in words, as quick add reads it; or the reply that says why there is none.
struct Said {
    std::optional<Time> time;
    bool all_day = false;
    std::string why;
};

enum class As { due, reminder };
Said read_time(const std::string& words, As as, const Present& present);

/// `2 days`, `a week`, `3h`: as far behind `from` as that, at the same time of day where it is days or more.
std::optional<Time> shifted(Time from, const std::string& words, std::string_view zone);

}  // namespace carillon::chat
