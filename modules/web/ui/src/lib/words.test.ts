import { describe, expect, it } from 'vitest';
import type { Recurrence } from '../api/types';
import { dueWords, repeatWords } from './words';

const settings = { zone: 'Europe/Berlin', locale: 'en-GB' };
const now = Date.parse('2026-11-23T09:00:00Z');
const due = (due_date: string, all_day = false, status: 'active' | 'completed' = 'active') => dueWords({ due_date, all_day, status }, now, settings);

describe('dueWords', () => {
  it('speaks of days near today', () => {
    expect(due('2026-11-23T16:00:00Z')).toBe('today 17:00');
    expect(due('2026-11-24T08:00:00Z')).toBe('tomorrow 9:00');
    expect(due('2026-11-27T22:59:00Z', true)).toBe('Fri 27 Nov');
    expect(due('2028-01-01T08:00:00Z')).toBe('1 Jan 2028 9:00');
  });
  it('says how late', () => {
    expect(due('2026-11-20T16:00:00Z')).toBe('3 days late');
    expect(due('2026-11-22T16:00:00Z')).toBe('yesterday');
    expect(due('2026-11-23T08:00:00Z')).toBe('late since 9:00');
    expect(due('2026-11-20T16:00:00Z', false, 'completed')).toBe('20 Nov 17:00');
  });
});

describe('repeatWords', () => {
  const cases: [Recurrence, string][] = [
    [{ rule: 'monthly' }, 'monthly'],
    [{ rule: 'daily', interval: 3 }, 'every 3 days'],
    [{ rule: 'weekly', interval: 2 }, 'every other week'],
    [{ rule: 'weekly', by_weekday: ['tu', 'th'] }, 'every Tuesday and Thursday'],
    [{ rule: 'monthly', by_month_day: [-1] }, 'every last day of the month'],
    [{ rrule: 'FREQ=MONTHLY;BYDAY=-1FR' }, 'every last Friday'],
    [{ rrule: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR' }, 'every weekday'],
    [{ rrule: 'FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=15' }, 'every 3 months on 15th'],
    [{ rule: 'daily', anchor: 'completion' }, 'daily after it is done'],
    [{ rrule: 'FREQ=YEARLY;BYSETPOS=2;BYDAY=MO' }, 'FREQ=YEARLY;BYSETPOS=2;BYDAY=MO'],
  ];
  it.each(cases)('%j is %s', (recurrence, words) => expect(repeatWords(recurrence)).toBe(words));
});
