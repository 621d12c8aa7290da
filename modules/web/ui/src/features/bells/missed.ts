// Bells that rang and that nobody answered: fresh ones stand in the banner, older ones on top of the list.
import type { Reminder, Todo } from '../../api/types';
import { dueMoment, type Zoned } from '../../lib/words';
import { signal } from '../../lib/signal';
import { m } from '../../messages';

const minute = 60_000;
/** As long as a snooze: who is here has seen the banner by then. */
const freshFor = 10 * minute;

export interface Rung {
  reminder: Reminder;
  todo: Todo | undefined;
}

export const isFresh = ({ fired_at, fire_at }: Reminder, now: number): boolean => now - Date.parse(fired_at ?? fire_at) < freshFor;

export interface Missed {
  /** By the id of the task. */
  bells: ReadonlyMap<number, Rung>;
  dismiss: (rung: Rung) => void;
}
export const missed = signal<Missed>({ bells: new Map(), dismiss: () => undefined });

/** "12 min", where that is worth a word. */
function delayOf({ fire_at, fired_at }: Reminder): string | null {
  const minutes = Math.floor((Date.parse(fired_at ?? fire_at) - Date.parse(fire_at)) / minute);
  if (minutes < 2) return null;
  if (minutes < 60) return m.bell.minutes(minutes);
  return minutes < 24 * 60 ? m.bell.hours(Math.floor(minutes / 60)) : m.bell.days(Math.floor(minutes / (24 * 60)));
}

/** "Due today 9:00 · #home (this reminder is 12 min late)" */
export function bellText({ reminder, todo }: Rung, now: number, settings: Zoned): string {
  const due = todo ? dueMoment(todo, now, settings) : '';
  const delay = delayOf(reminder);
  if (!due) return delay === null ? '' : m.bell.lateAlone(delay);
  const tags = (todo?.tags ?? []).map((tag) => `#${tag}`).join(' ');
  const text = tags ? m.bell.tagged(m.bell.due(due), tags) : m.bell.due(due);
  return delay === null ? text : m.bell.late(text, delay);
}
