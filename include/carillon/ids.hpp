// Identifiers and random material, from libsodium's generator.
#pragma once

#include "carillon/time/instant.hpp"

#include <string>
#include <string_view>

namespace carillon {

/// UUID version 7 (RFC 9562 section 5.7), lower case; increasing within the process for the same millisecond.
std::string uuid_v7(Time now);
/// True for a lower-case UUID in 8-4-4-4-12 form.
bool is_uuid(std::string_view text);
/// `bytes` random bytes in base64url without padding.
std::string random_token(std::size_t bytes);
/// SHA-256 of `data`, lower-case hex.
std::string sha256_hex(std::string_view data);
/// Base64 (RFC 4648 section 4); decoding what is none gives nothing.
std::string to_base64(std::string_view bytes);
std::string from_base64(std::string_view text);

}  // namespace carillon
