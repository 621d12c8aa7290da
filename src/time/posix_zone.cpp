#include "posix_zone.hpp"

namespace carillon {

using namespace std::chrono;

/// Reads the pieces of a POSIX TZ text; once anything is wrong, ok stays false.
class PosixReader {
public:
    explicit PosixReader(std::string_view text) : text_(text) {}
    bool ok = true;
    bool done() const { return text_.empty(); }

    void name() {
        const auto before = text_.size();
        if (accept('<')) {
            while (!done() && text_.front() != '>') text_.remove_prefix(1);
            accept('>');
        } else {
            while (!done() && (is_letter(text_.front()))) text_.remove_prefix(1);
        }
        if (before - text_.size() < 3) ok = false;
    }
    /// `[+-]h[h[h]][:mm[:ss]]`
    seconds time() {
        const bool negative = accept('-');
        if (!negative) accept('+');
        seconds value = hours{number(167)};
        if (accept(':')) value += minutes{number(59)};
        if (accept(':')) value += seconds{number(59)};
        return negative ? -value : value;
    }
    PosixZone::Change change() {
        PosixZone::Change change;
        if (accept('M')) {
            change.kind = PosixZone::Change::Kind::month_week_day;
            change.month = number(12);
            expect('.');
            change.week = number(5);
            expect('.');
            change.day = number(6);
            if (change.month == 0 || change.week == 0) ok = false;
        } else if (accept('J')) {
            change.kind = PosixZone::Change::Kind::julian_without_leap_day;
            change.day = number(365);
            if (change.day == 0) ok = false;
        } else {
            change.kind = PosixZone::Change::Kind::day_of_year;
            change.day = number(365);
        }
        change.time = accept('/') ? time() : seconds{hours{2}};
        return change;
    }
    bool at(char c) const { return !done() && text_.front() == c; }
    bool accept(char c) {
        if (!at(c)) return false;
        text_.remove_prefix(1);
        return true;
    }
    void expect(char c) {
        if (!accept(c)) ok = false;
    }

private:
    static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
    unsigned number(unsigned max) {
        unsigned value = 0;
        int count = 0;
        for (; !done() && text_.front() >= '0' && text_.front() <= '9' && count < 4; ++count) {
            value = value * 10 + static_cast<unsigned>(text_.front() - '0');
            text_.remove_prefix(1);
        }
        if (count == 0 || value > max) ok = false;
        return value;
    }

    std::string_view text_;
};

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
    PosixReader in{text};
    PosixZone zone;
    in.name();
    zone.standard_ = -in.time();
    if (!in.ok || in.done()) return std::nullopt;
    in.name();
    zone.summer_ = in.at(',') ? zone.standard_ + hours{1} : -in.time();
    in.expect(',');
    zone.to_summer_ = in.change();
    in.expect(',');
    zone.to_standard_ = in.change();
    if (!in.ok || !in.done()) return std::nullopt;
    return zone;
}

local_seconds PosixZone::Change::in(year y) const {
    const local_days january_first{y / January / 1};
    switch (kind) {
        case Kind::month_week_day: {
            const weekday wanted{day};
            const local_days date = week == 5 ? local_days{y / std::chrono::month{month} / wanted[last]}
                                              : local_days{y / std::chrono::month{month} / wanted[week]};
            return date + time;
        }
        case Kind::julian_without_leap_day:
            return january_first + days{day - 1 + (y.is_leap() && day >= 60 ? 1 : 0)} + time;
        case Kind::day_of_year:
            return january_first + days{day} + time;
    }
    return january_first;
}

seconds PosixZone::offset_at(sys_seconds t) const {
    const year y = year_month_day{floor<days>(t + standard_)}.year();
    const sys_seconds summer_begins{(to_summer_.in(y)-standard_).time_since_epoch()};
    const sys_seconds summer_ends{(to_standard_.in(y)-summer_).time_since_epoch()};
    const bool is_summer = summer_begins <= summer_ends ? t >= summer_begins && t < summer_ends   // north
                                                        : t >= summer_begins || t < summer_ends;  // south
    return is_summer ? summer_ : standard_;
}

seconds PosixZone::offset_for(local_seconds local) const {
    const auto instant = [local](seconds offset) { return sys_seconds{(local - offset).time_since_epoch()}; };
    // No two changes are within two days, so the offset of the day before is that before any change near `local`.
    const seconds before = offset_at(instant(standard_) - days{1});
    if (offset_at(instant(before)) == before) return before;
    const seconds after = offset_at(instant(before));
    return offset_at(instant(after)) == after ? after : before;
}

}  // namespace carillon
