#include "statements.hpp"

#include <algorithm>

namespace carillon::db {
namespace {

std::vector<Slot> slots_for(std::span<const Param> params) {
    std::vector<Slot> slots;
    slots.reserve(params.size());
    for (const auto& param : params) slots.push_back(Slot{param.type, soci::i_ok, 0, {}});
    return slots;
}

std::vector<Slot> slots_for(std::span<const Column> columns) {
    std::vector<Slot> slots;
    slots.reserve(columns.size());
    for (const auto type : columns) slots.push_back(Slot{type, soci::i_ok, 0, {}});
    return slots;
}

bool same_type(const Slot& slot, const Param& param) noexcept { return slot.type == param.type; }
bool same_column(const Slot& slot, Column type) noexcept { return slot.type == type; }

}  // namespace

Statement::Statement(soci::session& session, const SqlText& sql, std::span<const Param> params,
                     std::span<const Column> columns)
    : params_(slots_for(params)), columns_(slots_for(columns)), statement_(session) {
    if (sql.names.size() != params.size()) {
        throw std::logic_error(std::to_string(sql.names.size()) + " parameters in the text, " +
                               std::to_string(params.size()) + " given: " + sql.text);
    }
    for (std::size_t i = 0; i < params_.size(); ++i) {
        Slot& slot = params_[i];
        if (slot.type == Column::integer)
            statement_.exchange(soci::use(slot.integer, slot.indicator, sql.names[i]));
        else
            statement_.exchange(soci::use(slot.text, slot.indicator, sql.names[i]));
    }
    for (Slot& slot : columns_) {
        if (slot.type == Column::integer)
            statement_.exchange(soci::into(slot.integer, slot.indicator));
        else
            statement_.exchange(soci::into(slot.text, slot.indicator));
    }
    statement_.alloc();
    statement_.prepare(sql.text);
    statement_.define_and_bind();
}

bool Statement::matches(std::span<const Param> params, std::span<const Column> columns) const noexcept {
    return std::equal(params_.begin(), params_.end(), params.begin(), params.end(), same_type) &&
           std::equal(columns_.begin(), columns_.end(), columns.begin(), columns.end(), same_column);
}

void Statement::bind(std::span<const Param> params) {
    for (std::size_t i = 0; i < params_.size(); ++i) {
        Slot& slot = params_[i];
        slot.indicator = params[i].null ? soci::i_null : soci::i_ok;
        if (params[i].null) continue;
        if (slot.type == Column::integer) {
            slot.integer = params[i].integer;
        } else {
            // Both backends would silently cut the text there.
            if (params[i].text.find('\0') != std::string_view::npos) throw std::logic_error("NUL in a text parameter");
            slot.text.assign(params[i].text);
        }
    }
}

void Statement::rebind() {
    statement_.undefine_and_bind();
    statement_.define_and_bind();
}

Statement& Statements::find(std::string_view sql, std::span<const Param> params, std::span<const Column> columns) {
    auto entry = kept_.find(sql);
    if (entry == kept_.end()) {
        if (kept_.size() >= capacity) make_room();
        entry = kept_.emplace(std::string{sql}, Kept{parse_sql(sql), {}, 0}).first;
    }
    Kept& kept = entry->second;
    kept.used = ++uses_;
    for (const auto& statement : kept.variants) {
        if (!statement->running && statement->matches(params, columns)) return *statement;
    }
    return *kept.variants.emplace_back(std::make_unique<Statement>(session_, kept.sql, params, columns));
}

void Statements::drop(std::string_view sql, const Statement& statement) {
    const auto entry = kept_.find(sql);
    if (entry == kept_.end()) return;
    std::erase_if(entry->second.variants, [&](const auto& kept) { return kept.get() == &statement; });
}

void Statements::make_room() {
    const auto running = [](const auto& entry) {
        return std::any_of(entry.second.variants.begin(), entry.second.variants.end(),
                           [](const auto& s) { return s->running; });
    };
    auto oldest = kept_.end();
    for (auto entry = kept_.begin(); entry != kept_.end(); ++entry) {
        if (!running(*entry) && (oldest == kept_.end() || entry->second.used < oldest->second.used)) oldest = entry;
    }
    if (oldest != kept_.end()) kept_.erase(oldest);
}

}  // namespace carillon::db
