// What a user can do to tasks, as data: applied to the list at once, sent in order, undone by its inverse.
import type { NewTodo, Todo, TodoPatch } from '../api/types';

export type Tasks = ReadonlyMap<number, Todo>;
export type Fields = Omit<TodoPatch, 'status'>;
export type FieldName = keyof Fields;

export type Change =
  /** `line` was typed while nobody could read it: it is read before it is sent. */
  | { kind: 'create'; id: number; todo: NewTodo; line?: { text: string; zone: string } }
  /** `old` are the values that the user saw when changing them. */
  | { kind: 'update'; id: number; set: Fields; old: Fields }
  | { kind: 'complete' | 'reopen' | 'skip' | 'delete'; id: number }
  | { kind: 'restore'; id: number; todo: Todo }
  | { kind: 'snooze'; id: number; until: string };

/** A change on its way to the server. `n` orders them, over all tabs; `key` makes sending it twice harmless. */
export interface Op {
  n: number;
  key: string;
  at: string;
  change: Change;
}

/** A task that is not on the server yet has a negative id. */
let lastTemporary = 0;
export function temporaryId(): number {
  lastTemporary = Math.min(lastTemporary - 1, -Date.now());
  return lastTemporary;
}

function draftOf(id: number, todo: NewTodo, at: string): Todo {
  return {
    id,
    title: todo.title,
    description: todo.description ?? null,
    status: 'active',
    priority: todo.priority ?? 'medium',
    due_date: todo.due_date ?? todo.reminder_at ?? null,
    all_day: todo.all_day ?? false,
    reminder_at: todo.reminder_at ?? null,
    remind: todo.remind ?? true,
    recurrence: (todo.recurrence ?? null) as Todo['recurrence'],
    tags: todo.tags ?? [],
    parent_task_id: null,
    created_at: at,
    updated_at: at,
    completed_at: null,
    version: 0,
  };
}

function changed(todo: Todo, change: Change, at: string): Todo | null {
  switch (change.kind) {
    case 'update':
      return { ...todo, ...change.set } as Todo;
    case 'complete':
      return { ...todo, status: 'completed', completed_at: todo.completed_at ?? at };
    case 'reopen':
      return { ...todo, status: 'active', completed_at: null };
    case 'snooze':
      return { ...todo, reminder_at: change.until };
    case 'delete':
      return null;
    case 'skip':
    case 'create':
    case 'restore':
      return todo;
  }
}

/** The list with the waiting changes in it. */
export function withChanges(base: Tasks, ops: readonly Op[]): Tasks {
  if (ops.length === 0) return base;
  const tasks = new Map(base);
  for (const { change, at } of ops) {
    if (change.kind === 'create') tasks.set(change.id, draftOf(change.id, change.todo, at));
    else if (change.kind === 'restore') tasks.set(change.id, change.todo);
    else {
      const todo = tasks.get(change.id);
      const result = todo && changed(todo, change, at);
      if (result) tasks.set(change.id, result);
      else tasks.delete(change.id);
    }
  }
  return tasks;
}

/** What takes a change back; null where nothing does. `before` is the task as it was seen. */
export function inverseOf(change: Change, before: Todo | undefined): Change | null {
  switch (change.kind) {
    case 'create':
      return { kind: 'delete', id: change.id };
    case 'update':
      return { kind: 'update', id: change.id, set: change.old, old: change.set };
    case 'complete':
      return { kind: 'reopen', id: change.id };
    case 'reopen':
      return { kind: 'complete', id: change.id };
    case 'delete':
      return before ? { kind: 'restore', id: change.id, todo: before } : null;
    case 'restore':
      return { kind: 'delete', id: change.id };
    case 'snooze':
      return before ? { kind: 'update', id: change.id, set: { reminder_at: before.reminder_at }, old: { reminder_at: change.until } } : null;
    case 'skip':
      return before
        ? { kind: 'update', id: change.id, set: { due_date: before.due_date, reminder_at: before.reminder_at }, old: {} }
        : null;
  }
}

const recurrenceDefaults = { interval: 1, end_date: null, count: null, by_weekday: null, by_month_day: null, anchor: 'due', catch_up: false };

function comparable(field: string, value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (field === 'due_date' || field === 'reminder_at') return String(Date.parse(value as string));
  if (field === 'tags') return JSON.stringify((value as string[]).map((tag) => tag.toLowerCase()).sort());
  if (field === 'recurrence') {
    const rule = { ...recurrenceDefaults, ...(value) } as Record<string, unknown>;
    // The zone is the server's to fill in.
    delete rule.timezone;
    return JSON.stringify(Object.fromEntries(Object.entries(rule).sort(([a], [b]) => (a < b ? -1 : 1))));
  }
  return typeof value === 'string' ? value.trim() : JSON.stringify(value);
}

export const sameValue = (field: string, a: unknown, b: unknown): boolean => comparable(field, a) === comparable(field, b);

/** Fields that somebody else has set to something else since the user saw them. Other fields merge by themselves. */
export function conflictsOf(change: Change, current: Todo | undefined): FieldName[] {
  if (change.kind !== 'update' || !current) return [];
  return (Object.keys(change.set) as FieldName[]).filter(
    (field) =>
      field in change.old &&
      !sameValue(field, change.old[field], current[field]) &&
      !sameValue(field, change.set[field], current[field]),
  );
}

/** A newer version wins; a deleted task comes back only by a version that is newer than the deleted one. */
export function newer(todo: Todo, known: Todo | undefined, deletedVersion: number | undefined): boolean {
  if (deletedVersion !== undefined && todo.version <= deletedVersion) return false;
  return !known || todo.version >= known.version;
}

export const titleOf = (change: Change, tasks: Tasks): string =>
  change.kind === 'create' ? change.todo.title : change.kind === 'restore' ? change.todo.title : (tasks.get(change.id)?.title ?? '');
