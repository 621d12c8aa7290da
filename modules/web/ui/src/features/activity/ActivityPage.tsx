import { Link } from '@tanstack/react-router';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AuditEntry, EventType } from '../../api/types';
import { useLate, useNow } from '../../lib/hooks';
import { exactly, momentWords } from '../../lib/words';
import { at } from '../../lib/zone';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Button, Choice, Empty, Failed, Skeleton, controls } from '../../ui/controls';
import { useRevert } from '../task/History';
import css from './ActivityPage.module.css';
import { actorWords, changesOf, revertible, titleOfEntry } from './entries';
import { csvOf, readEntries, readPage, saveFile, type LogFilter } from './export';
import { HeatMap } from './HeatMap';
import { Proof } from './Proof';

interface Form {
  kind: EventType | '';
  task: string;
  from: string;
  to: string;
}

function Filter({ form, onChange }: { form: Form; onChange: (form: Form) => void }) {
  const kinds = Object.entries(m.activity.kinds) as [EventType, string][];
  return (
    <div className={css.filter} role="search" aria-label={m.filters.label}>
      <Choice label={m.activity.kind} value={form.kind} options={[['', m.filters.any], ...kinds] as const} onChange={(kind) => onChange({ ...form, kind })} />
      <label className={controls.field}>
        <span className={controls.label}>{m.activity.task}</span>
        <input className={controls.select} inputMode="numeric" size={8} value={form.task} onChange={(event) => onChange({ ...form, task: event.target.value.replace(/\D/g, '').slice(0, 15) })} />
      </label>
      <label className={controls.field}>
        <span className={controls.label}>{m.activity.from}</span>
        <input type="date" className={controls.select} value={form.from} onChange={(event) => onChange({ ...form, from: event.target.value })} />
      </label>
      <label className={controls.field}>
        <span className={controls.label}>{m.activity.to}</span>
        <input type="date" className={controls.select} value={form.to} onChange={(event) => onChange({ ...form, to: event.target.value })} />
      </label>
    </div>
  );
}

function filterOf({ kind, task, from, to }: Form, zone: string): LogFilter {
  return {
    ...(kind && { event_type: kind }),
    ...(Number(task) > 0 && { task_id: Number(task) }),
    ...(from && { after: at(from, '00:00', zone) }),
    ...(to && { before: new Date(Date.parse(at(to, '23:59', zone)) + 60_000).toISOString() }),
  };
}

function Line({ entry }: { entry: AuditEntry }) {
  const { settings } = useApp();
  const now = useNow();
  const revert = useRevert();
  const changes = changesOf(entry, now, settings);
  return (
    <li className={css.entry}>
      <time dateTime={entry.created_at} title={exactly(entry.created_at, settings)}>
        {momentWords(entry.created_at, now, settings)}
      </time>
      <div className={css.what} dir="auto">
        <span className={css.actor}>{actorWords(entry.actor)}</span> <span>{m.activity.verbs[entry.event_type] ?? m.activity.kinds[entry.event_type]}</span>{' '}
        <Link to="/todos/$id" params={{ id: String(entry.task_id) }} search={{}}>
          {titleOfEntry(entry)}
        </Link>
        {changes.map(({ field, before, after }) => (
          <p key={field} className={css.change}>
            {field}: <del>{before}</del> → <ins>{after}</ins>
          </p>
        ))}
      </div>
      <div className={css.does}>
        {revertible(entry) && (
          <Button look="link" onClick={() => revert(entry)}>
            {m.task.putBack}
          </Button>
        )}
        <Proof id={entry.id} />
      </div>
    </li>
  );
}

function Export({ filter }: { filter: LogFilter }) {
  const [busy, setBusy] = useState(false);
  const save = async (kind: 'csv' | 'json'): Promise<void> => {
    setBusy(true);
    try {
      const entries = await readEntries(filter);
      if (kind === 'csv') saveFile('carillon-activity.csv', 'text/csv', csvOf(entries));
      else saveFile('carillon-activity.json', 'application/json', JSON.stringify(entries, null, 2));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={css.export}>
      <Button disabled={busy} onClick={() => void save('csv')}>
        {m.activity.csv}
      </Button>
      <Button disabled={busy} onClick={() => void save('json')}>
        {m.activity.json}
      </Button>
    </div>
  );
}

export function ActivityPage() {
  const { settings } = useApp();
  const [form, setForm] = useState<Form>({ kind: '', task: '', from: '', to: '' });
  const filter = filterOf(form, settings.zone);
  useTitle(m.activity.title);
  const log = useInfiniteQuery({
    queryKey: ['audit', 'page', filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => readPage(filter, pageParam, 50),
    getNextPageParam: ({ next }) => next,
  });
  const loading = useLate(log.isPending);
  const entries = log.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <div className={css.page}>
      <header className={css.header}>
        <h1>{m.activity.title}</h1>
        <Export filter={filter} />
      </header>
      <HeatMap />
      <Filter form={form} onChange={setForm} />
      {loading && (
        <div className={css.skeletons}>
          <Skeleton lines={6} />
        </div>
      )}
      {log.isError && <Failed text={m.activity.failed} onRetry={() => void log.refetch()} />}
      {log.isSuccess && entries.length === 0 && <Empty title={m.activity.empty} />}
      <ol className={css.log}>
        {entries.map((entry) => (
          <Line key={entry.id} entry={entry} />
        ))}
      </ol>
      {log.hasNextPage && (
        <Button disabled={log.isFetching} onClick={() => void log.fetchNextPage()}>
          {m.activity.more}
        </Button>
      )}
    </div>
  );
}
