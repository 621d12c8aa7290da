import { describe, expect, it } from 'vitest';
import { boundsOf } from '../../lib/zone';
import { todo } from '../../state/todo.fixture';
import { comparator, matcher, readFilters, rowsOf } from './filters';

const bounds = boundsOf(Date.parse('2026-11-23T09:00:00Z'), { zone: 'Europe/Berlin', weekStart: 'monday', locale: 'en' });
const none = new Set<number>();

describe('filters', () => {
  it('read an address, and leave out what makes no sense', () => {
    expect(readFilters({ status: 'all', priority: 'urgent', due: 'week', search: ' ', tag: 'home', evil: 'x' })).toEqual({ status: 'all', due: 'week', tag: 'home' });
  });
  it('match words in any case, in title, notes and tags', () => {
    const one = todo({ title: 'Pay Rent', description: 'the blue bank', tags: ['Home'] });
    expect(matcher({ search: 'RENT bank' }, bounds, none)(one)).toBe(true);
    expect(matcher({ search: 'rent red' }, bounds, none)(one)).toBe(false);
    expect(matcher({ tag: 'home' }, bounds, none)(one)).toBe(true);
  });
  it('keep a task that was completed here', () => {
    const done = todo({ id: 4, status: 'completed' });
    expect(matcher({}, bounds, none)(done)).toBe(false);
    expect(matcher({}, bounds, new Set([4]))(done)).toBe(true);
  });
});

describe('order and groups', () => {
  const list = [
    todo({ id: 1, due_date: null }),
    todo({ id: 2, due_date: '2026-11-23T20:00:00Z' }),
    todo({ id: 3, due_date: '2026-11-20T20:00:00Z', priority: 'low' }),
    todo({ id: 4, due_date: '2026-11-23T20:00:00Z', priority: 'high' }),
  ];
  it('puts the soonest first, then the more important, and no date last', () => {
    expect([...list].sort(comparator(undefined)).map(({ id }) => id)).toEqual([3, 4, 2, 1]);
    expect([...list].sort(comparator('priority')).map(({ id }) => id)).toEqual([4, 2, 1, 3]);
  });
  it('makes heads only for groups that hold something, and counts positions over all of them', () => {
    const rows = rowsOf([...list].sort(comparator(undefined)), {}, bounds, new Set(['today'] as const), new Set());
    expect(rows.map((row) => (row.is === 'group' ? `${row.group} ${row.count}` : row.position))).toEqual(['late 1', 1, 'today 2', 'none 1', 4]);
  });
  it('puts bells that were missed on top of any order, until they are answered', () => {
    const sorted = [...list].sort(comparator('title'));
    const missed = new Set(sorted.filter(({ status }) => status === 'active').slice(-1).map(({ id }) => id));
    const rows = rowsOf(sorted, { sort: 'title' }, bounds, new Set(), missed);
    expect(rows.filter((row) => row.is === 'group').map(({ group, count }) => `${group} ${count}`)).toEqual(['missed 1', `rest ${list.length - 1}`]);
    expect(rows[1]).toMatchObject({ todo: { id: [...missed][0] }, position: 1 });
    const byDay = rowsOf([...list].sort(comparator(undefined)), {}, bounds, new Set(), missed);
    expect(byDay[0]).toMatchObject({ group: 'missed', count: 1 });
    expect(byDay.filter((row) => row.is === 'task')).toHaveLength(list.length);
    expect(rowsOf(sorted, { sort: 'title' }, bounds, new Set(), new Set()).every(({ is }) => is === 'task')).toBe(true);
  });
});
