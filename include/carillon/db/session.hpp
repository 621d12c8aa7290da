// A database session as modules see it: named parameters, typed columns, statements kept prepared.
// SOCI stays in src/db. The same SQL text runs on SQLite and PostgreSQL unless backend() is asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace carillon::db {

enum class Backend { sqlite, postgresql };

/// Thrown for what SQL statements meet; Database turns it into an Error at the edge of the transaction.
/// `unique` may be caught by a repository to answer conflict (on PostgreSQL only under a savepoint()).
class DatabaseError : public std::runtime_error {
public:
    enum class Kind { unique, constraint, unavailable, serialization, refused, other };
    DatabaseError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    Kind kind() const noexcept { return kind_; }

private:
    Kind kind_;
};

enum class Column : std::uint8_t { integer, text };

/// A value bound to a `:name` of the statement. Integers, bools, strings and optionals of them convert by themselves.
struct Param {
    Param(std::int64_t v) : type(Column::integer), integer(v) {}
    Param(int v) : type(Column::integer), integer(v) {}
    Param(bool v) : type(Column::integer), integer(v ? 1 : 0) {}
    Param(std::string_view v) : type(Column::text), text(v) {}
    Param(const std::string& v) : type(Column::text), text(v) {}
    Param(const char* v) : type(Column::text), text(v) {}
    template <class T>
    Param(const std::optional<T>& v) : Param(v ? Param(*v) : null_of<T>()) {}

    Column type;
    bool null = false;
    std::int64_t integer = 0;
    std::string_view text;

private:
    template <class T>
    static Param null_of() {
        Param p{[] { if constexpr (std::is_integral_v<T>) return std::int64_t{0}; else return std::string_view{}; }()};
        p.null = true;
        return p;
    }
};

/// One column of the row being read. Reading NULL as a plain type throws (a defect): ask for std::optional.
class Row {
public:
    virtual ~Row() = default;
    virtual bool is_null(std::size_t column) const = 0;
    virtual std::int64_t integer(std::size_t column) const = 0;
    virtual const std::string& text(std::size_t column) const = 0;
};

namespace detail {
template <class T> struct unwrap { using type = T; };
template <class T> struct unwrap<std::optional<T>> { using type = T; };
template <class T>
inline constexpr Column column_of = std::is_same_v<typename unwrap<T>::type, std::string> ? Column::text : Column::integer;

template <class T>
T read_column(const Row& row, std::size_t i) {
    if constexpr (!std::is_same_v<T, typename unwrap<T>::type>) {
        if (row.is_null(i)) return std::nullopt;
        return read_column<typename unwrap<T>::type>(row, i);
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (row.is_null(i)) throw std::logic_error("NULL read as text");
        return row.text(i);
    } else {
        static_assert(std::is_integral_v<T>, "columns are integers, bools and strings");
        if (row.is_null(i)) throw std::logic_error("NULL read as integer");
        return static_cast<T>(row.integer(i));
    }
}
}  // namespace detail

/// Not thread-safe; lent for the length of one callback. Result rows are always read to the end, so that no
/// statement is left open. Parameters are bound in the order in which their names first appear in the text.
class Session {
public:
    virtual ~Session() = default;
    virtual Backend backend() const noexcept = 0;

    /// Runs a statement; rows affected. Throws DatabaseError.
    template <class... In>
    std::int64_t exec(std::string_view sql, const In&... in) {
        const std::vector<Param> params{Param(in)...};
        return run(sql, params, {}, nullptr);
    }
    /// All rows. `query<std::int64_t, std::optional<std::string>>("SELECT …", a, b)`.
    template <class... Out, class... In>
    std::vector<std::tuple<Out...>> query(std::string_view sql, const In&... in) {
        return query_with<Out...>(sql, std::vector<Param>{Param(in)...});
    }
    /// The first row or nothing.
    template <class... Out, class... In>
    std::optional<std::tuple<Out...>> query_one(std::string_view sql, const In&... in) {
        auto rows = query_with<Out...>(sql, std::vector<Param>{Param(in)...});
        if (rows.empty()) return std::nullopt;
        return std::move(rows.front());
    }
    /// As query, for statements put together at run time.
    template <class... Out>
    std::vector<std::tuple<Out...>> query_with(std::string_view sql, const std::vector<Param>& params) {
        std::vector<std::tuple<Out...>> rows;
        each<Out...>(sql, params, [&rows](Out... columns) { rows.emplace_back(std::move(columns)...); });
        return rows;
    }
    /// Calls `visit(Out...)` for each row, for reads that should not be held in memory.
    template <class... Out, class Visit>
    void each(std::string_view sql, const std::vector<Param>& params, Visit visit) {
        static constexpr Column columns[] = {detail::column_of<Out>...};
        const std::function<void(const Row&)> on_row = [&visit](const Row& row) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                visit(detail::read_column<Out>(row, I)...);
            }(std::index_sequence_for<Out...>{});
        };
        run(sql, params, {columns, columns + sizeof...(Out)}, &on_row);
    }

private:
    /// Finds or prepares the kept statement, binds, executes, reads all rows.
    virtual std::int64_t run(std::string_view sql, const std::vector<Param>& params, const std::vector<Column>& columns,
                             const std::function<void(const Row&)>* on_row) = 0;
};

/// A session inside a write transaction.
class Transaction : public Session {
public:
    /// Calls `hook` after the commit, on the committing thread: keep it to waking somebody. Not called on roll-back.
    virtual void on_commit(std::function<void()> hook) = 0;
    /// Runs `work` under a savepoint: false or an exception rolls back to it (and its on_commit hooks are dropped).
    virtual bool savepoint(const std::function<bool()>& work) = 0;
};

}  // namespace carillon::db
