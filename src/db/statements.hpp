// Kept prepared statements of one SOCI session. Each is bound once, to slots that live as long as it does.
#pragma once

#include "carillon/db/session.hpp"
#include "sql_text.hpp"

#include <soci/soci.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace carillon::db {

/// A place SOCI reads a parameter from or writes a column to.
struct Slot {
    Column type;
    soci::indicator indicator = soci::i_ok;
    long long integer = 0;
    std::string text;
};

/// One prepared statement for one list of parameter and column types (SOCI fixes them when it binds).
class Statement {
public:
    Statement(soci::session& session, const SqlText& sql, std::span<const Param> params,
              std::span<const Column> columns);
    bool matches(std::span<const Param> params, std::span<const Column> columns) const noexcept;
    void bind(std::span<const Param> params);
    /// Makes SOCI's bindings anew: it leaks a parameter's buffer when a PostgreSQL statement fails.
    void rebind();

    soci::statement& soci() noexcept { return statement_; }
    const std::vector<Slot>& columns() const noexcept { return columns_; }

    bool running = false;  ///< being read: a nested use of the same text gets a statement of its own

private:
    std::vector<Slot> params_, columns_;
    soci::statement statement_;  // destroyed before the slots it points into
};

class Statements {
public:
    explicit Statements(soci::session& session) : session_(session) {}
    /// The kept statement, or a new one. At most `capacity` texts are kept; the longest unused goes first.
    Statement& find(std::string_view sql, std::span<const Param> params, std::span<const Column> columns);
    void drop(std::string_view sql, const Statement& statement);
    void clear() { kept_.clear(); }

    static constexpr std::size_t capacity = 256;

private:
    struct Kept {
        SqlText sql;
        std::vector<std::unique_ptr<Statement>> variants;
        std::uint64_t used = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    void make_room();

    soci::session& session_;
    std::unordered_map<std::string, Kept, Hash, std::equal_to<>> kept_;
    std::uint64_t uses_ = 0;
};

}  // namespace carillon::db
