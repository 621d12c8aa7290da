import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AuditEntry, EventType } from '../../api/types';
import { useLate, useNow } from '../../lib/hooks';
import { exactly, momentWords } from '../../lib/words';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { Button, Choice, Empty, Failed, Skeleton, controls } from '../../ui/controls';
import { useRevert } from '../task/History';
import css from './ActivityPage.module.css';
import { actorWords, changesOf, revertible, titleOfEntry } from './entries';
import { csvOf, readEntries, readPage, saveFile, type LogFilter } from './export';
import { queryOf, readLogFilter, type LogSearch } from './filter';
import { HeatMap } from './HeatMap';
import { Proof } from './Proof';

function Filter({ search }: { search: LogSearch }) {
  const navigate = useNavigate();
  const kinds = Object.entries(m.activity.kinds) as [EventType, string][];
  // A filter that is set or taken away is a step back; one that is still being typed is the same step.
  const set = (change: LogSearch): void => {
    const refined = Object.entries(change).every(([field, value]) => value && search[field as keyof LogSearch]);
    void navigate({ to: '/activity', replace: refined, search: (before) => readLogFilter({ ...before, ...change }) });
  };
  return (
    <div className={css.filter} role="search" aria-label={m.filters.label}>
      <Choice label={m.activity.kind} value={search.kind ?? ''} options={[['', m.filters.any], ...kinds] as const} onChange={(kind) => set({ kind: kind || undefined })} />
      <label className={controls.field}>
        <span className={controls.label}>{m.activity.task}</span>
        <input className={controls.select} inputMode="numeric" size={8} value={search.task ?? ''} onChange={(event) => set({ task: event.target.value.replace(/\D/g, '').slice(0, 15) })} />
      </label>
      {(['from', 'to'] as const).map((end) => (
        <label key={end} className={controls.field}>
          <span className={controls.label}>{m.activity[end]}</span>
          <input type="date" className={controls.select} value={search[end] ?? ''} onChange={(event) => set({ [end]: event.target.value })} />
        </label>
      ))}
    </div>
  );
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
  const search = useSearch({ from: '/activity' });
  const filter = queryOf(search, settings.zone);
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
      <Filter search={search} />
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
