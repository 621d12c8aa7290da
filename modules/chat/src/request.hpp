// What a message asks for, in words alone: no task is looked at yet.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::chat {

enum class Verb {
    list,
    add,
    complete,
    reopen,
    remove,
    move,
    shift,  ///< by so much
    undate,
    snooze,
    remind,
    rename,
    repeat,
    stop_repeating,
    prioritise,
    tag,
    untag,
    when,
    next,
    thanks,
    undo,
    yes,
    no,
    help,
    unknown
};

struct Ask {
    Verb verb = Verb::unknown;
    std::string target;  ///< which tasks, in the user's words: `the rent one`, `everything tagged home`, `it`
    std::string value;   ///< where to: a time, a priority, a tag, a quick-add line
};

/// A message of any content. Verbs count at its beginning only, so that what is quoted within it is never carried out.
Ask read_ask(std::string_view message);

/// ASCII letters in lower case, blanks single, no punctuation at the end.
std::string plain(std::string_view message);

}  // namespace carillon::chat
