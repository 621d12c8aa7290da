// iCalendar VTODO (RFC 5545) by libical. The file is cut into its VTODO blocks first, so that every entry knows its
// line and a broken one spoils no other.
#include "carillon/ids.hpp"
#include "carillon/json.hpp"
#include "carillon/text.hpp"
#include "carillon/time/zone.hpp"
#include "formats.hpp"

#include <fmt/format.h>
#include <libical/ical.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <map>
#include <memory>

namespace carillon::transfer {

namespace {

using Component = std::unique_ptr<icalcomponent, decltype(&icalcomponent_free)>;

struct Block {
    Block(int first_line, std::string component) : line(first_line), text(std::move(component)) {}
    int line;
    std::string text;
};

bool same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x & ~0x20) == (y & ~0x20); });
}

/// The VTODO components of a file with their first lines.
std::vector<Block> todo_blocks(std::string_view bytes, std::vector<Problem>& problems) {
    std::vector<Block> blocks;
    std::vector<std::string> open;  // components within the VTODO
    bool inside = false;
    int line = 0;
    while (!bytes.empty()) {
        ++line;
        const auto end = bytes.find('\n');
        auto text = bytes.substr(0, end);
        bytes = end == std::string_view::npos ? std::string_view{} : bytes.substr(end + 1);
        while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
        if (same(text, "BEGIN:VTODO")) {
            if (inside) problems.push_back({blocks.back().line, "the entry has no END:VTODO"}), blocks.pop_back();
            inside = true;
            open.clear();
            blocks.emplace_back(line, "");
        } else if (inside && same(text.substr(0, 6), "BEGIN:")) {
            open.emplace_back(text.substr(6));
        } else if (inside && same(text.substr(0, 4), "END:") && !same(text, "END:VTODO")) {
            if (open.empty() || !same(open.back(), text.substr(4))) {
                problems.push_back({line, "an END without its BEGIN is left out"});
                continue;
            }
            open.pop_back();
        }
        if (inside && same(text, "END:VTODO"))
            for (; !open.empty(); open.pop_back()) {
                problems.push_back({line, "a component inside the entry has no END"});
                blocks.back().text.append("END:" + open.back() + "\r\n");
            }
        if (inside) blocks.back().text.append(text).append("\r\n");
        if (inside && same(text, "END:VTODO")) inside = false;
    }
    if (inside) {
        problems.push_back({blocks.back().line, "the entry has no END:VTODO"});
        blocks.pop_back();
    }
    return blocks;
}

class EntryReader {
public:
    EntryReader(const Block& block, std::string_view zone, std::vector<Problem>& problems)
        : line_(block.line),
          zone_(zone),
          problems_(problems),
          todo_(icalparser_parse_string(block.text.c_str()), icalcomponent_free) {}

    std::optional<Entry> read() {
        if (!todo_ || icalcomponent_isa(todo_.get()) != ICAL_VTODO_COMPONENT) return refuse("the entry cannot be read");
        Entry entry;
        entry.line = line_;
        entry.key = identity();
        const auto status = value(ICAL_STATUS_PROPERTY);
        if (same(status, "CANCELLED")) return refuse("a cancelled entry is left out");
        entry.task.title = fit_title(value(ICAL_SUMMARY_PROPERTY), line_, problems_);
        if (entry.task.title.empty()) return refuse("the entry has no SUMMARY");
        if (entry.key.empty()) return refuse("the entry has no UID");
        const auto description = fit_description(value(ICAL_DESCRIPTION_PROPERTY), line_, problems_);
        if (!description.empty()) entry.task.description = description;
        entry.task.tags = fit_tags(categories(), line_, problems_);
        entry.task.priority = priority();
        entry.completed_at = instant(ICAL_COMPLETED_PROPERTY);
        entry.completed = same(status, "COMPLETED") || entry.completed_at.has_value();
        entry.stamp =
            instant(property(ICAL_LASTMODIFIED_PROPERTY) ? ICAL_LASTMODIFIED_PROPERTY : ICAL_DTSTAMP_PROPERTY);
        due(entry.task);
        recurrence(entry.task);
        reminder(entry.task);
        syntax_errors();
        return entry;
    }

private:
    std::nullopt_t refuse(std::string why) {
        problems_.push_back({line_, std::move(why)});
        return std::nullopt;
    }
    void note(std::string what) { problems_.push_back({line_, std::move(what)}); }

    icalproperty* property(icalproperty_kind kind) const { return icalcomponent_get_first_property(todo_.get(), kind); }

    std::string value_of(icalproperty* found) {
        const auto* held = found ? icalproperty_get_value(found) : nullptr;
        if (held == nullptr) return {};
        const char* raw =
            icalvalue_isa(held) == ICAL_TEXT_VALUE ? icalvalue_get_text(held) : icalproperty_get_value_as_string(found);
        if (raw == nullptr) return {};
        if (text::is_utf8(raw)) return raw;
        note("text that is not UTF-8 is left out");
        return {};
    }
    std::string value(icalproperty_kind kind) { return value_of(property(kind)); }

    std::string extension(std::string_view name) {
        for (auto* p = property(ICAL_X_PROPERTY); p; p = icalcomponent_get_next_property(todo_.get(), ICAL_X_PROPERTY))
            if (icalproperty_get_x_name(p) && name == icalproperty_get_x_name(p)) return value_of(p);
        return {};
    }

    /// One occurrence that was changed by itself shares the UID of its series, so its RECURRENCE-ID belongs to its
    /// name.
    std::string identity() {
        auto uid = value(ICAL_UID_PROPERTY);
        if (const auto instance = value(ICAL_RECURRENCEID_PROPERTY); !uid.empty() && !instance.empty())
            uid += "/" + instance;
        if (uid.size() > 500 || text::has_control(uid, false)) {
            note("the UID is too long or holds control characters");
            return {};
        }
        return uid;
    }

    std::vector<std::string> categories() {
        std::vector<std::string> out;
        for (auto* p = property(ICAL_CATEGORIES_PROPERTY); p;
             p = icalcomponent_get_next_property(todo_.get(), ICAL_CATEGORIES_PROPERTY)) {
            const auto all = value_of(p);
            for (std::size_t from = 0; from <= all.size();) {
                const auto comma = std::min(all.find(',', from), all.size());
                out.push_back(all.substr(from, comma - from));
                from = comma + 1;
            }
        }
        return out;
    }

    task::Priority priority() {
        auto* p = property(ICAL_PRIORITY_PROPERTY);
        const int n = p ? icalproperty_get_priority(p) : 0;  // RFC 5545 section 3.8.1.9: 1–4 high, 5 medium, 6–9 low
        return n >= 1 && n <= 4   ? task::Priority::high
               : n >= 6 && n <= 9 ? task::Priority::low
                                  : task::Priority::medium;
    }

    /// The IANA name in a TZID, also behind a vendor's prefix (`/mozilla.org/20050126_1/Europe/Berlin`).
    std::string zone_of(icalproperty* p) {
        auto* parameter = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
        if (parameter == nullptr) return zone_;
        std::string name = icalparameter_get_tzid(parameter);
        for (auto rest = name; !rest.empty();) {
            if (is_time_zone(rest)) return rest;
            const auto slash = rest.find('/');
            rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
        }
        note(fmt::format("the time zone {} is not known; times are read in {}", text::is_utf8(name) ? name : "?",
                         zone_));
        return zone_;
    }

    std::optional<Time> to_time(const icaltimetype& t, const std::string& zone) {
        const std::chrono::year_month_day date{std::chrono::year{t.year},
                                               std::chrono::month{static_cast<unsigned>(t.month)},
                                               std::chrono::day{static_cast<unsigned>(t.day)}};
        const bool good = t.year >= 1 && t.year <= 9998 && date.ok() && t.hour >= 0 && t.hour < 24 && t.minute >= 0 &&
                          t.minute < 60 && t.second >= 0 && t.second <= 60;
        if (!good) return std::nullopt;
        const auto of_day =
            std::chrono::hours{t.hour} + std::chrono::minutes{t.minute} + std::chrono::seconds{std::min(t.second, 59)};
        return to_instant({date, of_day}, t.is_date || !icaltime_is_utc(t) ? zone : "UTC");
    }

    std::optional<Time> instant(icalproperty_kind kind) {
        auto* p = property(kind);
        if (p == nullptr) return std::nullopt;
        const auto t = icalvalue_get_datetime(icalproperty_get_value(p));
        const auto out = icaltime_is_null_time(t) ? std::nullopt : to_time(t, zone_of(p));
        if (!out) note(fmt::format("{} is no date and time", icalproperty_kind_to_string(kind)));
        return out;
    }

    void due(task::NewTask& task) {
        // A repeating entry without DUE is due when it starts; DTSTART and DURATION together stand for DUE.
        auto* p = property(ICAL_DUE_PROPERTY);
        auto* duration = property(ICAL_DURATION_PROPERTY);
        const bool from_start = p == nullptr && (duration != nullptr || property(ICAL_RRULE_PROPERTY) != nullptr);
        task.due_date = instant(from_start ? ICAL_DTSTART_PROPERTY : ICAL_DUE_PROPERTY);
        if (!task.due_date) return;
        p = property(from_start ? ICAL_DTSTART_PROPERTY : ICAL_DUE_PROPERTY);
        task.all_day = icalvalue_get_datetime(icalproperty_get_value(p)).is_date;
        if (from_start && duration) {
            const auto length = icaldurationtype_as_int(icalproperty_get_duration(duration));
            if (length >= 0) *task.due_date += std::chrono::seconds{length};
        }
    }

    void recurrence(task::NewTask& task) {
        const auto own = from_base64(extension("X-CARILLON-RECURRENCE"));
        const auto rule = value(ICAL_RRULE_PROPERTY);
        if (own.empty() && rule.empty()) return;
        boost::json::value wanted = boost::json::object{{"rrule", rule}};
        if (!own.empty())
            if (auto parsed = json::parse(own)) wanted = std::move(*parsed);
        if (!task.due_date) return note("it repeats but has no date; taken without repeating");
        auto recurrence = parse_recurrence(wanted);
        if (recurrence)
            task.recurrence = std::move(*recurrence);
        else
            note("the repetition is not supported and is left out: " +
                 (recurrence.error().fields.empty() ? recurrence.error().detail
                                                    : recurrence.error().fields.front().message));
    }

    void reminder(task::NewTask& task) {
        if (same(extension("X-CARILLON-REMIND"), "FALSE")) task.remind = false;
        auto* alarm = icalcomponent_get_first_component(todo_.get(), ICAL_VALARM_COMPONENT);
        auto* p = alarm ? icalcomponent_get_first_property(alarm, ICAL_TRIGGER_PROPERTY) : nullptr;
        if (p == nullptr || !task.remind) return;
        const auto trigger = icalproperty_get_trigger(p);
        std::optional<Time> at;
        if (!icaltime_is_null_time(trigger.time)) {
            at = to_time(trigger.time, zone_);
        } else if (!icaldurationtype_is_bad_duration(trigger.duration)) {
            auto* related = icalproperty_get_first_parameter(p, ICAL_RELATED_PARAMETER);
            const bool from_end =
                (related && icalparameter_get_related(related) == ICAL_RELATED_END) || !property(ICAL_DTSTART_PROPERTY);
            const auto base = from_end ? task.due_date : instant(ICAL_DTSTART_PROPERTY);
            if (base) at = *base + std::chrono::seconds{icaldurationtype_as_int(trigger.duration)};
        }
        if (!at) return note("the alarm cannot be read and is left out");
        if (task.due_date && *at > *task.due_date) return note("the alarm is after the due time and is left out");
        if (at != task.due_date || task.all_day) task.reminder_at = at;
        if (icalcomponent_get_next_component(todo_.get(), ICAL_VALARM_COMPONENT))
            note("only the first of several alarms is kept");
    }

    void syntax_errors() {
        for (auto* p = property(ICAL_XLICERROR_PROPERTY); p;
             p = icalcomponent_get_next_property(todo_.get(), ICAL_XLICERROR_PROPERTY)) {
            const auto what = value_of(p);
            note(what.empty() ? "a line cannot be read and is left out" : what);
        }
    }

    int line_;
    std::string zone_;
    std::vector<Problem>& problems_;
    Component todo_;
};

}  // namespace

Parsed read_icalendar(std::string_view bytes, std::string_view zone) {
    Parsed parsed;
    std::map<std::string, int> lines;
    for (const auto& block : todo_blocks(bytes, parsed.problems)) {
        auto entry = EntryReader(block, zone, parsed.problems).read();
        if (!entry) continue;
        const auto [first, fresh] = lines.emplace(entry->key, entry->line);
        if (fresh)
            parsed.entries.push_back(std::move(*entry));
        else
            parsed.problems.push_back(
                {block.line, fmt::format("has the same UID as the entry in line {} and is left out", first->second)});
    }
    std::stable_sort(parsed.problems.begin(), parsed.problems.end(),
                     [](const Problem& a, const Problem& b) { return a.line < b.line; });
    return parsed;
}

}  // namespace carillon::transfer
