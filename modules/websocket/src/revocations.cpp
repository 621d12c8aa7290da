#include "revocations.hpp"

#include <algorithm>

namespace carillon::websocket {

void Revocations::add(const std::string& user_id, const std::string& credential_id, Time now) {
    const std::lock_guard lock{mutex_};
    while (!entries_.empty() && entries_.front().at < now - kept_for) entries_.pop_front();
    entries_.push_back({user_id, credential_id, now});
}

bool Revocations::ended_since(const Principal& who, Time since) const {
    const std::lock_guard lock{mutex_};
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.at >= since && entry.user_id == who.user_id && concerns(who, entry.credential_id);
    });
}

}  // namespace carillon::websocket
