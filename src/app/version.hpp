#pragma once

#include <string_view>

namespace carillon {
/// Of the build, such as `0.1.0`.
std::string_view version();
}  // namespace carillon
