// What the log shows: read from the address.
import type { EventType } from '../../api/types';
import { at } from '../../lib/zone';
import { m } from '../../messages';
import type { LogFilter } from './export';

export interface LogSearch {
  kind?: EventType;
  task?: string;
  /** Days. */
  from?: string;
  to?: string;
}

const isDay = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));

/** Whatever stands in an address becomes filters; what makes no sense is left out. */
export function readLogFilter({ kind, task, from, to }: Record<string, unknown>): LogSearch {
  return {
    ...(typeof kind === 'string' && Object.hasOwn(m.activity.kinds, kind) && { kind: kind as EventType }),
    ...(typeof task === 'string' && /^[1-9]\d{0,14}$/.test(task) && { task }),
    ...(isDay(from) && { from }),
    ...(isDay(to) && { to }),
  };
}

export const queryOf = ({ kind, task, from, to }: LogSearch, zone: string): LogFilter => ({
  ...(kind && { event_type: kind }),
  ...(task && { task_id: Number(task) }),
  ...(from && { after: at(from, '00:00', zone) }),
  ...(to && { before: new Date(Date.parse(at(to, '23:59', zone)) + 60_000).toISOString() }),
});
