import { useRef, useState, type ReactNode } from 'react';
import type { Priority, Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { bellWords, dueWords, exactly, isLate, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Button, classes, controls } from '../../ui/controls';
import { PriorityMark } from '../fields/PriorityMark';
import type { EditedField } from '../tasks/FieldPopover';
import { LazyFieldPopover } from '../tasks/LazyFieldPopover';
import { NextDates, RepeatEditor } from './RepeatEditor';
import css from './TaskPage.module.css';

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={css.line}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Value({ field, todo, label, quiet = false, children }: { field: EditedField; todo: Todo; label: string; quiet?: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button ref={button} type="button" className={classes(css.value, quiet && css.quiet)} aria-haspopup="dialog" aria-expanded={open} onClick={() => setOpen(true)}>
        {children}
        <span className="hidden"> {label}</span>
      </button>
      {open && <LazyFieldPopover field={field} todos={[todo]} onClose={() => setOpen(false)} anchor={button} />}
    </>
  );
}

function PriorityChoice({ todo }: { todo: Todo }) {
  const { actions } = useApp();
  return (
    <div className={css.priorities} role="radiogroup" aria-label={m.tasks.priority}>
      {(['high', 'medium', 'low'] as const satisfies readonly Priority[]).map((priority) => (
        <label key={priority} className={css.priority}>
          <input type="radio" name="priority" className="hidden" checked={todo.priority === priority} onChange={() => actions.edit(todo, { priority })} />
          <PriorityMark priority={priority} always />
          {m.priority[priority]}
        </label>
      ))}
    </div>
  );
}

export function Properties({ todo }: { todo: Todo }) {
  const { settings, actions } = useApp();
  const now = useNow();
  const [repeating, setRepeating] = useState(false);
  const late = isLate(todo, now);
  const none = <span className={css.none}>{m.notSet}</span>;
  return (
    <dl className={css.properties}>
      <Line label={m.filters.due}>
        <Value field="due" todo={todo} label={m.filters.due}>
          {todo.due_date ? (
            <time dateTime={todo.due_date} title={exactly(todo.due_date, settings)} data-late={late || undefined}>
              {dueWords(todo, now, settings)}
            </time>
          ) : (
            none
          )}
        </Value>
      </Line>
      <Line label={m.tasks.reminder}>
        <Value field="reminder" todo={todo} label={m.tasks.reminder}>
          {!todo.remind ? m.due.noBell : todo.reminder_at ? bellWords(todo, now, settings) : todo.due_date ? m.due.atDue : none}
        </Value>
        {todo.status === 'active' && todo.due_date && (
          <Value field="snooze" todo={todo} label="" quiet>
            {m.tasks.snooze}
          </Value>
        )}
      </Line>
      <Line label={m.repeat.frequency}>
        <button type="button" className={css.value} aria-expanded={repeating} onClick={() => setRepeating(!repeating)}>
          {todo.recurrence ? repeatWords(todo.recurrence) : none}
          <span className="hidden"> {m.repeat.edit}</span>
        </button>
        {todo.recurrence && todo.status === 'active' && (
          <Button look="link" onClick={() => actions.skip(todo)}>
            {m.tasks.skip}
          </Button>
        )}
      </Line>
      {repeating && (
        <div className={css.wide}>
          <dt className="hidden">{m.repeat.edit}</dt>
          <dd>
            <RepeatEditor todo={todo} onClose={() => setRepeating(false)} />
          </dd>
        </div>
      )}
      {!repeating && todo.recurrence && todo.id > 0 && todo.status === 'active' && (
        <Line label={m.task.next}>
          <NextDates todo={todo} />
        </Line>
      )}
      <Line label={m.tasks.priority}>
        <PriorityChoice todo={todo} />
      </Line>
      <Line label={m.fields.tags ?? ''}>
        <Value field="tags" todo={todo} label={m.task.addTag}>
          {todo.tags.length > 0
            ? todo.tags.map((tag) => (
                <bdi key={tag} className={controls.chip}>
                  #{tag}
                </bdi>
              ))
            : none}
        </Value>
      </Line>
    </dl>
  );
}
