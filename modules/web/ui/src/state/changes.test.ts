import { describe, expect, it } from 'vitest';
import type { Todo } from '../api/types';
import { todo } from './todo.fixture';
import { conflictsOf, inverseOf, newer, withChanges, type Change, type Op } from './changes';

const op = (n: number, change: Change): Op => ({ n, key: `key-${n}`, at: '2026-11-23T10:00:00Z', change });
const base = new Map([[1, todo()]]);

describe('withChanges', () => {
  it('lays changes over the list in order and leaves the list as it was', () => {
    const seen = withChanges(base, [
      op(1, { kind: 'update', id: 1, set: { title: 'B' }, old: { title: 'Pay rent' } }),
      op(2, { kind: 'update', id: 1, set: { title: 'C' }, old: { title: 'B' } }),
      op(3, { kind: 'complete', id: 1 }),
    ]);
    expect(seen.get(1)).toMatchObject({ title: 'C', status: 'completed', completed_at: '2026-11-23T10:00:00Z' });
    expect(base.get(1)?.title).toBe('Pay rent');
  });
  it('shows a new task before it has a number, and can change and delete it', () => {
    const made = op(1, { kind: 'create', id: -5, todo: { title: 'New', tags: ['home'] } });
    expect(withChanges(base, [made]).get(-5)).toMatchObject({ title: 'New', priority: 'medium', tags: ['home'], status: 'active' });
    expect(withChanges(base, [made, op(2, { kind: 'delete', id: -5 })]).has(-5)).toBe(false);
  });
  it('puts a deleted task back', () => {
    expect(withChanges(base, [op(1, { kind: 'delete', id: 1 })]).size).toBe(0);
    expect(withChanges(base, [op(1, { kind: 'delete', id: 1 }), op(2, { kind: 'restore', id: 1, todo: todo() })]).get(1)).toEqual(todo());
  });
});

describe('inverseOf', () => {
  it('takes back what the change did', () => {
    const changes: Change[] = [
      { kind: 'update', id: 1, set: { title: 'B', priority: 'high' }, old: { title: 'Pay rent', priority: 'medium' } },
      { kind: 'complete', id: 1 },
      { kind: 'delete', id: 1 },
      { kind: 'snooze', id: 1, until: '2026-11-23T11:00:00Z' },
    ];
    for (const change of changes) {
      const back = inverseOf(change, base.get(1));
      if (!back) throw new Error('no way back');
      expect(withChanges(base, [op(1, change), op(2, back)]).get(1)).toEqual(todo());
    }
  });
  it('knows no way back from deleting what it did not see', () => {
    expect(inverseOf({ kind: 'delete', id: 9 }, undefined)).toBeNull();
  });
});

describe('conflictsOf', () => {
  const edit: Change = { kind: 'update', id: 1, set: { title: 'Mine' }, old: { title: 'Pay rent' } };
  it('is quiet where nobody else touched the field', () => {
    expect(conflictsOf(edit, todo({ version: 7, priority: 'high' }))).toEqual([]);
  });
  it('names the field that somebody else has set to something else', () => {
    expect(conflictsOf(edit, todo({ title: 'Theirs' }))).toEqual(['title']);
  });
  it('is quiet where both said the same', () => {
    expect(conflictsOf(edit, todo({ title: 'Mine' }))).toEqual([]);
  });
  it('compares instants, tags and repeats by what they mean', () => {
    const change: Change = {
      kind: 'update',
      id: 1,
      set: { due_date: '2027-01-02T08:00:00Z', tags: ['x'], recurrence: null },
      old: { due_date: '2027-01-01T09:00:00+01:00', tags: ['b', 'A'], recurrence: { rule: 'monthly', interval: 1 } },
    };
    const recurrence = { rule: 'monthly', interval: 1, end_date: null, count: null, by_weekday: null, by_month_day: null, anchor: 'due', catch_up: false, timezone: 'Europe/Berlin' } as Todo['recurrence'];
    expect(conflictsOf(change, todo({ due_date: '2027-01-01T08:00:00Z', tags: ['a', 'B'], recurrence }))).toEqual([]);
    expect(conflictsOf(change, todo({ due_date: '2027-01-01T08:00:00Z', tags: ['a'], recurrence }))).toEqual(['tags']);
  });
});

describe('newer', () => {
  it('keeps the higher version, and a deleted task deleted', () => {
    expect(newer(todo({ version: 2 }), todo({ version: 3 }), undefined)).toBe(false);
    expect(newer(todo({ version: 3 }), todo({ version: 3 }), undefined)).toBe(true);
    expect(newer(todo({ version: 3 }), undefined, 3)).toBe(false);
    expect(newer(todo({ version: 4 }), undefined, 3)).toBe(true);
  });
});
