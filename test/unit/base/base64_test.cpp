#include "carillon/ids.hpp"

#include <catch2/catch.hpp>

using namespace carillon;

TEST_CASE("base64 gives back the bytes of any length, and nothing where a character is wrong") {
    std::string bytes;
    for (int length = 0; length < 300; ++length) {
        CHECK(from_base64(to_base64(bytes)) == bytes);
        bytes += static_cast<char>(length * 37 + length / 7);
    }
    const auto text = to_base64(bytes);
    for (std::size_t at = 0; at < text.size(); ++at) {
        for (const char wrong : {'*', '-', '\n', '\0', '\xe9'}) {
            auto spoiled = text;
            spoiled[at] = wrong;
            CHECK(from_base64(spoiled).empty());
        }
    }
    for (const auto* wrong : {"A", "AAAA=", "AAAA====", "A===AAAA", "AA==AAAA", "AAAAAA=", "AAAAAB==", "AAAAAAB="})
        CHECK(from_base64(wrong).empty());
}
