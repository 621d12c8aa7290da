#include "carillon/time/zone.hpp"
#include "rule.hpp"

#include <stdexcept>

namespace carillon {
namespace {

using namespace std::chrono;

constexpr microseconds all_day_time = hours{23} + minutes{59};
constexpr Time past_the_last_instant = sys_days{year{10000} / 1 / 1};

Rule simple_rule(const Recurrence& recurrence, local_days start) {
    Rule rule;
    rule.frequency = *recurrence.rule;
    rule.interval = recurrence.interval;
    rule.clamp = true;
    for (const int day : recurrence.by_month_day) rule.month_days.add(day);
    for (const auto& text : recurrence.by_weekday) {
        const auto weekday = parse_weekday(text);
        if (!weekday) throw std::invalid_argument("not a weekday: " + text);
        rule.weekdays.push_back(*weekday);
    }
    const year_month_day first{start};
    if (rule.frequency == Frequency::yearly) rule.months.set(static_cast<unsigned>(first.month()));
    return rule;
}

}  // namespace

/// A series laid out from one local reading: dates from the schedule, instants from the zone, and where it ends.
class Series::Timetable {
public:
    Timetable(const Recurrence& recurrence, const LocalTime& start, std::string_view zone, bool all_day)
        : Timetable(recurrence, parsed(recurrence, local_days{start.date}), start, zone, all_day) {}

    const Schedule& schedule() const { return schedule_; }

    Time due_on(local_days date) const { return to_instant({year_month_day{date}, of_day_}, zone_); }

    /// Occurrence `number` on `date`, unless the series has ended by then.
    std::optional<Occurrence> occurrence(std::int64_t number, std::optional<local_days> date) const {
        if (!date || (count_ && number > *count_) || (end_date_ && *date > *end_date_)) return std::nullopt;
        const Time due = due_on(*date);
        if (due >= past_the_last_instant || (until_ && is_past(*until_, *date, due))) return std::nullopt;
        return Occurrence{number, due};
    }

    /// The first date whose occurrence is later than `t`. A local date may be off by one from that of its instant in
    /// a zone that left out a day, so the search begins two days early.
    std::optional<local_days> first_after(Time t) const {
        auto date = schedule_.after(local_days{to_local(std::min(t, past_the_last_instant), zone_).date} - days{2});
        while (date && due_on(*date) <= t) date = schedule_.after(*date);
        return date;
    }

private:
    static ParsedRrule parsed(const Recurrence& recurrence, local_days start) {
        if (recurrence.rule) return {simple_rule(recurrence, start), std::nullopt, std::nullopt};
        std::string why_not = "neither rule nor rrule";
        auto parsed = recurrence.rrule ? parse_rrule(*recurrence.rrule, why_not) : std::nullopt;
        if (!parsed) throw std::invalid_argument("not a recurrence: " + why_not);
        return *parsed;
    }
    Timetable(const Recurrence& recurrence, const ParsedRrule& parsed, const LocalTime& start, std::string_view zone,
              bool all_day)
        : schedule_(parsed.rule, local_days{start.date}),
          all_day_(all_day),
          of_day_(all_day ? all_day_time : start.of_day),
          zone_(zone),
          count_(parsed.count),
          until_(parsed.until) {
        if (recurrence.count) count_ = std::min(*recurrence.count, count_.value_or(*recurrence.count));
        if (recurrence.end_date) end_date_ = local_days{*recurrence.end_date};
    }
    bool is_past(const Until& until, local_days date, Time due) const {
        if (!until.of_day || all_day_) return date > until.date;
        if (until.utc) return due > sys_days{until.date.time_since_epoch()} + *until.of_day;
        return date + of_day_ > until.date + *until.of_day;
    }

    Schedule schedule_;
    bool all_day_;
    microseconds of_day_;
    std::string zone_;
    std::optional<int> count_;
    std::optional<local_days> end_date_;
    std::optional<Until> until_;
};

Series::Series(Recurrence recurrence, Time start, std::string_view user_zone, bool all_day)
    : recurrence_(std::move(recurrence)),
      start_(start),
      zone_(recurrence_.timezone.value_or(std::string(user_zone))),
      all_day_(all_day),
      table_(std::make_shared<Timetable>(recurrence_, to_local(start_, zone_), zone_, all_day_)) {}

std::optional<Occurrence> Series::at(std::int64_t number) const {
    if (number == 1) return Occurrence{1, start_};
    if (number < 1 || number > max_occurrence) return std::nullopt;
    return table_->occurrence(number, table_->schedule().nth(number - 2));
}

std::optional<Occurrence> Series::next(std::int64_t after_number, Time completed) const {
    if (after_number < 0 || after_number >= max_occurrence) return std::nullopt;
    if (recurrence_.anchor == Anchor::completion) {
        const LocalTime start{to_local(completed, zone_).date, to_local(start_, zone_).of_day};
        const Timetable table{recurrence_, start, zone_, all_day_};
        return table.occurrence(after_number + 1, table.schedule().nth(0));
    }
    if (recurrence_.catch_up || completed < start_) return at(after_number + 1);
    const auto date = table_->first_after(completed);
    if (!date) return std::nullopt;
    const std::int64_t number = table_->schedule().count_until(*date) + 1;
    return number > after_number ? table_->occurrence(number, date) : at(after_number + 1);
}

std::vector<Occurrence> Series::upcoming(Time after, int limit) const {
    std::vector<Occurrence> out;
    if (limit > 0 && start_ > after) out.push_back({1, start_});
    const auto first = table_->first_after(std::max(after, start_));
    if (!first) return out;
    for (std::int64_t number = table_->schedule().count_until(*first) + 1; static_cast<int>(out.size()) < limit;
         ++number) {
        const auto occurrence = at(number);
        if (!occurrence) break;
        out.push_back(*occurrence);
    }
    return out;
}

}  // namespace carillon
