// Many tasks in one statement (PostgreSQL), of any module.
#pragma once

#include "task/task.hpp"

namespace carillon::task {

/// `FROM {key_table} CROSS JOIN LATERAL (…)`: a row `(u, t)`, user and task, for each key; its parameters come first.
constexpr std::string_view key_table =
    "unnest(string_to_array(:users, chr(10)), CAST(string_to_array(:ids, ',') AS BIGINT[])) AS k (u, t)";

struct KeyTableParams {
    std::string users, ids;
};

inline KeyTableParams params_of(const std::vector<TaskKey>& keys) {
    KeyTableParams params;
    for (const auto& key : keys) {
        params.users.append(params.users.empty() ? "" : "\n").append(key.user_id);
        params.ids.append(params.ids.empty() ? "" : ",").append(std::to_string(key.id));
    }
    return params;
}

}  // namespace carillon::task
