import { describe, expect, it } from 'vitest';
import { at, boundsOf, dayOf, daysBetween, groupOf, moveToDay } from './zone';

const berlin = { zone: 'Europe/Berlin', weekStart: 'monday', locale: 'en' } as const;

describe('zone', () => {
  it('moves a wall time over the change of the clocks', () => {
    expect(at('2027-03-27', '09:00', berlin.zone)).toBe('2027-03-27T08:00:00.000Z');
    expect(at('2027-03-28', '09:00', berlin.zone)).toBe('2027-03-28T07:00:00.000Z');
    expect(moveToDay('2027-03-27T08:00:00Z', '2027-03-28', berlin.zone)).toBe('2027-03-28T07:00:00.000Z');
  });
  it('moves a time that the zone skips forward by the gap', () => {
    expect(at('2027-03-28', '02:30', berlin.zone)).toBe('2027-03-28T01:30:00.000Z');
  });
  it('knows the day on both sides of midnight', () => {
    expect(dayOf('2026-11-23T22:59:00Z', berlin.zone)).toBe('2026-11-23');
    expect(dayOf('2026-11-23T23:00:00Z', berlin.zone)).toBe('2026-11-24');
  });
  it.each([
    ['Europe/Berlin', '2026-11-23T22:59:00Z', '2026-11-23T23:00:00Z', 1],
    ['Europe/Berlin', '2026-11-23T23:00:00Z', '2026-11-24T22:59:00Z', 0],
    ['Europe/Berlin', '2026-10-24T22:30:00Z', '2026-10-25T22:30:00Z', 0], // 25 hours long
    ['Europe/Berlin', '2027-03-27T22:30:00Z', '2027-03-28T22:30:00Z', 2], // 23 hours long
    ['America/St_Johns', '2026-11-23T03:29:00Z', '2026-11-23T03:30:00Z', 1],
    ['Pacific/Kiritimati', '2026-11-23T10:00:00Z', '2026-11-23T09:59:00Z', -1],
  ])('counts days in %s from %s to %s', (zone, from, to, days) => expect(daysBetween(Date.parse(from), Date.parse(to), zone)).toBe(days));
});

describe('groupOf', () => {
  // Monday, 10:00 in Berlin.
  const bounds = boundsOf(Date.parse('2026-11-23T09:00:00Z'), berlin);
  const cases = [
    ['2026-11-23T08:59:00Z', 'late'],
    ['2026-11-23T22:59:00Z', 'today'],
    ['2026-11-23T23:00:00Z', 'tomorrow'],
    ['2026-11-24T23:00:00Z', 'week'],
    ['2026-11-29T22:59:00Z', 'week'],
    ['2026-11-29T23:00:00Z', 'later'],
    [null, 'none'],
  ] as const;
  it.each(cases)('%s is %s', (due, group) => expect(groupOf(due, bounds)).toBe(group));
  it('follows the day the week starts on', () => {
    const sunday = boundsOf(Date.parse('2026-11-23T09:00:00Z'), { ...berlin, weekStart: 'sunday' });
    expect(groupOf('2026-11-29T10:00:00Z', sunday)).toBe('later');
  });
});
