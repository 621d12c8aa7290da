import { expect, it } from 'vitest';
import { queryOf, readLogFilter } from './filter';

it('reads an address, and leaves out what makes no sense', () => {
  const all = { kind: 'task.completed', task: '7', from: '2026-11-01', to: '2026-11-30' };
  expect(readLogFilter({ ...all, evil: 'x' })).toEqual(all);
  expect(readLogFilter({ kind: 'toString', task: '07', from: '2026-13-01', to: 'today' })).toEqual({});
});

it('asks for whole days of the user', () => {
  expect(queryOf({ from: '2026-11-01', to: '2026-11-01', task: '7' }, 'Europe/Berlin')).toEqual({ task_id: 7, after: '2026-10-31T23:00:00.000Z', before: '2026-11-01T23:00:00.000Z' });
});
