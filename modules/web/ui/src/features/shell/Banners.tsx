// States that last: offline, a change that was refused, an edit that met another one.
import { useEffect } from 'react';
import type { Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { momentWords, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import type { FieldName, Fields } from '../../state/changes';
import { noticeHooks } from '../../state/session';
import type { Conflict, Refusal } from '../../state/store';
import { openAdd } from '../../state/surfaces';
import { showToast } from '../../state/toasts';
import { Button, classes } from '../../ui/controls';
import css from './Notices.module.css';

export function useFieldWords(): (field: FieldName, value: Fields[FieldName] | Todo[FieldName]) => string {
  const { settings } = useApp();
  const now = useNow();
  return (field, value) => {
    if (value === null || value === undefined || value === '') return m.conflict.none;
    if (field === 'due_date' || field === 'reminder_at') return momentWords(value as string, now, settings);
    if (field === 'recurrence') return repeatWords(value as NonNullable<Fields['recurrence']>);
    if (field === 'priority') return m.priority[value as Todo['priority']];
    if (Array.isArray(value)) return value.map((tag) => `#${tag}`).join(' ') || m.conflict.none;
    return `“${typeof value === 'string' ? value : JSON.stringify(value)}”`;
  };
}

function ConflictBanner({ conflict }: { conflict: Conflict }) {
  const { sync } = useApp();
  const words = useFieldWords();
  const { op, fields, theirs } = conflict;
  if (op.change.kind !== 'update') return null;
  const { set } = op.change;
  return (
    <div className={classes(css.banner, css.warn)} role="alert">
      <p dir="auto">
        {m.conflict.title(theirs.title)}{' '}
        {fields.map((field) => m.conflict.field(m.fields[field] ?? field, words(field, set[field]), words(field, theirs[field]))).join(' ')}
      </p>
      <div className={css.actions}>
        <Button onClick={() => sync.decide(conflict, true)}>{m.conflict.mine}</Button>
        <Button onClick={() => sync.decide(conflict, false)}>{m.conflict.theirs}</Button>
      </div>
    </div>
  );
}

function RefusalBanner({ refusal }: { refusal: Refusal }) {
  const { sync } = useApp();
  const { change } = refusal.op;
  // What was typed is not lost: it goes back into the box.
  const again = (): void => {
    if (change.kind === 'create') {
      sessionStorage.setItem('carillon.draft.add', change.line?.text ?? change.todo.title);
      openAdd();
    }
    sync.dismissRefusal(refusal.op.n);
  };
  return (
    <div className={classes(css.banner, css.danger)} role="alert">
      <p dir="auto">{refusal.title ? m.live.refusedTitle(refusal.title, refusal.reason) : m.live.refused(refusal.reason)}</p>
      {change.kind === 'create' && <Button onClick={again}>{m.live.again}</Button>}
      <Button onClick={() => sync.dismissRefusal(refusal.op.n)}>{m.close}</Button>
    </div>
  );
}

export function Banners() {
  const { connection, pending, conflicts, refusals } = useView();
  useEffect(() => {
    const notice = (text: string) => showToast(text);
    noticeHooks.add(notice);
    return () => void noticeHooks.delete(notice);
  }, []);
  return (
    <>
      <div role="status">
        {connection === 'offline' && (
          <div className={classes(css.banner, css.warn)}>
            <p>{m.live.offline(pending.length)}</p>
          </div>
        )}
      </div>
      {conflicts.map((conflict) => (
        <ConflictBanner key={conflict.op.n} conflict={conflict} />
      ))}
      {refusals.map((refusal) => (
        <RefusalBanner key={refusal.op.n} refusal={refusal} />
      ))}
    </>
  );
}
