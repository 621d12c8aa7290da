#include "lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace carillon::db {

LockFile::LockFile(const std::string& database_path) {
    const std::string path = database_path + ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0)
        throw std::runtime_error("cannot open " + path + ": " + std::generic_category().message(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        char holder[32];
        const auto length = ::pread(descriptor_, holder, sizeof holder, 0);
        ::close(descriptor_);
        if (error != EWOULDBLOCK)
            throw std::runtime_error("cannot lock " + path + ": " + std::generic_category().message(error));
        std::string process{holder, static_cast<std::size_t>(length > 0 ? length : 0)};
        while (!process.empty() && process.back() == '\n') process.pop_back();
        throw std::runtime_error(database_path + " is in use by process " + (process.empty() ? "(unknown)" : process) +
                                 ", which holds " + path);
    }
    // For people and for the message above; the lock itself ends with the process.
    const std::string process = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor_, 0) != 0 || ::pwrite(descriptor_, process.data(), process.size(), 0) < 0) {
        ::close(descriptor_);
        throw std::runtime_error("cannot write " + path);
    }
}

LockFile::~LockFile() { ::close(descriptor_); }

}  // namespace carillon::db
