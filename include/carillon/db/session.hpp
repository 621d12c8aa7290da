// A database session as modules see it: named parameters, typed columns, statements kept prepared.
// SOCI stays in src/db. The same SQL text runs on SQLite and PostgreSQL unless backend() is asked.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
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
    template <class T>
    requires std::is_integral_v<T> Param(T v) : type(Column::integer), integer(static_cast<std::int64_t>(v)) {}
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
        Param p{[] {
            if constexpr (std::is_integral_v<T>)
                return std::int64_t{0};
            else
                return std::string_view{};
        }()};
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
template <class T>
struct unwrap {
    using type = T;
};
template <class T>
struct unwrap<std::optional<T>> {
    using type = T;
};
template <class T>
inline constexpr Column column_of =
    std::is_same_v<typename unwrap<T>::type, std::string> ? Column::text : Column::integer;

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

/// Where the rows of a statement go: a plain function, so that the hot path allocates nothing.
struct RowSink {
    void* context = nullptr;
    void (*row)(void* context, const Row& row) = nullptr;
};

/// Not thread-safe; lent for the length of one callback. Result rows are always read to the end, so that no
/// statement is left open. Parameters are bound in the order in which their names first appear in the text. A `:name`
/// in quotes or comments is none; text must not hold NUL. All statements of one read see the same snapshot.
class Session {
public:
    virtual ~Session() = default;
    virtual Backend backend() const noexcept = 0;

    /// Runs a statement; rows affected. Throws DatabaseError.
    template <class... In>
    std::int64_t exec(std::string_view sql, const In&... in) {
        const std::array<Param, sizeof...(In)> params{Param(in)...};
        return run(sql, params, {}, {});
    }
    /// All rows. `query<std::int64_t, std::optional<std::string>>("SELECT …", a, b)`.
    template <class... Out, class... In>
    std::vector<std::tuple<Out...>> query(std::string_view sql, const In&... in) {
        const std::array<Param, sizeof...(In)> params{Param(in)...};
        return query_with<Out...>(sql, params);
    }
    /// The first row or nothing.
    template <class... Out, class... In>
    std::optional<std::tuple<Out...>> query_one(std::string_view sql, const In&... in) {
        const std::array<Param, sizeof...(In)> params{Param(in)...};
        std::optional<std::tuple<Out...>> first;
        each<Out...>(sql, params, [&first](Out... columns) {
            if (!first) first.emplace(std::move(columns)...);
        });
        return first;
    }
    /// As query, for statements put together at run time.
    template <class... Out>
    std::vector<std::tuple<Out...>> query_with(std::string_view sql, std::span<const Param> params) {
        std::vector<std::tuple<Out...>> rows;
        each<Out...>(sql, params, [&rows](Out... columns) { rows.emplace_back(std::move(columns)...); });
        return rows;
    }
    template <class... Out>
    std::vector<std::tuple<Out...>> query_with(std::string_view sql, std::initializer_list<Param> params) {
        return query_with<Out...>(sql, std::span<const Param>{params.begin(), params.size()});
    }
    /// Calls `visit(Out...)` for each row, for reads that should not be held in memory.
    template <class... Out, class Visit>
    void each(std::string_view sql, std::span<const Param> params, Visit visit) {
        static constexpr std::array<Column, sizeof...(Out)> columns{detail::column_of<Out>...};
        const RowSink sink{&visit, [](void* context, const Row& row) {
                               [&]<std::size_t... I>(std::index_sequence<I...>) {
                                   (*static_cast<Visit*>(context))(detail::read_column<Out>(row, I)...);
                               }
                               (std::index_sequence_for<Out...>{});
                           }};
        run(sql, params, columns, sink);
    }
    template <class... Out, class Visit>
    void each(std::string_view sql, std::initializer_list<Param> params, Visit visit) {
        each<Out...>(sql, std::span<const Param>{params.begin(), params.size()}, std::move(visit));
    }
    /// As exec, for statements put together at run time.
    std::int64_t exec_with(std::string_view sql, std::span<const Param> params) { return run(sql, params, {}, {}); }

private:
    /// Finds or prepares the kept statement, binds, executes, reads all rows.
    virtual std::int64_t run(std::string_view sql, std::span<const Param> params, std::span<const Column> columns,
                             RowSink sink) = 0;
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
