import { describe, expect, it } from 'vitest';
import type { LiveEvent, Todo } from '../api/types';
import { placed, saidNow, type Row } from '../features/tasks/filters';
import type { Change } from './changes';
import { TaskStore } from './store';
import { todo } from './todo.fixture';

let sequence = 0;
const event = (taskId: number, now: Todo | null): LiveEvent => ({ sequence: (sequence += 1), type: 'task.updated', time: '2026-11-23T10:00:00Z', data: { taskId, todo: now } }) as LiveEvent;
const op = (n: number, change: Change) => ({ n, key: `key-${n}`, at: '2026-11-23T10:00:00Z', change });

function storeOf(...todos: Todo[]): TaskStore {
  const store = new TaskStore();
  store.absorb(todos);
  store.keepPlaces(true);
  store.changed();
  return store;
}
const hear = (store: TaskStore, id: number, now: Todo | null): void => {
  store.event(event(id, now));
  store.changed();
};

describe('while somebody is at the list', () => {
  const [one, two] = [todo(), todo({ id: 2, title: 'Read' })];

  it('what others changed is remembered as it first was', () => {
    const store = storeOf(one, two);
    hear(store, 1, todo({ title: 'B', version: 2 }));
    hear(store, 1, todo({ title: 'C', version: 3 }));
    hear(store, 2, null);
    hear(store, 3, todo({ id: 3 }));
    hear(store, 3, null);
    const { tasks, elsewhere } = store.view();
    expect([...elsewhere]).toEqual([[1, one], [2, two], [3, null]]);
    expect([...placed(tasks, elsewhere).values()]).toEqual([one, two]);
    const rows: Row[] = [one, two].map((todo, index) => ({ is: 'task', todo, position: index + 1, of: 2 }));
    expect(saidNow(rows, tasks, elsewhere)).toMatchObject([{ todo: { title: 'C' } }, { todo: two, gone: true }]);
    store.keepPlaces(false);
    expect(store.view().elsewhere.size).toBe(0);
    expect(store.view().tasks.size).toBe(1);
  });

  it('what is ours is not waited for', () => {
    const store = storeOf(one, two);
    store.add([op(1, { kind: 'complete', id: 1 })]);
    hear(store, 1, todo({ status: 'completed', version: 2 }));
    expect(store.view().elsewhere.size).toBe(0);
    // Its answer came first: the event says nothing new.
    store.settle(1, todo({ status: 'completed', version: 3 }));
    hear(store, 1, todo({ status: 'completed', version: 3 }));
    expect(store.view().elsewhere.size).toBe(0);
    hear(store, 2, todo({ id: 2, version: 2 }));
    expect(store.view().elsewhere.size).toBe(1);
    store.add([op(2, { kind: 'complete', id: 2 })]);
    store.changed();
    expect(store.view().elsewhere.size).toBe(0);
  });

  it('and while nobody is, nothing waits', () => {
    const store = storeOf(one);
    store.keepPlaces(false);
    hear(store, 1, todo({ version: 2 }));
    expect(store.view().elsewhere.size).toBe(0);
  });
});
