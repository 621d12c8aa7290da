// Dates and repeats as people say them.
import type { Recurrence, Todo } from '../api/types';
import { m } from '../messages';
import { daysBetween, format, type ZoneSettings } from './zone';

export type Zoned = Pick<ZoneSettings, 'zone' | 'locale'>;

export function dayWords(instant: string, now: number, settings: Zoned): string {
  const days = daysBetween(now, Date.parse(instant), settings.zone);
  if (days === 0) return m.due.today;
  if (days === 1) return m.due.tomorrow;
  if (days === -1) return m.due.yesterday;
  const far = Math.abs(days) > 300;
  return format(instant, settings, { weekday: days > 0 && days < 7 ? 'short' : undefined, day: 'numeric', month: 'short', year: far ? 'numeric' : undefined });
}

export const clock = (instant: string | number, settings: Zoned): string => format(instant, settings, { hour: 'numeric', minute: '2-digit' });

export function momentWords(instant: string, now: number, settings: Zoned): string {
  return m.due.at(dayWords(instant, now, settings), clock(instant, settings));
}

/** The moment itself, late or not: what a bell says. */
export const dueMoment = (todo: Pick<Todo, 'due_date' | 'all_day'>, now: number, settings: Zoned): string =>
  todo.due_date === null ? '' : (todo.all_day ? dayWords : momentWords)(todo.due_date, now, settings);

export const isLate = (todo: Pick<Todo, 'due_date' | 'status'>, now: number): boolean =>
  todo.status === 'active' && todo.due_date !== null && Date.parse(todo.due_date) < now;

/** "today 17:00", "3 days late", "Fri 27 Nov". */
export function dueWords(todo: Pick<Todo, 'due_date' | 'all_day' | 'status'>, now: number, settings: Zoned): string {
  if (todo.due_date === null) return '';
  const days = daysBetween(now, Date.parse(todo.due_date), settings.zone);
  const late = isLate(todo, now);
  if (late && days < 0) return m.due.late(-days);
  if (late) return m.due.lateAt(clock(todo.due_date, settings));
  const day = dayWords(todo.due_date, now, settings);
  return todo.all_day ? day : m.due.at(day, clock(todo.due_date, settings));
}

export const exactly = (instant: string, settings: Zoned): string =>
  format(instant, settings, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit', timeZoneName: 'short' });

/** The bell: its time where it rings on the due day, else the day too. */
export function bellWords(todo: Pick<Todo, 'due_date' | 'reminder_at'>, now: number, settings: Zoned): string {
  if (todo.reminder_at === null) return '';
  const sameDay = todo.due_date !== null && daysBetween(Date.parse(todo.reminder_at), Date.parse(todo.due_date), settings.zone) === 0;
  return sameDay ? clock(todo.reminder_at, settings) : momentWords(todo.reminder_at, now, settings);
}

const dayNames: Record<string, number> = { su: 0, mo: 1, tu: 2, we: 3, th: 4, fr: 5, sa: 6 };
const ordinals: Record<string, string> = { '1': 'first', '2': 'second', '3': 'third', '4': 'fourth', '5': 'fifth', '-1': 'last', '-2': 'second to last' };

function weekday(code: string): string {
  const [, ordinal, day] = /^([+-]?\d+)?(..)$/.exec(code.toLowerCase()) ?? [];
  const name = m.repeat.days[dayNames[day ?? ''] ?? -1] ?? code;
  return ordinal ? `${ordinals[ordinal.replace('+', '')] ?? ordinal} ${name}` : name;
}

const listed = new Intl.ListFormat('en', { type: 'conjunction' });
const english = new Intl.PluralRules('en', { type: 'ordinal' });
const suffixes: Record<string, string> = { one: 'st', two: 'nd', few: 'rd', other: 'th' };
const ordinal = (n: number): string => (n === -1 ? 'last day' : `${n}${suffixes[english.select(n)] ?? 'th'}`);

interface Rule {
  unit: 'daily' | 'weekly' | 'monthly' | 'yearly';
  interval: number;
  weekdays: string[];
  monthDays: number[];
  /** Parts that no words are known for. */
  other: boolean;
}

export function ruleOf(recurrence: Recurrence): Rule | null {
  if ('rule' in recurrence) {
    const { rule: unit, interval, by_weekday: weekdays, by_month_day: monthDays } = recurrence;
    return { unit, interval: interval ?? 1, weekdays: weekdays ?? [], monthDays: monthDays ?? [], other: false };
  }
  const parts = new Map(recurrence.rrule.split(';').map((part) => part.toUpperCase().split('=') as [string, string]));
  const unit = parts.get('FREQ')?.toLowerCase();
  if (unit !== 'daily' && unit !== 'weekly' && unit !== 'monthly' && unit !== 'yearly') return null;
  const known = new Set(['FREQ', 'INTERVAL', 'BYDAY', 'BYMONTHDAY', 'WKST']);
  return {
    unit,
    interval: Number(parts.get('INTERVAL') ?? 1),
    weekdays: parts.get('BYDAY')?.toLowerCase().split(',') ?? [],
    monthDays: parts.get('BYMONTHDAY')?.split(',').map(Number) ?? [],
    other: [...parts.keys()].some((name) => !known.has(name)),
  };
}

/** "every last Friday", "every 2 weeks on Tuesday", "monthly". */
export function repeatWords(recurrence: Recurrence): string {
  const rule = ruleOf(recurrence);
  if (!rule || rule.other) return 'rrule' in recurrence ? recurrence.rrule : '';
  const { unit, interval, weekdays, monthDays } = rule;
  const [single, plural] = m.repeat.unit[unit];
  const after = recurrence.anchor === 'completion' ? ' after it is done' : '';
  const workdays = weekdays.length === 5 && ['mo', 'tu', 'we', 'th', 'fr'].every((day) => weekdays.includes(day));
  const on = weekdays.length > 0 ? listed.format(weekdays.map(weekday)) : listed.format(monthDays.map(ordinal));
  if (interval === 1 && workdays && unit === 'weekly') return `every weekday${after}`;
  if (interval === 1 && unit === 'weekly' && on) return `every ${on}${after}`;
  if (interval === 1 && unit === 'monthly' && on) return `every ${on}${monthDays.length > 0 ? ' of the month' : ''}${after}`;
  if (interval === 1) return on ? `${unit} on ${on}${after}` : `${unit}${after}`;
  return on ? `every ${interval} ${plural} on ${on}${after}` : `every ${interval === 2 ? `other ${single}` : `${interval} ${plural}`}${after}`;
}
