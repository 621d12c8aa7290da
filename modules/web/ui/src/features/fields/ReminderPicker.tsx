import { useState } from 'react';
import type { Todo } from '../../api/types';
import type { Fields } from '../../state/changes';
import { m } from '../../messages';
import { Button, controls } from '../../ui/controls';
import { DatePicker } from './DatePicker';
import css from './fields.module.css';

/** Minutes before a task is due. */
const before = [10, 60, 1440];

export function ReminderPicker({ todo, onPick }: { todo: Todo; onPick: (set: Fields) => void }) {
  const [custom, setCustom] = useState(false);
  const { due_date: due, reminder_at: bell } = todo;
  if (custom) {
    return <DatePicker required value={bell === null ? null : { due_date: bell, all_day: false }} onPick={(picked) => picked && onPick({ reminder_at: picked.due_date, remind: true })} />;
  }
  const earlier = (minutes: number) => new Date(Date.parse(due ?? '') - minutes * 60_000).toISOString();
  return (
    <div className={css.choices}>
      {due === null && <p className={controls.hint}>{m.due.needsDue}</p>}
      {due !== null && <Button onClick={() => onPick({ reminder_at: null, remind: true })}>{m.due.atDue}</Button>}
      {due !== null &&
        before.map((minutes) => (
          <Button key={minutes} disabled={Date.parse(earlier(minutes)) < Date.now()} onClick={() => onPick({ reminder_at: earlier(minutes), remind: true })}>
            {m.due.before[minutes]}
          </Button>
        ))}
      <Button onClick={() => setCustom(true)}>{m.due.hint}</Button>
      <Button onClick={() => onPick({ remind: false, reminder_at: null })}>{m.due.noBell}</Button>
    </div>
  );
}
