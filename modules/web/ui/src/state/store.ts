// The list as the server has it, the changes on their way, and the two laid over each other. No input or output here.
import type { LiveEvent, Todo } from '../api/types';
import { newer, withChanges, type FieldName, type Op, type Tasks } from './changes';
import { renamed } from './disk';

export type Load = 'nothing' | 'part' | 'all' | 'failed';
export type Connection = 'connecting' | 'live' | 'offline';

/** A change whose field somebody else has changed too: the user decides. */
export interface Conflict {
  op: Op;
  fields: FieldName[];
  theirs: Todo;
}
export interface Refusal {
  op: Op;
  title: string;
  reason: string;
}

export interface View {
  tasks: Tasks;
  pending: readonly Op[];
  load: Load;
  connection: Connection;
  conflicts: readonly Conflict[];
  refusals: readonly Refusal[];
  /** Tasks that were changed elsewhere a moment ago. */
  flashed: ReadonlySet<number>;
  /** While places are kept: what others changed, as it was before; null where it was not there. */
  elsewhere: ReadonlyMap<number, Todo | null>;
}

export class TaskStore {
  private base = new Map<number, Todo>();
  private readonly deleted = new Map<number, number>();
  private pending: Op[] = [];
  private conflicts: Conflict[] = [];
  private refusals: Refusal[] = [];
  private flashed: ReadonlySet<number> = new Set();
  private elsewhere: ReadonlyMap<number, Todo | null> = new Map();
  private placesKept = false;
  private readonly temporaryOf = new Map<number, number>();
  private readonly realOf = new Map<number, number>();
  private readonly listeners = new Set<() => void>();
  private current: View;
  load: Load = 'nothing';
  connection: Connection = 'connecting';
  sequence = -1;

  constructor() {
    this.current = this.make();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly view = (): View => this.current;

  private make(): View {
    return {
      tasks: withChanges(this.base, this.pending),
      pending: this.pending,
      load: this.load,
      connection: this.connection,
      conflicts: this.conflicts,
      refusals: this.refusals,
      flashed: this.flashed,
      elsewhere: this.elsewhere,
    };
  }

  changed(): void {
    this.current = this.make();
    this.listeners.forEach((listener) => listener());
  }

  /** The id a task has now; it changes once, when a new task reaches the server. */
  readonly resolve = (id: number): number => this.realOf.get(id) ?? id;
  /** The same for the whole life of a row, so that it keeps its place and focus. */
  readonly rowKey = (id: number): number => this.temporaryOf.get(id) ?? id;

  server = (id: number): Todo | undefined => this.base.get(id);
  all = (): Todo[] => [...this.base.values()];
  waiting = (): readonly Op[] => this.pending;
  heldConflict = (n: number): Conflict | undefined => this.conflicts.find(({ op }) => op.n === n);

  private take(todo: Todo): void {
    if (!newer(todo, this.base.get(todo.id), this.deleted.get(todo.id))) return;
    this.deleted.delete(todo.id);
    this.base.set(todo.id, todo);
  }

  absorb(todos: readonly Todo[]): void {
    this.base = new Map(this.base);
    todos.forEach((todo) => this.take(todo));
  }

  /** All active tasks were read anew: what is not among them is not there any more. */
  replace(todos: readonly Todo[]): void {
    const seen = new Set(todos.map(({ id }) => id));
    const kept = [...this.base.values()].filter(({ id }) => seen.has(id));
    this.base = new Map(kept.map((todo) => [todo.id, todo]));
    todos.forEach((todo) => this.take(todo));
  }

  private remove(id: number): void {
    const known = this.base.get(id);
    this.deleted.set(id, known?.version ?? this.deleted.get(id) ?? 0);
    this.base = new Map(this.base);
    this.base.delete(id);
  }

  /** False where it was seen before. */
  event({ sequence, data }: LiveEvent): boolean {
    if (sequence <= this.sequence) return false;
    this.sequence = sequence;
    const before = this.base.get(data.taskId);
    if (data.todo) this.absorb([data.todo]);
    else this.remove(data.taskId);
    const mine = this.pending.some(({ change }) => change.id === data.taskId);
    const changed = this.base.get(data.taskId)?.version !== before?.version;
    if (changed && !mine) this.keepPlace(data.taskId, before);
    if (before && data.todo && changed && !mine) this.flash(data.taskId);
    return true;
  }

  /** While somebody is at the list, what others do changes what its rows say, but neither their order nor their number. */
  keepPlaces(on: boolean): void {
    this.placesKept = on;
    if (on || this.elsewhere.size === 0) return;
    this.elsewhere = new Map();
    this.changed();
  }

  private keepPlace(id: number, before: Todo | undefined): void {
    if (this.placesKept && !this.elsewhere.has(id)) this.elsewhere = new Map(this.elsewhere).set(id, before ?? null);
  }

  /** What the user does to a task is never waited for. */
  private freePlaces(ids: readonly number[]): void {
    if (!ids.some((id) => this.elsewhere.has(id))) return;
    this.elsewhere = new Map([...this.elsewhere].filter(([id]) => !ids.includes(id)));
  }

  private flash(id: number): void {
    this.flashed = new Set([...this.flashed, id]);
    setTimeout(() => {
      this.flashed = new Set([...this.flashed].filter((other) => other !== id));
      this.changed();
    }, 1200);
  }

  add(ops: readonly Op[]): void {
    const known = new Set([...this.pending, ...this.conflicts.map(({ op }) => op)].map(({ n }) => n));
    const fresh = ops.filter(({ n }) => !known.has(n)).map((op) => ({ ...op, change: { ...op.change, id: this.resolve(op.change.id) } }));
    if (fresh.length === 0) return;
    this.pending = [...this.pending, ...fresh].sort((a, b) => a.n - b.n);
    this.freePlaces(fresh.map(({ change }) => change.id));
  }

  settle(n: number, todo: Todo | null, rename?: { from: number; to: number }): void {
    const op = this.pending.find((other) => other.n === n);
    this.pending = this.pending.filter((other) => other.n !== n);
    this.conflicts = this.conflicts.filter((conflict) => conflict.op.n !== n);
    if (rename) {
      this.realOf.set(rename.from, rename.to);
      this.temporaryOf.set(rename.to, rename.from);
      this.pending = this.pending.map((other) => renamed(other, rename));
    }
    if (todo) this.absorb([todo]);
    else if (op?.change.kind === 'delete') this.remove(op.change.id);
  }

  refuse(refusal: Refusal): void {
    this.pending = this.pending.filter(({ n }) => n !== refusal.op.n);
    this.refusals = [...this.refusals, refusal];
  }

  dismissRefusal(n: number): void {
    this.refusals = this.refusals.filter(({ op }) => op.n !== n);
  }

  hold(conflict: Conflict): void {
    this.pending = this.pending.filter(({ n }) => n !== conflict.op.n);
    this.conflicts = [...this.conflicts.filter(({ op }) => op.n !== conflict.op.n), conflict];
    this.absorb([conflict.theirs]);
  }
}
