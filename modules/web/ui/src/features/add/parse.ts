// What a typed line means. The server reads it, so that the page, the command line and the chat agree.
import type { components } from '../../api/schema';
import { api, data } from '../../api/client';
import type { NewTodo } from '../../api/types';

export type Parsed = components['schemas']['ParsedLine'];
export type Span = Parsed['spans'][number];

export const parseLine = (text: string, zone: string, signal?: AbortSignal): Promise<Parsed> =>
  data(api.POST('/api/parse', { body: { text, zone, now: new Date().toISOString() }, signal }));

/** A line as a new task. */
export function todoOf(parsed: Parsed): NewTodo {
  const { title, description, priority, due_date, all_day, reminder_at, recurrence, tags } = parsed;
  const repeats = recurrence && { ...recurrence, ...(recurrence.end_date && { end_date: recurrence.end_date.slice(0, 10) }) };
  return {
    title,
    ...(description && { description }),
    ...(priority && { priority }),
    ...(due_date && { due_date: new Date(due_date).toISOString() }),
    ...(all_day && { all_day }),
    ...(reminder_at && { reminder_at: new Date(reminder_at).toISOString() }),
    ...(repeats && { recurrence: repeats }),
    ...(tags.length > 0 && { tags }),
  };
}

/** The line with one phrase kept out of it: a backslash before each of its words. Positions count code points. */
export function escapeSpan(text: string, { start, end }: Pick<Span, 'start' | 'end'>): string {
  const points = Array.from(text);
  const inside = points.slice(start, end).join('').replace(/(^|\s)(?=[\p{L}\p{N}#!/@"])/gu, '$1\\');
  return points.slice(0, start).join('') + inside + points.slice(end).join('');
}

export interface Piece {
  text: string;
  kind: Span['kind'] | 'error' | null;
}

/** The line cut where understood phrases begin and end, for underlining. `parsed` may still be about the line before the last key. */
export function piecesOf(text: string, parsed: Parsed | undefined): Piece[] {
  const points = Array.from(text);
  const marks = [
    ...(parsed?.spans ?? []).filter(({ start, end, text: said }) => points.slice(start, end).join('') === said).map(({ start, end, kind }) => ({ start, end, kind })),
    ...(parsed?.errors ?? []).map(({ start, end }) => ({ start, end, kind: 'error' as const })),
  ].sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: Piece[] = [];
  let position = 0;
  for (const { start, end, kind } of marks) {
    if (start < position || end > points.length) continue;
    if (start > position) pieces.push({ text: points.slice(position, start).join(''), kind: null });
    pieces.push({ text: points.slice(start, end).join(''), kind });
    position = end;
  }
  if (position < points.length) pieces.push({ text: points.slice(position).join(''), kind: null });
  return pieces;
}
