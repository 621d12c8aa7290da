// States that last: offline, a change that was refused, an edit that met another one.
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { momentWords, repeatWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp, useDraft, useView } from '../../state/app';
import type { FieldName, Fields } from '../../state/changes';
import { hasText } from '../../state/drafts';
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
    <div className={classes(css.banner, css.warn)} role="alert" aria-live="assertive">
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
  const { tasks } = useView();
  const navigate = useNavigate();
  const [line, setLine] = useDraft('add');
  const { change } = refusal.op;
  const kept = hasText(refusal.op) && tasks.has(change.id);
  // What was typed is not lost: it goes back into the box, before what is in it by now; that of a task is in its field again.
  const again = (): void => {
    if (change.kind === 'create') {
      const typed = change.line?.text ?? change.todo.title;
      setLine(line?.trim() ? `${typed} ${line}` : typed);
      openAdd();
    } else void navigate({ to: '/todos/$id', params: { id: String(change.id) }, search: {} });
    sync.dismissRefusal(refusal.op.n);
  };
  return (
    <div className={classes(css.banner, css.danger)} role="alert" aria-live="assertive">
      <p dir="auto">
        {refusal.title ? m.live.refusedTitle(refusal.title, refusal.reason) : m.live.refused(refusal.reason)} {kept && m.live.textKept}
      </p>
      {change.kind === 'create' && <Button onClick={again}>{m.live.again}</Button>}
      {kept && <Button onClick={again}>{m.live.edit}</Button>}
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
      <div role="status" aria-live="polite">
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
