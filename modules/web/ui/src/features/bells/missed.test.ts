import { expect, it } from 'vitest';
import { todo } from '../../state/todo.fixture';
import { bellText, isFresh } from './missed';

const settings = { zone: 'Europe/Berlin', locale: 'en-GB', weekStart: 'monday' } as const;
const now = Date.parse('2026-11-23T09:00:00Z');
const reminder = { id: 1, task_id: 1, title: 'Pay rent', fire_at: '2026-11-23T08:00:00Z', fired_at: '2026-11-23T08:00:00Z', state: 'fired', late: false, acknowledged_at: null, due_date: null } as const;
const rent = todo({ due_date: '2026-11-23T08:00:00Z', tags: ['home'] });

it('says when it is due, and how late the bell is', () => {
  const text = (fired_at: string, task = rent) => bellText({ reminder: { ...reminder, fired_at }, todo: task }, now, settings);
  expect(text('2026-11-23T08:00:40Z')).toBe('Due today 9:00 · #home');
  expect(text('2026-11-23T08:12:00Z')).toBe('Due today 9:00 · #home (this reminder is 12 min late)');
  expect(text('2026-11-23T10:59:00Z', todo({ due_date: rent.due_date }))).toBe('Due today 9:00 (this reminder is 2 hours late)');
  expect(text('2026-11-24T08:00:00Z', todo({ due_date: '2026-11-23T22:59:00Z', all_day: true }))).toBe('Due today (this reminder is 1 day late)');
  expect(bellText({ reminder, todo: undefined }, now, settings)).toBe('');
});

it('is fresh as long as a snooze takes', () => {
  expect(isFresh(reminder, Date.parse('2026-11-23T08:09:59Z'))).toBe(true);
  expect(isFresh(reminder, Date.parse('2026-11-23T08:10:00Z'))).toBe(false);
});
