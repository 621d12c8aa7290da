// Recurrence phrases: `every 2 weeks on mon and thu`, `daily`.
#pragma once

#include "moment.hpp"

#include "carillon/time/recurrence.hpp"

#include <bitset>
#include <optional>
#include <utility>

namespace carillon::chat {

struct Repetition {
    Frequency rule = Frequency::daily;
    int interval = 1;
    std::bitset<7> weekdays;  ///< by ISO number less one: 0 is Monday
    int ordinal = 0;          ///< which of them in the month: −1 is the last; 0: not by month
    bool last_day = false;    ///< of the month
    std::optional<int> month_day;
    std::optional<std::pair<std::chrono::month, int>> date;  ///< of the year
    std::optional<minutes> part;                             ///< `every evening`
    bool afternoon = false;
    bool from_completion = false;  ///< `every!`
    bool one_word = false;         ///< `daily`
    std::string_view error;        ///< a code of the grammar's section 5

    /// The first fitting day, `from` included; nothing where every day fits.
    std::optional<Day> first_fitting(Day from) const;
    /// One whole step after `day`.
    Day step(Day day) const;
    Recurrence recurrence() const;
};

/// The longest recurrence phrase that begins at `at`.
std::optional<Repetition> read_repetition(const Reader& reader, const Moments& moments, At& at);

}  // namespace carillon::chat
