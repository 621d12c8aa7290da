// Counts of completions by day and week, in the user's zone.
import { addDaysTo, dayOf, weekdayOf, type ZoneSettings } from '../../lib/zone';

export interface Cell {
  day: string;
  count: number;
  /** 0 to 4. */
  level: number;
}

const firstDays = { sunday: 0, monday: 1, saturday: 6 } as const;

export function countByDay(instants: readonly string[], zone: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const instant of instants) {
    const day = dayOf(instant, zone);
    counts.set(day, (counts.get(day) ?? 0) + 1);
  }
  return counts;
}

/** 53 columns of seven days, the last one holding today. */
export function heatWeeks(counts: ReadonlyMap<string, number>, today: string, { weekStart }: Pick<ZoneSettings, 'weekStart'>): Cell[][] {
  const most = Math.max(1, ...counts.values());
  const intoWeek = (weekdayOf(today) - firstDays[weekStart] + 7) % 7;
  const first = addDaysTo(today, -intoWeek - 52 * 7);
  return Array.from({ length: 53 }, (_, week) =>
    Array.from({ length: 7 }, (__, weekday) => {
      const day = addDaysTo(first, week * 7 + weekday);
      const count = counts.get(day) ?? 0;
      return { day, count, level: count === 0 ? 0 : Math.max(1, Math.ceil((4 * count) / most)) };
    }).filter(({ day }) => day <= today),
  );
}

export const weekTotals = (weeks: readonly Cell[][], last: number): { day: string; count: number }[] =>
  weeks.slice(-last).map((cells) => ({ day: cells[0]?.day ?? '', count: cells.reduce((sum, { count }) => sum + count, 0) }));
