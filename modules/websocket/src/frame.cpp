#include "frame.hpp"

#include <cstdint>

namespace carillon::websocket {

Frame text_frame(std::string_view payload) {
    std::string bytes;
    bytes.reserve(payload.size() + 10);
    bytes.push_back(static_cast<char>(0x81));  // FIN, text
    const std::uint64_t size = payload.size();
    int length_bytes = 0;
    if (size < 126) {
        bytes.push_back(static_cast<char>(size));
    } else if (size <= 0xffff) {
        bytes.push_back(126);
        length_bytes = 2;
    } else {
        bytes.push_back(127);
        length_bytes = 8;
    }
    for (int i = length_bytes - 1; i >= 0; --i) bytes.push_back(static_cast<char>((size >> (8 * i)) & 0xff));
    bytes.append(payload);
    return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace carillon::websocket
