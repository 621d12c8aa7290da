#include "audit/witness.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace carillon::audit {
namespace {

constexpr std::string_view signature_mark = "\u2014 ";
constexpr std::streamoff tail = 64 * 1024;  // holds many notes

[[noreturn]] void fail(const std::string& file) {
    throw std::runtime_error("the witness file " + file + ": " + std::generic_category().message(errno));
}

/// A note is its text, an empty line, its signatures; an empty line ends it. What a torn write left has no signature:
/// it ends where a line follows that is not empty and is no signature.
void read_notes(std::istream& in, const std::function<void(std::string note)>& visit) {
    std::string note;
    bool blank = false, is_signed = false;
    const auto end = [&] {
        if (!note.empty()) visit(std::move(note));
        note.clear();
        blank = is_signed = false;
    };
    for (std::string line; std::getline(in, line);) {
        if (line.empty()) {
            if (is_signed || blank) end();
            if (!note.empty()) blank = true, note += '\n';
            continue;
        }
        const bool signature = line.starts_with(signature_mark);
        if ((blank || is_signed) && !signature) end();
        is_signed = signature;
        note += line + "\n";
    }
    end();
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

void read_witness(const std::string& file, const std::function<void(std::string note)>& visit) {
    std::ifstream in(file, std::ios::binary);
    if (in)
        read_notes(in, visit);
    else if (std::filesystem::exists(file))
        fail(file);
}

std::optional<std::uint64_t> claimed_size(std::string_view note) {
    const auto line = note.find('\n');
    if (line == note.npos || note.find("\n\n" + std::string(signature_mark)) == note.npos) return std::nullopt;
    std::uint64_t size = 0;
    const auto* const begin = note.data() + line + 1;
    const auto [end, error] = std::from_chars(begin, note.data() + note.size(), size);
    if (error != std::errc{} || *end != '\n') return std::nullopt;
    return size;
}

std::uint64_t last_witnessed(const std::string& file) {
    std::uint64_t last = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) return 0;
    in.seekg(0, std::ios::end);
    in.seekg(std::max<std::streamoff>(0, in.tellg() - tail));
    read_notes(in, [&last](const std::string& note) { last = claimed_size(note).value_or(last); });
    return last;
}

}  // namespace carillon::audit
