import { expect, it } from 'vitest';
import { todoOf } from '../../state/line';
import { escapeSpan, piecesOf, understood } from './parse';

it('puts a phrase back into the title, counted in code points', () => {
  expect(escapeSpan('🔔 Read today 9am', { start: 7, end: 16 })).toBe('🔔 Read \\today \\9am');
  expect(escapeSpan('Fix #login', { start: 4, end: 10 })).toBe('Fix \\#login');
});

it('cuts the line where phrases begin and end', () => {
  const parsed = { title: '🔔 Pay', tags: [], spans: [{ start: 6, end: 11, kind: 'priority' as const, text: '!high' }] };
  expect(piecesOf('🔔 Pay !high now', parsed)).toEqual([
    { text: '🔔 Pay ', kind: null },
    { text: '!high', kind: 'priority' },
    { text: ' now', kind: null },
  ]);
});

it('hands the server only the date of a last day', () => {
  const made = todoOf({ title: 'x', tags: ['a'], spans: [], recurrence: { rule: 'daily', interval: 1, end_date: '2027-01-05T23:59:00+01:00' }, due_date: '2026-11-24T09:00:00+01:00' });
  expect(made).toEqual({ title: 'x', tags: ['a'], due_date: '2026-11-24T08:00:00.000Z', recurrence: { rule: 'daily', interval: 1, end_date: '2027-01-05' } });
});

it('takes a phrase that is wrong for nothing but wrong', () => {
  const [date, tag] = [{ start: 4, end: 10, kind: 'due' as const, text: 'feb 30' }, { start: 11, end: 16, kind: 'tag' as const, text: '#home' }];
  const wrong = { start: 4, end: 10, code: 'date_impossible' as const };
  expect(understood({ spans: [date, tag], errors: [wrong] })).toEqual([tag]);
  expect(piecesOf('Pay feb 30 #home', { title: 'Pay', tags: ['home'], spans: [date, tag], errors: [wrong] }).map(({ kind }) => kind)).toEqual([null, 'error', null, 'tag']);
  expect(understood({ spans: [date, tag], errors: [{ start: 0, end: 16, code: 'title_empty' as const }] })).toEqual([date, tag]);
});
