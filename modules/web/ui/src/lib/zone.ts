// Calendar arithmetic in the user's time zone. Instants are RFC 3339 strings or milliseconds, days are YYYY-MM-DD.
import { TZDate, tzOffset } from '@date-fns/tz';
import { addDays, endOfWeek, startOfDay } from 'date-fns';

export type WeekStart = 'monday' | 'saturday' | 'sunday';
const weekStarts = { sunday: 0, monday: 1, saturday: 6 } as const;

export interface ZoneSettings {
  zone: string;
  weekStart: WeekStart;
  locale: string;
}

export const browserZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function inZone(instant: string | number, zone: string): TZDate {
  return new TZDate(typeof instant === 'string' ? Date.parse(instant) : instant, zone);
}

/** YYYY-MM-DD of an instant in the zone. */
export function dayOf(instant: string | number, zone: string): string {
  const date = inZone(instant, zone);
  const pad = (n: number) => String(n).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

/** HH:MM of an instant in the zone. */
export function timeOf(instant: string | number, zone: string): string {
  const date = inZone(instant, zone);
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`;
}

/** The instant of a wall time, as RFC 3339 in UTC; a time that the zone skips moves forward. */
export function at(day: string, time: string, zone: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return new Date(new TZDate(year, month - 1, date, hours, minutes, 0, 0, zone).getTime()).toISOString();
}

export function addDaysTo(day: string, days: number): string {
  const date = new Date(`${day}T12:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** 0 is Sunday. */
export const weekdayOf = (day: string): number => new Date(`${day}T12:00:00Z`).getUTCDay();

/** An instant moved to another day, at the same wall time. */
export const moveToDay = (instant: string, day: string, zone: string): string => at(day, timeOf(instant, zone), zone);

/** `missed`: its bell rang and nobody answered; `rest`: the others, where the sort knows no days. */
export type Group = 'missed' | 'late' | 'today' | 'tomorrow' | 'week' | 'later' | 'none' | 'rest';
export const groups: readonly Group[] = ['missed', 'late', 'today', 'tomorrow', 'week', 'later', 'none', 'rest'];

/** Where the groups begin, once per list instead of once per task. */
export interface Bounds {
  now: number;
  today: number;
  tomorrow: number;
  dayAfter: number;
  weekEnd: number;
}

export function boundsOf(now: number, { zone, weekStart }: ZoneSettings): Bounds {
  const local = inZone(now, zone);
  return {
    now,
    today: startOfDay(local).getTime(),
    tomorrow: startOfDay(addDays(local, 1)).getTime(),
    dayAfter: startOfDay(addDays(local, 2)).getTime(),
    weekEnd: endOfWeek(local, { weekStartsOn: weekStarts[weekStart] }).getTime(),
  };
}

/** Late from the minute after it was due; what was due earlier today is late too. */
export function groupOf(due: string | null, bounds: Bounds): Group {
  if (due === null) return 'none';
  const time = Date.parse(due);
  if (time < bounds.now) return 'late';
  if (time < bounds.tomorrow) return 'today';
  if (time < bounds.dayAfter) return 'tomorrow';
  if (time <= bounds.weekEnd) return 'week';
  return 'later';
}

/** Days since 1970 by the zone's calendar. */
const dayNumber = (instant: number, zone: string): number => Math.floor((instant + tzOffset(zone, new Date(instant)) * 60_000) / 86_400_000);

/** Calendar days; each row of a list asks for some. */
export const daysBetween = (from: number, to: number, zone: string): number => dayNumber(to, zone) - dayNumber(from, zone);

const formats = new Map<string, Intl.DateTimeFormat>();
export function format(instant: string | number, settings: { zone: string; locale: string }, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify([settings.locale, settings.zone, options]);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(settings.locale, { timeZone: settings.zone, ...options });
    formats.set(key, made);
  }
  return made.format(typeof instant === 'string' ? Date.parse(instant) : instant);
}
