// What the list shows: read from the address, matched in the browser.
import type { Priority, Todo } from '../../api/types';
import { type Bounds, type Group, groupOf, groups } from '../../lib/zone';
import type { Tasks } from '../../state/changes';

export interface Filters {
  status?: 'completed' | 'all';
  priority?: Priority;
  tag?: string;
  due?: 'late' | 'today' | 'week' | 'none';
  search?: string;
  sort?: 'priority' | 'title' | 'created_at';
}

const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined => allowed.find((one) => one === value);

/** Whatever stands in an address becomes filters; what makes no sense is left out. */
export function readFilters(search: Record<string, unknown>): Filters {
  const text = (value: unknown) => (typeof value === 'string' && value.trim() ? value : undefined);
  const filters: Filters = {
    status: oneOf(search.status, ['completed', 'all']),
    priority: oneOf(search.priority, ['low', 'medium', 'high']),
    tag: text(search.tag),
    due: oneOf(search.due, ['late', 'today', 'week', 'none']),
    search: text(search.search),
    sort: oneOf(search.sort, ['priority', 'title', 'created_at']),
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

export const isFiltered = ({ status, priority, tag, due, search }: Filters): boolean =>
  Boolean(status ?? priority ?? tag ?? due ?? search);

function matchesDue(due: string | null, wanted: NonNullable<Filters['due']>, bounds: Bounds): boolean {
  if (wanted === 'none') return due === null;
  if (due === null) return false;
  const time = Date.parse(due);
  if (wanted === 'late') return time < bounds.now;
  if (wanted === 'today') return time >= bounds.today && time < bounds.tomorrow;
  return time >= bounds.today && time <= bounds.weekEnd;
}

/** `stays`: tasks that were completed in this view and keep their place until it is left. */
export function matcher(filters: Filters, bounds: Bounds, stays: Pick<ReadonlySet<number>, 'has'>): (todo: Todo) => boolean {
  const words = (filters.search ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const tag = filters.tag?.toLowerCase();
  return (todo) => {
    const status = filters.status ?? 'active';
    if (status !== 'all' && todo.status !== status && !stays.has(todo.id)) return false;
    if (filters.priority && todo.priority !== filters.priority) return false;
    if (tag !== undefined && !todo.tags.some((name) => name.toLowerCase() === tag)) return false;
    if (filters.due && !matchesDue(todo.due_date, filters.due, bounds)) return false;
    if (words.length === 0) return true;
    const text = `${todo.title}\n${todo.description ?? ''}\n${todo.tags.join(' ')}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}

const weight: Record<Priority, number> = { high: 0, medium: 1, low: 2 };
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
/** RFC 3339 in UTC sorts as text. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byDue = (a: Todo, b: Todo): number => {
  if (a.due_date === b.due_date) return 0;
  if (a.due_date === null) return 1;
  return b.due_date === null ? -1 : Date.parse(a.due_date) - Date.parse(b.due_date);
};

export function comparator(sort: Filters['sort']): (a: Todo, b: Todo) => number {
  const last = (a: Todo, b: Todo) => weight[a.priority] - weight[b.priority] || byText(a.created_at, b.created_at) || a.id - b.id;
  switch (sort) {
    case 'priority':
      return (a, b) => weight[a.priority] - weight[b.priority] || byDue(a, b) || last(a, b);
    case 'title':
      return (a, b) => collator.compare(a.title, b.title) || last(a, b);
    case 'created_at':
      return (a, b) => byText(b.created_at, a.created_at) || last(a, b);
    case undefined:
      return (a, b) => byDue(a, b) || last(a, b);
  }
}

/** `gone`: deleted elsewhere, and still in its place. */
export type Row = { is: 'group'; group: Group; count: number; folded: boolean } | { is: 'task'; todo: Todo; position: number; of: number; gone?: true };

/** The tasks as they decide who stands where: what others changed meanwhile stands where it stood. */
export function placed(tasks: Tasks, elsewhere: ReadonlyMap<number, Todo | null>): Tasks {
  if (elsewhere.size === 0) return tasks;
  const before = new Map(tasks);
  for (const [id, todo] of elsewhere) {
    if (todo) before.set(id, todo);
    else before.delete(id);
  }
  return before;
}

/** The same rows, saying what is true now. */
export const saidNow = (rows: Row[], tasks: Tasks, elsewhere: ReadonlyMap<number, Todo | null>): Row[] =>
  elsewhere.size === 0
    ? rows
    : rows.map((row) => {
        if (row.is === 'group' || !elsewhere.has(row.todo.id)) return row;
        const todo = tasks.get(row.todo.id);
        return todo ? { ...row, todo } : { ...row, gone: true };
      });

/** Group heads and tasks in one sequence, as the virtual list wants them. Only a list by due date has groups of days; bells that were missed come first in any. */
export function rowsOf(todos: readonly Todo[], filters: Filters, bounds: Bounds, folded: ReadonlySet<Group>, missed: ReadonlySet<number>): Row[] {
  const task = (todo: Todo, index: number): Row => ({ is: 'task', todo, position: index + 1, of: todos.length });
  const isMissed = ({ id, status }: Todo) => missed.has(id) && status === 'active';
  if (filters.sort && !todos.some(isMissed)) return todos.map(task);
  const byGroup = new Map<Group, Todo[]>(groups.map((group) => [group, []]));
  const placeOf = (todo: Todo): Group => (isMissed(todo) ? 'missed' : filters.sort ? 'rest' : groupOf(todo.due_date, bounds));
  for (const todo of todos) byGroup.get(placeOf(todo))?.push(todo);
  let index = 0;
  return groups.flatMap((group): Row[] => {
    const inside = byGroup.get(group) ?? [];
    if (inside.length === 0) return [];
    const head: Row = { is: 'group', group, count: inside.length, folded: folded.has(group) };
    const rows = inside.map((todo) => task(todo, index++));
    return folded.has(group) ? [head] : [head, ...rows];
  });
}
