import { useState } from 'react';
import type { Todo } from '../../api/types';
import type { Fields } from '../../state/changes';
import { m } from '../../messages';
import { Button, controls } from '../../ui/controls';
import { DatePicker } from './DatePicker';
import css from './fields.module.css';

/** Minutes before a task is due. */
const before = [10, 60, 1440];

interface Props {
  /** One task or many: what is relative is reckoned for each. */
  todos: readonly Todo[];
  onPick: (set: (todo: Todo) => Fields) => void;
}

export function ReminderPicker({ todos, onPick }: Props) {
  const [custom, setCustom] = useState(false);
  const bell = todos.length === 1 ? todos[0]?.reminder_at : null;
  if (custom) {
    return <DatePicker required value={bell ? { due_date: bell, all_day: false } : null} onPick={(picked) => picked && onPick(() => ({ reminder_at: picked.due_date, remind: true }))} />;
  }
  const due = todos.some(({ due_date }) => due_date !== null);
  const earlier = ({ due_date }: Todo, minutes: number): string | null => {
    const time = due_date === null ? 0 : Date.parse(due_date) - minutes * 60_000;
    return time > Date.now() ? new Date(time).toISOString() : null;
  };
  const ahead = (minutes: number) => (todo: Todo) => {
    const time = earlier(todo, minutes);
    return time === null ? {} : { reminder_at: time, remind: true };
  };
  return (
    <div className={css.choices}>
      {!due && <p className={controls.hint}>{m.due.needsDue}</p>}
      {due && (
        <>
          <Button autoFocus onClick={() => onPick(({ due_date }) => (due_date === null ? {} : { reminder_at: null, remind: true }))}>
            {m.due.atDue}
          </Button>
          {before.map((minutes) => (
            <Button key={minutes} disabled={todos.every((todo) => earlier(todo, minutes) === null)} onClick={() => onPick(ahead(minutes))}>
              {m.due.before[minutes]}
            </Button>
          ))}
        </>
      )}
      <Button onClick={() => setCustom(true)}>{m.due.hint}</Button>
      <Button onClick={() => onPick(() => ({ remind: false, reminder_at: null }))}>{m.due.noBell}</Button>
    </div>
  );
}
