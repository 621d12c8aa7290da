import { expect, it } from 'vitest';
import { cell, nextCursor } from './export';
import { countByDay, heatWeeks } from './heat';

it('quotes cells, and keeps spreadsheets from running them', () => {
  expect(cell('a "b", c')).toBe('"a ""b"", c"');
  expect(cell('=1+1')).toBe("'=1+1");
  expect(cell(7)).toBe('7');
});

it('reads the cursor of a Link header', () => {
  expect(nextCursor('</api/audit?limit=50&cursor=eyJh>; rel="next"')).toBe('eyJh');
  expect(nextCursor(null)).toBeUndefined();
});

it('counts days in the zone and ends today', () => {
  const counts = countByDay(['2026-11-22T23:30:00Z', '2026-11-23T10:00:00Z'], 'Europe/Berlin');
  expect(counts.get('2026-11-23')).toBe(2);
  const weeks = heatWeeks(counts, '2026-11-23', { weekStart: 'monday' });
  expect(weeks).toHaveLength(53);
  expect(weeks.at(-1)).toEqual([{ day: '2026-11-23', count: 2, level: 4 }]);
});
