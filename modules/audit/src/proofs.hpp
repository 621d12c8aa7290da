// Proofs as the API answers them and as an export carries them (docs/audit.md).
#pragma once

#include "audit/tree.hpp"
#include "carillon/db/session.hpp"
#include "carillon/error.hpp"
#include "carillon/http/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::audit {

/// Fails with: not_found (no checkpoint yet).
Result<http::Response> checkpoint_answer(db::Session& session, const std::vector<VerifierKey>& keys);
/// Of one's own entry, in the latest checkpoint. Fails with: not_found.
Result<http::Response> proof_answer(db::Session& session, std::string_view user_id, std::int64_t position);
/// Fails with: not_found (no checkpoint yet), invalid (beyond the latest checkpoint, from above to).
Result<http::Response> consistency_answer(db::Session& session, std::int64_t from, std::optional<std::int64_t> to);
/// A user's entries after a position, oldest first, with their proofs; `Link: rel="next"` where there are more.
http::Response export_answer(db::Session& session, std::string_view user_id, std::int64_t after, int limit);

inline constexpr std::string_view export_format = "carillon-audit-export/1";

}  // namespace carillon::audit
