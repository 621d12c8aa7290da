// The log in words.
import type { AuditEntry, Recurrence } from '../../api/types';
import { momentWords, repeatWords } from '../../lib/words';
import type { ZoneSettings } from '../../lib/zone';
import { m } from '../../messages';

const names: Record<string, string> = { dueDate: 'due_date', reminderAt: 'reminder_at', completedAt: 'completed_at', allDay: 'all_day' };

export interface ChangeLine {
  field: string;
  before: string;
  after: string;
}

interface Payload {
  title?: string;
  changes?: Record<string, { old: unknown; new: unknown }>;
  todo?: { title: string } | null;
}

function valueWords(field: string, value: unknown, now: number, settings: ZoneSettings): string {
  if (value === null || value === undefined || value === '') return m.task.empty;
  if (typeof value === 'number') return momentWords(new Date(value * 1000).toISOString(), now, settings);
  if (field === 'recurrence') {
    const { rule, interval } = value as { rule: string; interval: number };
    const recurrence = rule.includes('=') ? { rrule: rule } : { rule, interval };
    return repeatWords(recurrence as Recurrence);
  }
  if (Array.isArray(value)) return value.map((tag) => `#${String(tag)}`).join(' ') || m.task.empty;
  if (typeof value === 'boolean') return value ? '✓' : '✗';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function changesOf({ payload }: AuditEntry, now: number, settings: ZoneSettings): ChangeLine[] {
  const { changes } = (payload as Payload | null) ?? {};
  return Object.entries(changes ?? {}).map(([name, change]) => ({
    field: m.fields[names[name] ?? name] ?? name,
    before: valueWords(name, change.old, now, settings),
    after: valueWords(name, change.new, now, settings),
  }));
}

export const titleOfEntry = ({ payload, task_id }: AuditEntry): string => {
  const { title, todo } = (payload as Payload | null) ?? {};
  return todo?.title ?? title ?? m.activity.taskNumber(task_id);
};

export const actorWords = (actor: string): string => m.activity.actors[actor] ?? (actor.startsWith('token:') ? m.activity.token : actor);

/** A deletion and a change can be taken back to before; a creation has no before, a bell no state. */
export const revertible = ({ event_type }: AuditEntry): boolean => ['task.updated', 'task.completed', 'task.deleted'].includes(event_type);
