// Carries one change to the server. The key makes a second try harmless: the server answers it with the first answer.
import { Away, Refused, api, data } from '../api/client';
import type { Todo } from '../api/types';
import { conflictsOf, type FieldName, type Op } from './changes';
import { readLater } from './line';

export type Outcome =
  | { is: 'done'; todo: Todo | null }
  | { is: 'later'; seconds: number }
  | { is: 'away' }
  | { is: 'conflict'; fields: FieldName[]; theirs: Todo }
  | { is: 'refused'; error: Refused };

/** Changes older than this were queued: their times are judged as of then. */
const queuedAfter = 10_000;

function headersOf(op: Op, attempt: number): Record<string, string> {
  const headers: Record<string, string> = { 'Idempotency-Key': attempt === 0 ? op.key : `${op.key}.${attempt}` };
  if (Date.now() - Date.parse(op.at) > queuedAfter) headers['Queued-At'] = op.at;
  return headers;
}

async function call(op: Op, current: Todo | undefined, attempt: number): Promise<Todo | null> {
  const { change } = op;
  const headers = headersOf(op, attempt);
  const params = { path: { id: change.id }, header: headers as never };
  switch (change.kind) {
    case 'create':
      return data(api.POST('/api/todos', { params: { header: headers as never }, body: change.line ? await readLater(change.line, op.at, change.todo) : change.todo }));
    case 'update':
      if (current) headers['If-Match'] = `"${current.version}"`;
      return data(api.PATCH('/api/todos/{id}', { params, body: change.set }));
    case 'delete':
      await api.DELETE('/api/todos/{id}', { params });
      return null;
    case 'complete':
      return data(api.POST('/api/todos/{id}/complete', { params }));
    case 'reopen':
      return data(api.POST('/api/todos/{id}/reopen', { params }));
    case 'skip':
      return data(api.POST('/api/todos/{id}/skip', { params }));
    case 'restore':
      return data(api.POST('/api/todos/{id}/restore', { params }));
    case 'snooze':
      return data(api.POST('/api/todos/{id}/snooze', { params, body: { until: change.until } }));
  }
}

function outcomeOf(op: Op, error: Refused): Outcome {
  const { status, retryAfter } = error;
  if (status === 429 || status >= 500 || (status === 409 && retryAfter !== null)) return { is: 'later', seconds: retryAfter ?? 2 };
  if (status === 401) return { is: 'away' };
  if (status === 404 && op.change.kind === 'delete') return { is: 'done', todo: null };
  return { is: 'refused', error };
}

/** `server` reads the task as this browser last heard of it. A change that lost a race is tried again on top of what won, where no field is in both. */
export async function send(op: Op, server: (id: number) => Todo | undefined): Promise<Outcome> {
  let current = server(op.change.id);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const fields = conflictsOf(op.change, current);
    if (fields.length > 0 && current) return { is: 'conflict', fields, theirs: current };
    try {
      return { is: 'done', todo: await call(op, current, attempt) };
    } catch (error) {
      if (error instanceof Away) return { is: 'away' };
      if (!(error instanceof Refused)) throw error;
      if (error.status !== 412) return outcomeOf(op, error);
      try {
        current = await data(api.GET('/api/todos/{id}', { params: { path: { id: op.change.id } } }));
      } catch (again) {
        if (again instanceof Refused) return outcomeOf(op, again);
        return { is: 'away' };
      }
    }
  }
  return { is: 'later', seconds: 2 };
}
