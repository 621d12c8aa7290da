// One request of a command, which waits for its answer.
#pragma once

#include "carillon/http/client.hpp"

#include <chrono>
#include <string>

namespace carillon::cli {

/// Fails with what http::Client::send() fails with, within `limit`.
Result<http::Answer> ask(http::ClientOptions options, std::string target, http::Method method = http::Method::get,
                         std::chrono::milliseconds limit = std::chrono::seconds{3});

}  // namespace carillon::cli
