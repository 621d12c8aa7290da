// What a parsed line says to people and programs.
#pragma once

#include "chat/quick_add.hpp"

namespace carillon::chat {

/// `YYYY-MM-DDThh:mm:ss±hh:mm` with the offset of `zone` at that instant.
std::string format_local(Time instant, std::string_view zone);
/// One plain sentence on an error; `piece` is the text it is about.
std::string explain(const LineError& error, std::string_view piece);

}  // namespace carillon::chat
