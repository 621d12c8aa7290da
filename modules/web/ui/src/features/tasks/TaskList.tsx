import { defaultRangeExtractor, useVirtualizer, type Range, type VirtualItem, type Virtualizer } from '@tanstack/react-virtual';
import { useNavigate } from '@tanstack/react-router';
import { ChevronDown } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent } from 'react';
import type { Todo } from '../../api/types';
import { useLate, useNow } from '../../lib/hooks';
import { useSignal } from '../../lib/signal';
import { isLate } from '../../lib/words';
import { addDaysTo, dayOf, type Group } from '../../lib/zone';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { Button } from '../../ui/controls';
import { missed } from '../bells/missed';
import { BulkBar } from './BulkBar';
import type { EditedField } from './FieldPopover';
import { useConfirm } from './Confirm';
import type { Filters, Row } from './filters';
import { TaskRow, type RowField, type RowHandlers } from './TaskRow';
import { useEditing } from './useEditing';
import { useEngaged } from './useEngaged';
import { useListKeys } from './useListKeys';
import { useStill } from './useStill';
import css from './TaskList.module.css';

/** What was due earlier today stays late at its own hour: if there is nothing older, today's moves on to tomorrow. */
function reschedule(late: readonly Todo[], today: string, zone: string): { todos: readonly Todo[]; to: 'today' | 'tomorrow' } {
  const older = late.filter(({ due_date }) => due_date !== null && dayOf(due_date, zone) !== today);
  return older.length > 0 ? { todos: older, to: 'today' } : { todos: late, to: 'tomorrow' };
}

function GroupHead({ row, onFold, late }: { row: Extract<Row, { is: 'group' }>; onFold: (folded: boolean) => void; late: Todo[] }) {
  const { actions, settings } = useApp();
  const { bells, dismiss } = useSignal(missed);
  const now = useNow();
  const name = m.groups[row.group];
  const today = dayOf(now, settings.zone);
  const moved = reschedule(late, today, settings.zone);
  return (
    <div className={css.head} data-group={row.group}>
      <h2>
        <button type="button" className={css.fold} aria-expanded={!row.folded} onClick={() => onFold(!row.folded)}>
          {name}
          <span className={css.count}> {row.count.toLocaleString()}</span>
          <ChevronDown size={16} aria-hidden="true" data-folded={row.folded || undefined} />
        </button>
      </h2>
      {row.group === 'missed' && (
        <Button look="link" onClick={() => bells.forEach(dismiss)}>
          {m.bell.dismissAll}
        </Button>
      )}
      {row.group === 'late' && late.length > 0 && (
        <Button
          look="link"
          onClick={() => actions.moveTo(moved.todos, moved.to === 'today' ? today : addDaysTo(today, 1), settings.zone, m.due[moved.to])}
        >
          {m.tasks.rescheduleAll[moved.to]}
        </Button>
      )}
    </div>
  );
}

/** Says the size once the browser has laid out the list. It is not asked for before: rows for the whole window are drawn first, and laid out once. */
function observeElementRect({ scrollElement }: Virtualizer<HTMLDivElement, Element>, report: (rect: { width: number; height: number }) => void): (() => void) | undefined {
  if (!scrollElement) return undefined;
  const observer = new ResizeObserver(() => report({ width: scrollElement.clientWidth, height: scrollElement.clientHeight }));
  observer.observe(scrollElement);
  return () => observer.disconnect();
}

/** The user's own font size. */
const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);

/** The row with the focus stays drawn, wherever it went. */
function rangeWith(index: number, range: Range): number[] {
  const drawn = defaultRangeExtractor(range);
  if (index < 0 || index >= range.count || drawn.includes(index)) return drawn;
  return index < range.startIndex ? [index, ...drawn] : [...drawn, index];
}

/** How the list was left: a task that takes its place on a small screen gives it back as it was. */
interface Left {
  view: string;
  offset: number;
  measured: VirtualItem[];
  active: number | null;
}
let left: Left | null = null;

interface Props {
  rows: Row[];
  filters: Filters;
  openedId: number | null;
  onFold: (group: Group, folded: boolean) => void;
  onDone: (rowKeys: readonly number[]) => void;
}

export function TaskList({ rows, filters, openedId, onFold, onDone }: Props) {
  const { actions, sync } = useApp();
  const { pending, connection, flashed } = useView();
  const { rowKey } = sync.store;
  const now = useNow();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const confirm = useConfirm();
  const view = JSON.stringify(filters);
  const [before] = useState(() => (left?.view === view ? left : null));
  const editing = useEditing((key, at) => latest.current.list.focusRow(key, at));
  // What is out of sight is drawn when what is in sight has been.
  const settled = useLate(true);
  const focused = useRef(-1);
  const engaged = useEngaged((there) => sync.store.keepPlaces(there));

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    initialRect: { width: innerWidth, height: innerHeight },
    observeElementRect,
    // Until they are measured.
    estimateSize: (index) => (rows[index]?.is === 'group' ? 3 : 2.75) * rem,
    getItemKey: (index) => {
      const row = rows[index];
      return row?.is === 'task' ? rowKey(row.todo.id) : (row?.group ?? index);
    },
    overscan: settled ? 12 : 0,
    rangeExtractor: (range) => rangeWith(focused.current, range),
    initialOffset: before?.offset,
    initialMeasurementsCache: before?.measured,
    // The last row can be scrolled above what floats over the list.
    paddingEnd: 4.5 * rem,
    scrollPaddingStart: 3 * rem,
    scrollPaddingEnd: 4.5 * rem,
  });

  const toggle = useCallback(
    (todos: readonly Todo[]) => {
      const done = todos.some(({ status }) => status === 'active');
      confirm.ask(todos.length, 'complete', () => {
        onDone(todos.map(({ id }) => rowKey(id)));
        actions.setDone(todos, done);
      });
    },
    [actions, confirm, onDone, rowKey],
  );
  const remove = useCallback((todos: readonly Todo[]) => confirm.ask(todos.length, 'delete', () => actions.remove(todos)), [actions, confirm]);
  const open = useCallback((todo: Todo) => void navigate({ to: '/todos/$id', params: { id: String(todo.id) }, search: filters }), [navigate, filters]);

  const list = useListKeys({
    rows,
    scrollTo: (index) => virtual.scrollToIndex(index, { align: 'auto' }),
    open,
    edit: (todo, field) => edit(todo, field),
    editMany: (field) => editMany(field),
    toggle,
    remove,
    fold: onFold,
    editing: editing.editor !== null,
    start: before?.active ?? null,
  });
  focused.current = list.index;
  useStill(virtual, rows, view);
  const leave = useRef(() => {});
  leave.current = () => {
    left = { view, offset: virtual.scrollOffset ?? 0, measured: virtual.measurementsCache, active: list.active };
  };
  useEffect(() => () => leave.current(), []);

  const edit = (todo: Todo, field: RowField | null) => {
    const key = rowKey(todo.id);
    if (field) editing.begin({ field, key, at: list.indexOf(key), many: false });
    else editing.end();
  };
  const editMany = (field: EditedField | null) => (field ? editing.begin({ field, key: list.active, at: list.index, many: true }) : editing.end());

  const latest = useRef({ list, toggle, open, remove, edit });
  latest.current = { list, toggle, open, remove, edit };
  const handlers = useMemo<RowHandlers>(
    () => ({
      toggle: (todo) => latest.current.toggle([todo]),
      edit: (todo, field) => latest.current.edit(todo, field),
      rename: (todo, title) => {
        if (title.trim() && title.trim() !== todo.title) actions.edit(todo, { title: title.trim() });
        latest.current.edit(todo, null);
      },
      click: (todo, event: MouseEvent) => {
        if ((event.target as Element).closest('button, a, input, [role=menu], [role=dialog]')) return;
        if (event.ctrlKey || event.metaKey || event.shiftKey) latest.current.list.mark(todo);
        else latest.current.open(todo);
      },
      select: (todo) => latest.current.list.mark(todo),
      skip: (todo) => actions.skip(todo),
      remove: (todo) => latest.current.remove([todo]),
      hear: (rang) => missed.get().dismiss(rang),
      open: (todo) => latest.current.open(todo),
      focus: (todo) => latest.current.list.setActive(rowKey(todo.id)),
    }),
    [actions, rowKey],
  );

  const { bells } = useSignal(missed);
  const waitingIds = useMemo(() => new Set(pending.map(({ change }) => change.id)), [pending]);
  const waitState = connection === 'offline' ? 'queued' : 'sending';
  const firstTask = rows.find((row) => row.is === 'task');
  const tabStop = list.active ?? (firstTask?.is === 'task' ? rowKey(firstTask.todo.id) : null);
  const late = useMemo(() => {
    const from = rows.findIndex((row) => row.is === 'group' && row.group === 'late');
    if (from < 0) return [];
    const inside: Todo[] = [];
    for (const row of rows.slice(from + 1)) {
      if (row.is === 'group') break;
      if (!row.gone && isLate(row.todo, now)) inside.push(row.todo);
    }
    return inside;
  }, [rows, now]);

  return (
    <>
      <div ref={scroller} className={css.scroller} {...engaged}>
        <ul className={css.list} style={{ height: virtual.getTotalSize() }} aria-label={m.tasks.list}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <li key={String(key)} {...(row.is === 'task' && { 'aria-setsize': row.of, 'aria-posinset': row.position })} data-index={index} ref={virtual.measureElement} className={css.place} style={{ transform: `translateY(${start}px)` }}>
                {row.is === 'group' ? (
                  <GroupHead row={row} late={late} onFold={(folded) => onFold(row.group, folded)} />
                ) : (
                  <TaskRow
                    todo={row.todo}
                    rowKey={rowKey(row.todo.id)}
                    now={now}
                    active={tabStop === rowKey(row.todo.id)}
                    selected={list.selected.has(rowKey(row.todo.id))}
                    opened={openedId === row.todo.id}
                    flashed={flashed.has(row.todo.id)}
                    gone={row.gone ?? false}
                    waiting={waitingIds.has(row.todo.id) ? waitState : null}
                    rang={row.todo.status === 'active' ? bells.get(row.todo.id) : undefined}
                    editing={editing.of(rowKey(row.todo.id))}
                    filters={filters}
                    handlers={handlers}
                  />
                )}
              </li>
            );
          })}
        </ul>
      </div>
      {list.marked.length > 0 && (
        <BulkBar
          todos={list.marked}
          field={editing.many}
          onField={editMany}
          onToggle={() => toggle(list.marked)}
          onRemove={() => remove(list.marked)}
          onClear={() => list.setSelected(new Set())}
        />
      )}
      {confirm.dialog}
    </>
  );
}
