import { Link } from '@tanstack/react-router';
import { Bell, Check, Clock, Ellipsis, Repeat } from 'lucide-react';
import { memo, useMemo, useRef, type KeyboardEvent, type MouseEvent } from 'react';
import type { Todo } from '../../api/types';
import { bellWords, clock, dayWords, dueWords, exactly, isLate, momentWords, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp, useDraft, useView } from '../../state/app';
import { draftOf } from '../../state/drafts';
import { Button, IconButton } from '../../ui/controls';
import { LazyMenu } from '../../ui/LazyMenu';
import type { Rung } from '../bells/missed';
import { PriorityMark } from '../fields/PriorityMark';
import type { EditedField } from './FieldPopover';
import { LazyFieldPopover } from './LazyFieldPopover';
import type { Filters } from './filters';
import css from './TaskRow.module.css';

export type RowField = EditedField | 'title';

export interface RowHandlers {
  toggle: (todo: Todo) => void;
  edit: (todo: Todo, field: RowField | null) => void;
  rename: (todo: Todo, title: string) => void;
  click: (todo: Todo, event: MouseEvent) => void;
  select: (todo: Todo) => void;
  skip: (todo: Todo) => void;
  remove: (todo: Todo) => void;
  hear: (rang: Rung) => void;
  open: (todo: Todo) => void;
  focus: (todo: Todo) => void;
}

interface Props {
  todo: Todo;
  rowKey: number;
  now: number;
  active: boolean;
  selected: boolean;
  opened: boolean;
  flashed: boolean;
  /** Deleted elsewhere; it leaves when nobody is at the list. */
  gone: boolean;
  waiting: 'sending' | 'queued' | null;
  /** Its bell rang, and nobody has answered it. */
  rang: Rung | undefined;
  editing: RowField | null;
  filters: Filters;
  handlers: RowHandlers;
}

export function CheckBox({ todo, onToggle }: { todo: Todo; onToggle: () => void }) {
  const done = todo.status === 'completed';
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={done}
      aria-label={done ? m.tasks.reopen(todo.title) : m.tasks.complete(todo.title)}
      className={css.check}
      data-priority={todo.priority}
      onClick={(event) => {
        event.stopPropagation();
        onToggle();
      }}
    >
      <span className={css.box}>{done && <Check size={14} strokeWidth={3} aria-hidden="true" />}</span>
    </button>
  );
}

function TitleEditor({ todo, handlers }: Pick<Props, 'todo' | 'handlers'>) {
  const [draft, write] = useDraft(draftOf('title', todo.id));
  const text = draft ?? todo.title;
  const save = (): void => {
    handlers.rename(todo, text);
    write(null);
  };
  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      handlers.edit(todo, null);
    } else if (event.key === 'Enter') save();
  }
  return (
    <input
      className={css.editor}
      dir="auto"
      aria-label={m.tasks.edit}
      value={text}
      maxLength={200}
      autoFocus
      onChange={(event) => write(event.target.value)}
      onBlur={save}
      onKeyDown={onKeyDown}
      onClick={(event) => event.stopPropagation()}
    />
  );
}

/** What repeats and is done says when it comes back. */
function Next({ todo, now }: { todo: Todo; now: number }) {
  const { settings } = useApp();
  const { tasks } = useView();
  const due = useMemo(() => {
    const series = todo.parent_task_id ?? todo.id;
    for (const other of tasks.values()) if (other.parent_task_id === series && other.status === 'active' && other.id !== todo.id) return other.due_date;
    return null;
  }, [tasks, todo]);
  return due && <span>{m.tasks.next(dayWords(due, now, settings))}</span>;
}

function Meta({ todo, now, rang }: Pick<Props, 'todo' | 'now' | 'rang'>) {
  const { settings } = useApp();
  const done = todo.status === 'completed';
  const late = isLate(todo, now);
  return (
    <>
      {rang && (
        <span className={css.with}>
          <Bell size={14} aria-hidden="true" />
          {m.bell.rang(momentWords(rang.reminder.fired_at ?? rang.reminder.fire_at, now, settings))}
        </span>
      )}
      {done && todo.completed_at && <span>{m.tasks.doneAt(clock(todo.completed_at, settings))}</span>}
      {done && todo.recurrence && <Next todo={todo} now={now} />}
      {!done && todo.due_date && (
        <time className={css.due} data-late={late || undefined} dateTime={todo.due_date} title={exactly(todo.due_date, settings)}>
          {dueWords(todo, now, settings)}
        </time>
      )}
      {todo.recurrence && (
        <span className={css.with}>
          <Repeat size={14} aria-hidden="true" />
          {repeatWords(todo.recurrence)}
        </span>
      )}
      {!done && !rang && todo.reminder_at && todo.reminder_at !== todo.due_date && (
        <span className={css.with} title={exactly(todo.reminder_at, settings)}>
          <Bell size={14} aria-hidden="true" />
          <span className="hidden">{m.tasks.reminder} </span>
          {bellWords(todo, now, settings)}
        </span>
      )}
      {todo.tags.map((tag) => (
        <bdi key={tag} className={css.tag}>
          #{tag}
        </bdi>
      ))}
    </>
  );
}

const Gone = ({ todo }: { todo: Todo }) => (
  <div className={css.row} data-done data-gone>
    <div className={css.text}>
      <div className={css.title}>
        <PriorityMark priority={todo.priority} />
        <span className={css.link} dir="auto">
          {todo.title}
        </span>
      </div>
      <div className={css.meta}>{m.tasks.gone}</div>
    </div>
  </div>
);

const loadMenu = () => import('./RowMenu').then(({ RowMenu }) => ({ default: RowMenu }));

export const TaskRow = memo(function TaskRow({ todo, rowKey, now, active, selected, opened, flashed, gone, waiting, rang, editing, filters, handlers }: Props) {
  const anchor = useRef<HTMLDivElement>(null);
  const field = editing === 'title' ? null : editing;
  const row = (
    <div
      ref={anchor}
      className={css.row}
      data-done={todo.status === 'completed' || undefined}
      data-selected={selected || undefined}
      data-opened={opened || undefined}
      data-flashed={flashed || undefined}
    >
      <CheckBox todo={todo} onToggle={() => handlers.toggle(todo)} />
      <div className={css.text}>
        <div className={css.title}>
          <PriorityMark priority={todo.priority} />
          {editing === 'title' ? (
            <TitleEditor todo={todo} handlers={handlers} />
          ) : (
            <Link to="/todos/$id" params={{ id: String(todo.id) }} search={filters} className={css.link} dir="auto" tabIndex={-1}>
              {todo.title}
            </Link>
          )}
          {waiting && <Clock size={14} className={css.waiting} data-state={waiting} aria-label={waiting === 'queued' ? m.tasks.queued : m.tasks.sending} />}
        </div>
        <div className={css.meta}>
          <Meta todo={todo} now={now} rang={rang} />
        </div>
      </div>
      {rang && (
        <Button look="plain" aria-label={m.bell.dismissOf(todo.title)} onClick={() => handlers.hear(rang)}>
          {m.bell.dismiss}
        </Button>
      )}
      <LazyMenu
        load={loadMenu}
        props={{ todo, rang, handlers }}
        trigger={(props) => (
          <IconButton label={m.tasks.actions(todo.title)} aria-haspopup="menu" className={css.more} {...props}>
            <Ellipsis size={20} strokeWidth={1.75} aria-hidden="true" />
          </IconButton>
        )}
        label={m.tasks.actions(todo.title)}
      />
    </div>
  );
  return (
    // The list's keys work on the focused row; the row itself is no button.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      className={css.item}
      role="group"
      aria-label={todo.title}
      data-row={rowKey}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={active ? 0 : -1}
      aria-current={opened || undefined}
      onFocus={() => handlers.focus(todo)}
      onClick={(event) => !gone && handlers.click(todo, event)}
    >
      <span className="hidden">{selected ? `${m.tasks.selected(1)} ` : ''}</span>
      {gone ? <Gone todo={todo} /> : row}
      {field && !gone && <LazyFieldPopover field={field} todos={[todo]} onClose={() => handlers.edit(todo, null)} anchor={anchor} />}
    </div>
  );
});
