// The list by keyboard: one row is current, keys act on the marked rows or else on that one.
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Todo } from '../../api/types';
import { useKeys } from '../../lib/keys';
import type { Group } from '../../lib/zone';
import { useApp } from '../../state/app';
import type { Row } from './filters';
import type { EditedField } from './FieldPopover';
import type { RowField } from './TaskRow';

interface Options {
  rows: Row[];
  scrollTo: (index: number) => void;
  open: (todo: Todo) => void;
  edit: (todo: Todo, field: RowField) => void;
  editMany: (field: EditedField) => void;
  toggle: (todos: readonly Todo[]) => void;
  remove: (todos: readonly Todo[]) => void;
  fold: (group: Group, folded: boolean) => void;
  editing: boolean;
  /** The row that has the focus at first. */
  start: number | null;
}

const todosOf = (rows: readonly Row[]): Todo[] => rows.flatMap((row) => (row.is === 'task' && !row.gone ? [row.todo] : []));

export function useListKeys({ rows, scrollTo, open, edit, editMany, toggle, remove, fold, editing, start }: Options) {
  const { rowKey } = useApp().sync.store;
  const [active, setActive] = useState<number | null>(start);
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const lastIndex = useRef(0);
  const wanted = useRef<number | null>(start);

  const indexOf = useCallback((key: number | null) => rows.findIndex((row) => row.is === 'task' && rowKey(row.todo.id) === key), [rows, rowKey]);
  const index = indexOf(active);
  const current = rows[index];
  const todo = current?.is === 'task' && !current.gone ? current.todo : undefined;
  const marked = todosOf(rows).filter(({ id }) => selected.has(rowKey(id)));
  const targets = marked.length > 0 ? marked : todo ? [todo] : [];

  const moveTo = useCallback(
    (next: number) => {
      const row = rows[next];
      if (row?.is !== 'task') return;
      const key = rowKey(row.todo.id);
      setActive(key);
      wanted.current = key;
      scrollTo(next);
    },
    [rows, rowKey, scrollTo],
  );

  // A row gets focus once it is drawn; the virtual list may need a moment for that.
  useEffect(() => {
    if (wanted.current === null) return;
    const row = document.querySelector<HTMLElement>(`[data-row="${wanted.current}"]`);
    if (!row) return;
    row.focus({ preventScroll: true });
    wanted.current = null;
  });

  // The row that took the place of one that left.
  useEffect(() => {
    if (index >= 0) {
      lastIndex.current = index;
      return;
    }
    if (active === null) return;
    const lost = document.activeElement === document.body || document.activeElement === null;
    const tasks = rows.map((row, at) => ({ row, at })).filter(({ row }) => row.is === 'task');
    const next = tasks.find(({ at }) => at >= lastIndex.current) ?? tasks.at(-1);
    if (!next) return setActive(null);
    if (lost && !editing) moveTo(next.at);
    else if (next.row.is === 'task') setActive(rowKey(next.row.todo.id));
  }, [index, active, rows, rowKey, moveTo, editing]);

  const step = (by: 1 | -1): number => {
    let next = index < 0 ? (by === 1 ? 0 : rows.length - 1) : index + by;
    while (rows[next]?.is === 'group') next += by;
    return next;
  };
  const mark = (one: Todo, on?: boolean) =>
    setSelected((before) => {
      const key = rowKey(one.id);
      const next = new Set(before);
      if (on ?? !next.has(key)) next.add(key);
      else next.delete(key);
      return next;
    });
  const extend = (by: 1 | -1) => {
    const next = rows[step(by)];
    if (todo) mark(todo, true);
    if (next?.is === 'task' && !next.gone) mark(next.todo, true);
    moveTo(step(by));
  };
  const field = (name: EditedField) => () => (marked.length > 0 ? editMany(name) : todo && edit(todo, name));
  const groupOfCurrent = () => rows.slice(0, index + 1).findLast((row) => row.is === 'group');
  const foldCurrent = (folded: boolean) => {
    const head = folded ? groupOfCurrent() : rows.find((row) => row.is === 'group' && row.folded);
    if (head?.is === 'group') fold(head.group, folded);
  };
  const onRow = (run: () => void) => () => {
    if (todo) run();
  };
  const onTargets = (run: () => void) => () => {
    if (targets.length > 0) run();
  };

  useKeys({
    j: () => moveTo(step(1)),
    k: () => moveTo(step(-1)),
    arrowdown: () => moveTo(step(1)),
    arrowup: () => moveTo(step(-1)),
    home: () => moveTo(rows.findIndex((row) => row.is === 'task')),
    end: () => moveTo(rows.length - 1),
    'shift+arrowdown': () => extend(1),
    'shift+arrowup': () => extend(-1),
    enter: (event) => activate(event, () => todo && open(todo)),
    o: onRow(() => todo && open(todo)),
    x: onTargets(() => toggle(targets)),
    space: (event) => activate(event, onTargets(() => toggle(targets))),
    e: onRow(() => todo && edit(todo, 'title')),
    d: field('due'),
    r: field('reminder'),
    p: field('priority'),
    t: field('tags'),
    s: field('snooze'),
    m: onRow(() => todo && mark(todo)),
    delete: onTargets(() => remove(targets)),
    '[': () => foldCurrent(true),
    ']': () => foldCurrent(false),
    'mod+a': () => setSelected(new Set(todosOf(rows).map(({ id }) => rowKey(id)))),
    ...(selected.size > 0 && { escape: () => setSelected(new Set<number>()) }),
  });

  /** The row itself where it is in sight, else the one that took its place `at`: what is edited must not scroll the list. */
  const focusRow = (key: number | null, at: number) => {
    const row = document.querySelector<HTMLElement>(`[data-row="${key}"]`);
    const list = row?.closest('ul')?.parentElement?.getBoundingClientRect();
    const box = row?.getBoundingClientRect();
    if (row && list && box && box.top >= list.top && box.bottom <= list.bottom) return row.focus({ preventScroll: true });
    const heir = rows.findIndex((one, place) => one.is === 'task' && place >= at);
    moveTo(heir < 0 ? indexOf(key) : heir);
  };

  return { active, setActive, selected, marked, mark, setSelected, index, indexOf, focusRow };
}

/** Enter and Space belong to the button that has focus; the list has them where a row does. */
function activate(event: KeyboardEvent, run: () => void): void {
  const target = event.target as HTMLElement;
  const control = target.closest('button, a, summary');
  if (control instanceof HTMLElement && target !== document.body) control.click();
  else run();
}
