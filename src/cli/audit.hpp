// `carillon audit …` that reads a log or its keys without a running Application.
#pragma once

#include "app/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace carillon::cli {

/// `audit verify`: the whole database and the witness; a progress bar on a terminal. With `keys` only those are trusted
/// and the key file is not read.
int audit_verify(const Config& config, const std::vector<std::string>& keys);
/// `audit verify-export FILE`: neither server nor database nor key file.
int audit_verify_export(const std::string& file, const std::vector<std::string>& keys);
/// `audit replay`: a task as it was.
int audit_replay(const Config& config, const std::string& at, std::int64_t task_id);
/// `audit key`: the public keys. `audit make-key` and `audit rotate-key`: the key file.
int audit_key(const Config& config);
int audit_make_key(const Config& config);
int audit_rotate_key(const Config& config);

}  // namespace carillon::cli
