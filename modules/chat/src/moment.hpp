// Days and times of day, as a line names them.
#pragma once

#include "calendar.hpp"

#include <optional>
#include <string_view>

namespace carillon::chat {

/// A day, a time, or both; or an exact moment. Or a day that is none: then `error` says why.
struct When {
    std::optional<Day> day;
    std::optional<minutes> clock;  ///< as it was said: `7:30` beside `evening` is still half past seven here
    bool may_be_pm = false;        ///< 1:00–11:59 without am or pm
    std::optional<minutes> part;   ///< what `morning`, `evening`, `tonight`… stand for
    bool afternoon = false;        ///< a part after noon
    std::optional<Time> exact;
    std::string_view error;   ///< a code of the grammar's section 5
    bool introduced = false;  ///< has its own introducer: `on`, `by`, `at`, `in`…
    bool strong = false;
    bool ambiguous = false;  ///< only `sat` or `sun`

    bool has_time() const { return clock || part || exact; }
    bool has_day() const { return day || exact || !error.empty(); }
    /// The time of day; nothing where none is said.
    std::optional<minutes> time() const;
};

class Moments {
public:
    Moments(const Reader& reader, const Present& present) : reader_(reader), present_(present) {}

    /// The longest due phrase that begins at `at`.
    std::optional<When> when(At& at) const;
    /// A day without time of day. `introduced` allows what needs an introducer: `the 5th`, `the end of the month`.
    std::optional<When> day(At& at, bool introduced) const;
    /// `5pm`, `17:00`, `noon`.
    bool clock(At& at, When& when) const;
    /// `in 20 minutes`, `in 3 days`.
    std::optional<When> in(At& at) const;
    /// `jan 5`, `5th of january`; no year.
    bool month_day(At& at, std::chrono::month& month, int& number) const;
    /// `1h`, `1h30m`, `half an hour`, `2 hours 30 minutes`: nothing for days and longer.
    std::optional<minutes> span(At& at) const;

private:
    using Try = std::optional<When> (Moments::*)(At&) const;
    std::optional<When> day_then_time(At& at) const;
    std::optional<When> time_then_day(At& at) const;
    void times(At& at, When& when) const;
    bool day_introducer(At& at, bool& ending_only) const;
    bool part_of_day(At& at, When& when) const;
    bool in_the_part(At& at, When& when) const;

    std::optional<When> relative(At& at) const;
    std::optional<When> weekday(At& at) const;
    std::optional<When> this_or_next(At& at) const;
    std::optional<When> ending(At& at) const;
    std::optional<When> date(At& at) const;
    std::optional<When> written_date(At& at) const;
    std::optional<When> timestamp(At& at) const;
    std::optional<When> ordinal(At& at) const;

    const Reader& reader_;
    const Present& present_;
};

}  // namespace carillon::chat
