// The recurrence editor's form, and what it says to the server.
import type { Recurrence } from '../../api/types';
import { ruleOf } from '../../lib/words';

export const units = ['daily', 'weekly', 'monthly', 'yearly'] as const;
export type Unit = (typeof units)[number];
export const weekdayCodes = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'] as const;

export interface Form {
  unit: Unit;
  interval: number;
  weekdays: string[];
  lastDay: boolean;
  anchor: 'due' | 'completion';
  /** YYYY-MM-DD, inclusive. */
  until: string;
}

export const emptyForm: Form = { unit: 'weekly', interval: 1, weekdays: [], lastDay: false, anchor: 'due', until: '' };

/** Null where the rule says more than the form can. */
export function formOf(recurrence: Recurrence): Form | null {
  const rule = ruleOf(recurrence);
  if (!rule || rule.other || recurrence.count || recurrence.catch_up) return null;
  const plainDays = rule.weekdays.every((day) => day.length === 2);
  const lastDay = rule.monthDays.length === 1 && rule.monthDays[0] === -1;
  if (!plainDays || (rule.monthDays.length > 0 && !lastDay) || (rule.weekdays.length > 0 && rule.unit !== 'weekly')) return null;
  return {
    unit: rule.unit,
    interval: rule.interval,
    weekdays: rule.weekdays,
    lastDay,
    anchor: recurrence.anchor ?? 'due',
    until: recurrence.end_date ?? '',
  };
}

export function recurrenceOf({ unit, interval, weekdays, lastDay, anchor, until }: Form): Recurrence {
  return {
    rule: unit,
    interval,
    ...(unit === 'weekly' && weekdays.length > 0 && { by_weekday: weekdayCodes.filter((day) => weekdays.includes(day)) }),
    ...(unit === 'monthly' && lastDay && { by_month_day: [-1] }),
    ...(anchor === 'completion' && { anchor }),
    ...(until && { end_date: until }),
  };
}
