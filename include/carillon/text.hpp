// Unicode text, by utf8proc.
#pragma once

#include <string>
#include <string_view>

namespace carillon::text {

bool is_utf8(std::string_view text);
/// Code points; `text` must be UTF-8.
std::size_t length(std::string_view text);
/// Unicode white space cut at both ends.
std::string_view trim(std::string_view text);
/// NFC and full case folding, for comparing and searching; idempotent.
std::string fold(std::string_view text);
/// NFC only.
std::string normalize(std::string_view text);
/// True when there is a C0, DEL or C1 control character, or a noncharacter; tab, CR and LF pass if `multiline`.
bool has_control(std::string_view text, bool multiline);
/// True when every character is a letter, a mark of one, a digit (of any script) or a hyphen, and there is at least one
/// letter or digit.
bool is_tag_name(std::string_view text);

}  // namespace carillon::text
