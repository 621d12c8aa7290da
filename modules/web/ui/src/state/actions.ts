// What the user does, with the way back.
import type { NewTodo, Priority, Todo } from '../api/types';
import { at, dayOf, moveToDay } from '../lib/zone';
import { m } from '../messages';
import { inverseOf, temporaryId, type Change, type Fields } from './changes';
import type { Sync } from './sync';
import { dismissToast, showToast, toast } from './toasts';

interface Step {
  label: string;
  done: Change[];
  back: Change[];
  /** What undoing took away, to put back. */
  taken?: Todo[];
}

const depth = 100;

export class Actions {
  private readonly undone: Step[] = [];
  private readonly steps: Step[] = [];

  constructor(private readonly sync: Sync) {}

  private tasks = () => this.sync.store.view().tasks;

  /** Carries out the changes as one step. */
  run(changes: Change[], label: string): void {
    if (changes.length === 0) return;
    const tasks = this.tasks();
    const back = changes.map((change) => inverseOf(change, tasks.get(change.id))).filter((change) => change !== null);
    this.sync.commit(changes);
    this.steps.push({ label, done: changes, back: back.reverse() });
    if (this.steps.length > depth) this.steps.shift();
    this.undone.length = 0;
    showToast(label, this.undo);
  }

  readonly undo = (): void => {
    const step = this.steps.pop();
    if (!step) return showToast(m.undo.nothing);
    const tasks = this.tasks();
    const taken = step.back.flatMap(({ kind, id }) => (kind === 'delete' ? (tasks.get(this.sync.store.resolve(id)) ?? []) : []));
    this.sync.commit(step.back);
    this.undone.push({ ...step, taken });
    showToast(m.undo.back);
  };

  readonly redo = (): void => {
    const step = this.undone.pop();
    if (!step) return;
    // A new task that was taken back was deleted; doing it again restores it.
    this.sync.commit(step.done.map((change) => this.again(change, step.taken ?? [])));
    this.steps.push(step);
    showToast(step.label, this.undo);
  };

  private again(change: Change, taken: readonly Todo[]): Change {
    const id = this.sync.store.resolve(change.id);
    const todo = taken.find((one) => one.id === id);
    return change.kind === 'create' && todo ? { kind: 'restore', id, todo } : change;
  }

  private each(todos: readonly Todo[], change: (todo: Todo) => Change | null): Change[] {
    return todos.map(change).filter((made) => made !== null);
  }

  /** `line`: what was typed while nobody could read it. */
  create(todo: NewTodo, line?: { text: string; zone: string }): number {
    const id = temporaryId();
    this.run([{ kind: 'create', id, todo, ...(line && { line }) }], m.undo.created(todo.title));
    return id;
  }

  setDone(todos: readonly Todo[], done: boolean): void {
    const changes = this.each(todos, ({ id, status }) =>
      (status === 'completed') === done ? null : { kind: done ? 'complete' : 'reopen', id },
    );
    const [one, many] = done ? [m.undo.completed, m.undo.manyDone] : [m.undo.reopened, m.undo.manyReopened];
    this.run(changes, this.labelOf(todos, one, many(changes.length)));
  }

  remove(todos: readonly Todo[]): void {
    this.run(this.each(todos, ({ id }) => ({ kind: 'delete', id })), this.labelOf(todos, m.undo.deleted, m.undo.manyDeleted(todos.length)));
  }

  skip(todo: Todo): void {
    this.run([{ kind: 'skip', id: todo.id }], m.undo.skipped(todo.title));
  }

  /** Only what has a bell can ring later. */
  snooze(todos: readonly Todo[], until: string): void {
    const changes = this.each(todos, ({ id, status, due_date }) => (status === 'active' && due_date !== null ? { kind: 'snooze', id, until } : null));
    this.run(changes, this.labelOf(todos, m.undo.snoozed, m.undo.manySnoozed(changes.length)));
  }

  /** `null` where nothing would change. */
  private update(todo: Todo, set: Fields): Change | null {
    const changed = Object.entries(set).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(todo[field as keyof Todo]));
    if (changed.length === 0) return null;
    const old = Object.fromEntries(changed.map(([field]) => [field, todo[field as keyof Todo]])) as Fields;
    return { kind: 'update', id: todo.id, set: Object.fromEntries(changed), old };
  }

  edit(todo: Todo, set: Fields): void {
    this.run(this.each([todo], (one) => this.update(one, set)), m.undo.changed(set.title ?? todo.title));
  }

  setPriority(todos: readonly Todo[], priority: Priority): void {
    this.many(todos, () => ({ priority }));
  }

  setReminder(todos: readonly Todo[], set: (todo: Todo) => Fields): void {
    this.many(todos, set);
  }

  /** The same day and time for all; `when` is it in words. */
  setDue(todos: readonly Todo[], due: { due_date: string; all_day: boolean }, when: string): void {
    this.many(todos, () => due, (n) => this.labelOf(todos, (title) => m.undo.moved(title, when), m.undo.manyMoved(n, when)));
  }

  private labelOf(todos: readonly Todo[], one: (title: string) => string, many: string): string {
    const [only] = todos;
    return todos.length === 1 && only ? one(only.title) : many;
  }

  private many(todos: readonly Todo[], set: (todo: Todo) => Fields, label = (n: number) => this.labelOf(todos, m.undo.changed, m.undo.manyChanged(n))): void {
    const changes = this.each(todos, (todo) => this.update(todo, set(todo)));
    this.run(changes, label(changes.length));
  }

  addTag(todos: readonly Todo[], tag: string): void {
    const add = ({ tags }: Todo): Fields =>
      tags.some((other) => other.toLowerCase() === tag.toLowerCase()) ? {} : { tags: [...tags, tag] };
    this.many(todos, add, (n) => this.labelOf(todos, (title) => m.undo.tagged(title, tag), m.undo.manyTagged(n, tag)));
  }

  /** Moves tasks to a day, at their own time of day; null takes the date away. `when` is the day in words. */
  moveTo(todos: readonly Todo[], day: string | null, zone: string, when: string): void {
    const set = (todo: Todo): Fields => {
      if (day === null) return { due_date: null, reminder_at: null, recurrence: null, all_day: false };
      if (todo.due_date === null) return { due_date: at(day, '23:59', zone), all_day: true };
      if (dayOf(todo.due_date, zone) === day) return {};
      return { due_date: moveToDay(todo.due_date, day, zone) };
    };
    this.many(todos, set, (n) => this.labelOf(todos, (title) => m.undo.moved(title, when), m.undo.manyMoved(n, when)));
  }

  hideToast(): void {
    const shown = toast.get();
    if (shown) dismissToast(shown.id);
  }
}
