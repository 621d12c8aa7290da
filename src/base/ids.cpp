#include "carillon/ids.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace carillon {

namespace {
void need_sodium() {
    static const int ready = sodium_init();
    if (ready < 0) throw std::runtime_error("libsodium could not start");
}

std::string hex(const unsigned char* bytes, std::size_t n) {
    std::string out(n * 2 + 1, '\0');
    sodium_bin2hex(out.data(), out.size(), bytes, n);
    out.pop_back();
    return out;
}
/// What a character of base64 stands for; above 63 what is none.
unsigned sextet(char c) {
    static constexpr auto table = [] {
        std::array<unsigned char, 256> values{};
        values.fill(255);
        constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (std::size_t i = 0; i < alphabet.size(); ++i)
            values[static_cast<unsigned char>(alphabet[i])] = static_cast<unsigned char>(i);
        return values;
    }();
    return table[static_cast<unsigned char>(c)];
}

}  // namespace

std::string uuid_v7(Time now) {
    need_sodium();
    // RFC 9562 section 6.2, method 2: within one millisecond the random tail counts up.
    static std::mutex mutex;
    static std::uint64_t last_ms = 0;
    static std::uint64_t tail = 0;
    const auto ms = static_cast<std::uint64_t>(to_micros(now) / 1000);
    std::uint64_t stamp, low;
    std::uint32_t high = 0;
    randombytes_buf(&high, sizeof high);
    {
        const std::lock_guard lock(mutex);
        if (ms > last_ms) {
            last_ms = ms;
            randombytes_buf(&tail, sizeof tail);
            tail &= 0x1fffffffffffffff;  // room to count up within 62 bits
        } else {
            tail += 1 + (high & 0xffff);
        }
        stamp = last_ms;
        low = tail;
    }
    std::array<unsigned char, 16> b{};
    for (int i = 0; i < 6; ++i) b[i] = static_cast<unsigned char>(stamp >> (8 * (5 - i)));
    // The counter fills rand_a and the top of rand_b, so that ids sort in the order they were made.
    b[6] = static_cast<unsigned char>(0x70 | ((low >> 58) & 0x0f));
    b[7] = static_cast<unsigned char>(low >> 50);
    b[8] = static_cast<unsigned char>(0x80 | ((low >> 44) & 0x3f));
    for (int i = 0; i < 5; ++i) b[9 + i] = static_cast<unsigned char>(low >> (36 - 8 * i));
    b[14] = static_cast<unsigned char>(((low & 0x0f) << 4) | ((high >> 16) & 0x0f));
    b[15] = static_cast<unsigned char>(high >> 24);
    const auto h = hex(b.data(), b.size());
    return fmt::format("{}-{}-{}-{}-{}", h.substr(0, 8), h.substr(8, 4), h.substr(12, 4), h.substr(16, 4),
                       h.substr(20));
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return false;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

std::string random_token(std::size_t bytes) {
    need_sodium();
    std::vector<unsigned char> raw(bytes);
    randombytes_buf(raw.data(), raw.size());
    std::string out(sodium_base64_encoded_len(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(out.data(), out.size(), raw.data(), raw.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out.pop_back();  // the terminating NUL
    return out;
}

std::string sha256_hex(std::string_view data) {
    need_sodium();
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest;
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(data.data()), data.size());
    return hex(digest.data(), digest.size());
}

std::string to_base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    out.pop_back();
    return out;
}

std::string from_base64(std::string_view text) {
    std::string out(text.size() / 4 * 3 + 3, '\0');
    auto* const bytes = reinterpret_cast<unsigned char*>(out.data());
    // libsodium decodes in constant time, which is slow: it judges only the end, where padding may stand.
    const auto plain = text.size() % 4 == 0 && !text.empty() ? text.size() - 4 : 0;
    std::size_t done = 0;
    for (std::size_t i = 0; i < plain; i += 4) {
        const auto a = sextet(text[i]), b = sextet(text[i + 1]), c = sextet(text[i + 2]), d = sextet(text[i + 3]);
        if ((a | b | c | d) > 63) return {};
        bytes[done++] = static_cast<unsigned char>(a << 2 | b >> 4);
        bytes[done++] = static_cast<unsigned char>(b << 4 | c >> 2);
        bytes[done++] = static_cast<unsigned char>(c << 6 | d);
    }
    for (const char c : text.substr(plain)) {  // of bytes above 127 it takes some for a character
        if (c != '=' && sextet(c) > 63) return {};
    }
    std::size_t size = 0;
    if (sodium_base642bin(bytes + done, out.size() - done, text.data() + plain, text.size() - plain, nullptr, &size,
                          nullptr, sodium_base64_VARIANT_ORIGINAL) != 0)
        return {};
    out.resize(done + size);
    return out;
}

}  // namespace carillon
