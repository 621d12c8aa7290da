import type { Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { addDaysTo, at, dayOf } from '../../lib/zone';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Button, controls } from '../../ui/controls';
import css from './fields.module.css';

export function SnoozePicker({ todos, onPick }: { todos: readonly Todo[]; onPick: (until: string) => void }) {
  const { zone } = useApp().settings;
  const now = useNow();
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  if (todos.every(({ due_date }) => due_date === null)) return <p className={controls.hint}>{m.due.needsDue}</p>;
  return (
    <div className={css.choices}>
      <Button autoFocus onClick={() => onPick(later(10))}>
        {m.snooze.ten}
      </Button>
      <Button onClick={() => onPick(later(60))}>{m.snooze.hour}</Button>
      <Button onClick={() => onPick(at(addDaysTo(dayOf(now, zone), 1), '09:00', zone))}>{m.snooze.tomorrow}</Button>
    </div>
  );
}
