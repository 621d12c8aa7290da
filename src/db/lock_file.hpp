// `<database>.lock`: only one process may write or checkpoint an SQLite database (DESIGN 3).
#pragma once

#include <string>

namespace carillon::db {

class LockFile {
public:
    /// Throws std::runtime_error naming the process that holds it.
    explicit LockFile(const std::string& database_path);
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

private:
    int descriptor_;
};

}  // namespace carillon::db
