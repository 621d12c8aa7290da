#include "carillon/metrics.hpp"

#include <prometheus/text_serializer.h>

namespace carillon {

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(registry_.Collect()); }

}  // namespace carillon
