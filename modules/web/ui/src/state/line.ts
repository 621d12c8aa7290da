// What a typed line means. The server reads it, so that the page, the command line and the chat agree.
import { Refused, api, data } from '../api/client';
import type { components } from '../api/schema';
import type { NewTodo } from '../api/types';

export type Parsed = components['schemas']['ParsedLine'];
export type Span = Parsed['spans'][number];

export const parseLine = (text: string, zone: string, signal?: AbortSignal, now = new Date().toISOString()): Promise<Parsed> =>
  data(api.POST('/api/parse', { body: { text, zone, now }, signal }));

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

/** A line that was typed offline, as it would have been read then; what cannot be read stays a title. */
export async function readLater({ text, zone }: { text: string; zone: string }, typedAt: string, asTitle: NewTodo): Promise<NewTodo> {
  try {
    const parsed = await parseLine(text, zone, undefined, typedAt);
    return parsed.errors ? asTitle : todoOf(parsed);
  } catch (error) {
    if (error instanceof Refused && error.status < 500) return asTitle;
    throw error;
  }
}
