#include "chat/quick_add.hpp"

#include "carillon/text.hpp"
#include "line.hpp"
#include "phrases.hpp"

#include <algorithm>

namespace carillon::chat {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr std::size_t max_title = 200, max_tags = 10;
constexpr minutes usual_reminder{9h};  // of a day without a time
// Instants beyond have no place in an answer, in whatever zone it is written.
constexpr Time earliest = sys_days{year{1} / January / 3}, latest = sys_days{year{9999} / December / 30};

class Assembly {
public:
    Assembly(const Line& line, const Present& present, const Chosen& chosen)
        : line_(line), present_(present), chosen_(chosen) {}

    QuickAdd assemble() {
        spans();
        title();
        out_.description = line_.description;
        if (chosen_.priority) out_.priority = *chosen_.priority->as<task::Priority>();
        tags();
        repetition();
        due();
        until();
        if (chosen_.reminder) reminder(*chosen_.reminder->as<Reminder>());
        std::stable_sort(out_.errors.begin(), out_.errors.end(),
                         [](const LineError& a, const LineError& b) { return a.start < b.start; });
        return std::move(out_);
    }

private:
    std::size_t start_of(const Phrase& phrase) const { return line_.words[phrase.first].start; }
    std::size_t end_of(const Phrase& phrase) const { return line_.words[phrase.last - 1].end; }
    void error(std::string_view code, const Phrase& phrase) {
        out_.errors.push_back({code, start_of(phrase), end_of(phrase)});
    }

    void spans() {
        const Phrase* before = nullptr;
        for (const auto* phrase : chosen_.all()) {
            const auto kind = phrase->kind();
            const bool single = kind == Kind::tag || kind == Kind::priority;
            if (before && !single && before->kind() == kind && before->last == phrase->first)
                out_.spans.back().end = end_of(*phrase);
            else
                out_.spans.push_back({start_of(*phrase), end_of(*phrase), kind, {}});
            before = phrase;
        }
        if (const auto& span = line_.description_span)
            out_.spans.push_back({span->first, span->second, Kind::description, {}});
        for (auto& span : out_.spans) span.text = line_.slice(span.start, span.end);
    }

    void title() {
        std::vector<bool> cut(line_.words.size());
        for (const auto* phrase : chosen_.all())
            for (auto i = phrase->first; i < phrase->last; ++i) cut[i] = true;
        std::vector<std::size_t> kept;
        for (std::size_t i = 0; i < cut.size(); ++i)
            if (!cut[i]) kept.push_back(i);
        // A dash at an end is left over where a phrase was cut beside it.
        const auto beside_cut = [&cut](std::size_t i) {
            return (i > 0 && cut[i - 1]) || (i + 1 < cut.size() && cut[i + 1]);
        };
        while (!kept.empty() && is_separator(line_.words[kept.back()]) && beside_cut(kept.back())) {
            cut[kept.back()] = true;
            kept.pop_back();
        }
        while (!kept.empty() && is_separator(line_.words[kept.front()]) && beside_cut(kept.front())) {
            cut[kept.front()] = true;
            kept.erase(kept.begin());
        }
        for (const auto i : kept) {
            const auto& word = line_.words[i];
            if (!out_.title.empty()) out_.title += ' ';
            out_.title += word.escaped ? word.text.substr(1) : word.text;
        }
        if (out_.title.empty()) out_.errors.push_back({"title_empty", 0, line_.length});
        if (text::length(out_.title) > max_title) out_.errors.push_back({"title_too_long", 0, line_.length});
    }

    bool is_separator(const Word& word) const {
        const auto all = std::u32string_view(line_.characters).substr(word.start, word.end - word.start);
        return !word.is_protected && all.find_first_not_of(U"-–—|:,;") == std::u32string_view::npos;
    }

    void tags() {
        std::vector<std::string> keys;
        for (const auto* phrase : chosen_.tags) {
            const auto& name = phrase->as<Tag>()->name;
            auto key = text::fold(name);
            if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
            keys.push_back(std::move(key));
            if (keys.size() <= max_tags) out_.tags.push_back(name);
            if (keys.size() == max_tags + 1) error("too_many_tags", *phrase);
        }
    }

    void repetition() {
        if (!chosen_.repetition) return;
        const auto& said = *chosen_.repetition->as<Repetition>();
        if (said.error.empty())
            out_.recurrence = said.recurrence();
        else
            error(said.error, *chosen_.repetition);
    }

    /// The due phrases as one.
    When said_due() const {
        When all;
        for (const auto* phrase : chosen_.due) {
            const auto& when = *phrase->as<When>();
            if (when.day) all.day = when.day;
            if (when.clock) {
                all.clock = when.clock;
                all.may_be_pm = when.may_be_pm;
            }
            if (when.part) {
                all.part = when.part;
                all.afternoon = when.afternoon;
            }
            if (when.exact) all.exact = when.exact;
        }
        if (out_.recurrence && !all.part) {
            const auto& every = *chosen_.repetition->as<Repetition>();
            all.part = every.part;
            all.afternoon = every.afternoon;
        }
        return all;
    }

    void due() {
        for (const auto* phrase : chosen_.due) {
            const auto& why = phrase->as<When>()->error;
            if (why.empty()) continue;
            due_failed_ = true;
            return error(why, *phrase);
        }
        const auto when = said_due();
        if (when.exact) return set_due(*when.exact, false);
        const auto time = when.time();
        if (out_.recurrence) {
            const auto day = first_day(*chosen_.repetition->as<Repetition>(), when.day, time);
            if (day) set_due(*day, time);
        } else if (when.day) {
            set_due(*when.day, time);
        } else if (time) {
            const bool ahead = present_.is_ahead(present_.today, *time);
            set_due(ahead ? present_.today : present_.today + days{1}, time);
        }
    }

    std::optional<Day> first_day(const Repetition& every, std::optional<Day> start, std::optional<minutes> time) const {
        const bool passed = !start && time && !present_.is_ahead(present_.today, *time);
        const auto today = start.value_or(present_.today);
        if (every.first_fitting(today)) return every.first_fitting(passed ? today + days{1} : today);
        return passed ? every.step(today) : today;
    }

    void set_due(Day day, std::optional<minutes> time) { set_due(present_.at(day, time.value_or(end_of_day)), !time); }

    void set_due(Time due, bool all_day) {
        if (!in_range(due)) {
            due_failed_ = true;
            const auto* said = chosen_.due.empty() ? chosen_.repetition : chosen_.due.back();
            return error("date_impossible", *said);
        }
        out_.due_date = due;
        out_.all_day = all_day;
    }

    static bool in_range(Time instant) { return instant >= earliest && instant <= latest; }

    void until() {
        if (!chosen_.until || !out_.recurrence) return;
        const auto& last = chosen_.until->as<Until>()->last;
        if (!last.error.empty()) return error(last.error, *chosen_.until);
        out_.recurrence->end_date = year_month_day{*last.day};
        if (!out_.due_date) return;
        const auto first = to_local(*out_.due_date, present_.zone).date;
        if (local_days{first} > *last.day) error("until_before_start", *chosen_.until);
    }

    void reminder(const Reminder& said) {
        const auto& phrase = *chosen_.reminder;
        const auto& when = said.when;
        if (!when.error.empty()) return error(when.error, phrase);
        std::optional<Time> at;
        if (said.before || said.days_before) {
            if (due_failed_) return;  // the line says why already
            if (!out_.due_date) return error("reminder_needs_due", phrase);
            if (said.before && out_.all_day) return error("reminder_needs_time", phrase);
            at = said.before ? *out_.due_date - *said.before : days_before(*said.days_before, when.clock);
        } else if (when.exact) {
            at = when.exact;
        } else if (when.day) {
            at = present_.at(*when.day, when.time().value_or(usual_reminder));
        } else {
            at = on_the_due_day(*when.time());
        }
        if (!in_range(*at)) return error("date_impossible", phrase);
        if (*at <= present_.now) return error("reminder_past", phrase);
        if (out_.due_date && *at > *out_.due_date) return error("reminder_after_due", phrase);
        out_.reminder_at = at;
    }

    Time days_before(const Amount& amount, std::optional<minutes> clock) const {
        const auto due = to_local(*out_.due_date, present_.zone);
        const auto day = add(local_days{due.date}, {-amount.count, amount.unit});
        const auto usual = out_.all_day ? usual_reminder : floor<minutes>(due.of_day);
        return present_.at(day, clock.value_or(usual));
    }

    Time on_the_due_day(minutes time) const {
        if (!out_.due_date) {
            const bool ahead = present_.is_ahead(present_.today, time);
            return present_.at(ahead ? present_.today : present_.today + days{1}, time);
        }
        const local_days day{to_local(*out_.due_date, present_.zone).date};
        const auto at = present_.at(day, time);
        return at > *out_.due_date ? present_.at(day - days{1}, time) : at;
    }

    const Line& line_;
    const Present& present_;
    const Chosen& chosen_;
    bool due_failed_ = false;
    QuickAdd out_;
};

}  // namespace

QuickAdd quick_add(std::string_view text, Time now, std::string_view zone) {
    const auto line = read_line(text);
    const Present present(now, zone);
    const auto phrases = find_phrases(line, present);
    const auto chosen = choose(phrases, line.words.size());
    return Assembly(line, present, chosen).assemble();
}

}  // namespace carillon::chat
