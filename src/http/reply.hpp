// The bytes of an answer's head.
#pragma once

#include "carillon/http/message.hpp"

#include <string>

namespace carillon::http {

struct ReplyOptions {
    bool http_1_0 = false;
    bool keep_alive = true;
    bool no_store = false;  ///< says `Cache-Control: no-store` unless the answer says something else
};

/// Status line and headers into `out`, which is cleared. Throws std::logic_error if a header could split the answer (a
/// defect).
void write_head(std::string& out, const Response& response, const ReplyOptions& options);

}  // namespace carillon::http
