// iCalendar out (RFC 5545), by libical. What RFC 5545 has no word for stands in X-CARILLON-… properties, so that an
// export imports as it was.
#include "carillon/ids.hpp"
#include "carillon/time/zone.hpp"
#include "formats.hpp"

#include <fmt/format.h>
#include <libical/ical.h>
#include <boost/json/serialize.hpp>

#include <memory>

namespace carillon::transfer {

namespace {

using Component = std::unique_ptr<icalcomponent, decltype(&icalcomponent_free)>;

icaltimetype to_ical(Time instant, bool date_only) {
    const auto local = to_local(instant, "UTC");
    icaltimetype t = icaltime_null_time();
    t.year = static_cast<int>(local.date.year());
    t.month = static_cast<int>(static_cast<unsigned>(local.date.month()));
    t.day = static_cast<int>(static_cast<unsigned>(local.date.day()));
    t.is_date = date_only;
    if (date_only) return t;
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(local.of_day)};
    t.hour = static_cast<int>(clock.hours().count());
    t.minute = static_cast<int>(clock.minutes().count());
    t.second = static_cast<int>(clock.seconds().count());
    t.zone = icaltimezone_get_utc_timezone();
    return t;
}

/// RRULE of the plain form, for other programs; our own import reads X-CARILLON-RECURRENCE.
std::string rrule_of(const Recurrence& recurrence) {
    if (recurrence.rrule) return *recurrence.rrule;
    static constexpr const char* names[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    std::string out =
        fmt::format("FREQ={};INTERVAL={}", names[static_cast<int>(*recurrence.rule)], recurrence.interval);
    if (recurrence.count)
        out += fmt::format(";COUNT={}", *recurrence.count);
    else if (recurrence.end_date) {
        const auto& end = *recurrence.end_date;
        out += fmt::format(";UNTIL={:04}{:02}{:02}T235959Z", static_cast<int>(end.year()),
                           static_cast<unsigned>(end.month()), static_cast<unsigned>(end.day()));
    }
    std::string days;
    for (auto day : recurrence.by_weekday) {
        for (auto& c : day) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        days += (days.empty() ? "" : ",") + day;
    }
    if (!days.empty()) out += ";BYDAY=" + days;
    std::string month_days;
    for (const int day : recurrence.by_month_day) month_days += (month_days.empty() ? "" : ",") + std::to_string(day);
    if (!month_days.empty()) out += ";BYMONTHDAY=" + month_days;
    return out;
}

void extension(icalcomponent* component, const char* name, const std::string& value) {
    auto* property = icalproperty_new_x(value.c_str());
    icalproperty_set_x_name(property, name);
    icalproperty_set_value(property, icalvalue_new_text(value.c_str()));
    icalcomponent_add_property(component, property);
}

void alarm(icalcomponent* component, const task::Todo& todo) {
    if (!todo.remind) return extension(component, "X-CARILLON-REMIND", "FALSE");
    if (!todo.due_date || (todo.all_day && !todo.reminder_at)) return;  // the user's own default: nothing to write down
    auto trigger = icaltriggertype_from_int(0);
    if (todo.reminder_at && (todo.all_day || *todo.reminder_at > *todo.due_date)) {
        trigger.time = to_ical(*todo.reminder_at, false);
    } else if (todo.reminder_at) {
        const auto distance = std::chrono::floor<std::chrono::seconds>(*todo.reminder_at - *todo.due_date).count();
        trigger.duration = icaldurationtype_from_int(static_cast<int>(distance));
    }
    auto* property = icalproperty_new_trigger(trigger);
    if (icaltime_is_null_time(trigger.time))
        icalproperty_add_parameter(property, icalparameter_new_related(ICAL_RELATED_END));
    auto* made = icalcomponent_new_valarm();
    icalcomponent_add_property(made, icalproperty_new_action(ICAL_ACTION_DISPLAY));
    icalcomponent_add_property(made, icalproperty_new_description(todo.title.c_str()));
    icalcomponent_add_property(made, property);
    icalcomponent_add_component(component, made);
}

icalcomponent* to_component(const task::Todo& todo, std::string_view zone) {
    auto* component = icalcomponent_new(ICAL_VTODO_COMPONENT);
    const auto add = [component](icalproperty* property) { icalcomponent_add_property(component, property); };
    add(icalproperty_new_uid(uid_of(todo).c_str()));
    add(icalproperty_new_dtstamp(to_ical(stamp_of(todo), false)));
    add(icalproperty_new_summary(todo.title.c_str()));
    if (todo.description) add(icalproperty_new_description(todo.description->c_str()));
    if (todo.due_date) {
        if (todo.all_day) {
            const auto local = to_local(*todo.due_date, zone);
            add(icalproperty_new_due(to_ical(Time{std::chrono::sys_days{local.date}}, true)));
        } else {
            add(icalproperty_new_due(to_ical(*todo.due_date, false)));
        }
    }
    add(icalproperty_new_priority(todo.priority == task::Priority::high     ? 1
                                  : todo.priority == task::Priority::medium ? 5
                                                                            : 9));
    add(icalproperty_new_status(todo.completed_at ? ICAL_STATUS_COMPLETED : ICAL_STATUS_NEEDSACTION));
    if (todo.completed_at) add(icalproperty_new_completed(to_ical(*todo.completed_at, false)));
    for (const auto& tag : todo.tags) add(icalproperty_new_categories(tag.c_str()));
    if (todo.recurrence) {
        add(icalproperty_new_rrule(icalrecurrencetype_from_string(rrule_of(*todo.recurrence).c_str())));
        // Base64, since libical takes a text with commas for several values.
        extension(component, "X-CARILLON-RECURRENCE", to_base64(boost::json::serialize(to_json(*todo.recurrence))));
    }
    alarm(component, todo);
    return component;
}

}  // namespace

std::string write_icalendar(const std::vector<task::Todo>& todos, std::string_view zone) {
    const Component calendar(icalcomponent_new(ICAL_VCALENDAR_COMPONENT), icalcomponent_free);
    icalcomponent_add_property(calendar.get(), icalproperty_new_version("2.0"));
    icalcomponent_add_property(calendar.get(), icalproperty_new_prodid("-//Carillon//Carillon//EN"));
    for (const auto& todo : todos) icalcomponent_add_component(calendar.get(), to_component(todo, zone));
    const std::unique_ptr<char, decltype(&free)> text(icalcomponent_as_ical_string_r(calendar.get()), free);
    return text.get();
}

}  // namespace carillon::transfer
