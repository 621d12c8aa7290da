// What the sidecar delivers, unpacked to the records that Kafka holds: private to src/dapr.
#pragma once

#include "carillon/error.hpp"
#include "carillon/http/message.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::dapr {

struct Record {
    std::string entry_id;  ///< of a bulk delivery
    std::string place;     ///< `topic/partition/offset`, as far as told
    std::string bytes;     ///< should be a CloudEvent in structured mode
};

struct Delivery {
    bool bulk = false;
    std::vector<Record> records;
};

/// Bulk envelopes, single CloudEvents in structured mode, raw payloads wrapped by the sidecar, and CloudEvents in
/// binary mode (CloudEvents HTTP protocol binding 3.1; Kafka protocol binding 3.2), which are put together to
/// structured ones. Fails with: invalid, when it is no bulk envelope and holds no record.
///
/// `wants`, by the record's key: a bulk record that nobody wants keeps only its entry_id.
Delivery unpack(const http::Request& request, const std::function<bool(std::string_view key)>& wants = {});

}  // namespace carillon::dapr
