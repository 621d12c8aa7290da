#include "audit/witness.hpp"

#include "carillon/ids.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace carillon::audit {
namespace {

constexpr std::string_view signature_mark = "\u2014 ";
constexpr std::size_t signature_size = 4 + 64;  // what a torn write left of one is shorter
constexpr std::uint64_t tail = 64 * 1024;       // holds many notes

[[noreturn]] void fail(const std::string& file) {
    throw std::runtime_error("the witness file " + file + ": " + std::generic_category().message(errno));
}

}  // namespace

void append_to_witness(const std::string& file, const std::vector<StoredCheckpoint>& checkpoints) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) fail(file);
    std::string text;
    const auto size = ::lseek(descriptor, 0, SEEK_END);
    char last[2] = {'\n', '\n'};
    if (size >= 2 && ::pread(descriptor, last, 2, size - 2) != 2) last[1] = 0;
    if (last[0] != '\n' || last[1] != '\n') text = "\n\n";  // a torn write ended the file
    for (const auto& checkpoint : checkpoints) text += checkpoint.note + "\n";
    const bool written =
        ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written) fail(file);
}

WitnessReader::WitnessReader(const std::string& file, std::uint64_t last_bytes) : in_(file, std::ios::binary) {
    if (!in_ && std::filesystem::exists(file)) fail(file);
    if (!in_) return;
    in_.seekg(0, std::ios::end);
    const auto size = static_cast<std::uint64_t>(in_.tellg());
    left_ = std::min(size, last_bytes);
    in_.seekg(static_cast<std::streamoff>(size - left_));
}

bool WitnessReader::take_line(std::string& line) {
    if (ahead_) {
        line = std::move(*ahead_);
        ahead_.reset();
        return true;
    }
    if (left_ == 0 || !std::getline(in_, line)) return false;
    left_ -= std::min<std::uint64_t>(left_, line.size() + 1);
    return true;
}

/// A note is its text, an empty line, its signatures; an empty line ends it. What a torn write left has no signature:
/// it ends where a line follows that is not empty and is no signature.
std::optional<std::string> WitnessReader::next() {
    std::string note;
    bool blank = false, is_signed = false;
    for (std::string line; take_line(line);) {
        if (line.empty()) {
            if (is_signed || blank) return note;
            if (!note.empty()) blank = true, note += '\n';
            continue;
        }
        const bool signature = line.starts_with(signature_mark);
        if ((blank || is_signed) && !signature) {
            ahead_ = std::move(line);
            return note;
        }
        is_signed = signature;
        note += line + "\n";
    }
    if (note.empty()) return std::nullopt;
    return note;
}

std::optional<std::uint64_t> claimed_size(std::string_view note) {
    const auto line = note.find('\n');
    const auto last = note.rfind(' ');
    if (line == note.npos || last == note.npos || note.find("\n\n" + std::string(signature_mark)) == note.npos ||
        from_base64(note.substr(last + 1, note.size() - last - 2)).size() != signature_size)
        return std::nullopt;
    std::uint64_t size = 0;
    const auto* const begin = note.data() + line + 1;
    const auto [end, error] = std::from_chars(begin, note.data() + note.size(), size);
    if (error != std::errc{} || *end != '\n') return std::nullopt;
    return size;
}

std::uint64_t last_witnessed(const std::string& file) {
    std::uint64_t last = 0;
    WitnessReader reader(file, tail);
    while (const auto note = reader.next()) last = claimed_size(*note).value_or(last);
    return last;
}

}  // namespace carillon::audit
