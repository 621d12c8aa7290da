import { Outlet, useMatch, useNavigate, useParams } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { besideRoom, useLate, useMedia } from '../../lib/hooks';
import type { Group } from '../../lib/zone';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { useApp, useDraft, useView } from '../../state/app';
import { openAdd } from '../../state/surfaces';
import { announce } from '../../state/toasts';
import { Button, Empty, Failed, Skeleton, controls } from '../../ui/controls';
import { FilterBar } from './FilterBar';
import { isFiltered, type Filters } from './filters';
import { TaskList } from './TaskList';
import { useCompleted, useTaskRows } from './useTaskRows';
import css from './TasksPage.module.css';

function NothingYet() {
  const [, setLine] = useDraft('add');
  const use = (line: string) => {
    setLine(line);
    openAdd();
  };
  const [before, after] = m.tasks.emptyHint('|').split('|');
  return (
    <Empty title={m.tasks.emptyTitle}>
      <p>
        {before}
        <kbd>q</kbd>
        {after}
      </p>
      <ul className={css.samples}>
        {m.tasks.samples.map((line) => (
          <li key={line}>
            <Button onClick={() => use(line)}>{line}</Button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

/** Says what was asked for, and gives the way out. */
function NoMatch({ filters }: { filters: Filters }) {
  const { status, priority, tag, due, search } = filters;
  const names = [status && m.filters.statuses[status], priority && m.priority[priority], tag && `#${tag}`, due && m.filters.dues[due], search && `“${search}”`];
  const navigate = useNavigate();
  return (
    <Empty title={m.tasks.noMatchOf(names.filter(Boolean).join(', '))}>
      <Button onClick={() => void navigate({ to: '/todos', search: ({ sort }: Filters) => ({ ...(sort && { sort }) }) })}>{m.tasks.clearFilters}</Button>
    </Empty>
  );
}

function useFolds(): [ReadonlySet<Group>, (group: Group, folded: boolean) => void] {
  const key = 'carillon.folds';
  const [folded, setFolded] = useState<ReadonlySet<Group>>(() => new Set(JSON.parse(localStorage.getItem(key) ?? '[]') as Group[]));
  const fold = useCallback(
    (group: Group, on: boolean) =>
      setFolded((before) => {
        const next = new Set(before);
        if (on) next.add(group);
        else next.delete(group);
        localStorage.setItem(key, JSON.stringify([...next]));
        return next;
      }),
    [],
  );
  return [folded, fold];
}

/** Tasks that were completed here keep their place until the filters change: by the key of their row, which a new task keeps when the server has it. */
function useStays(filters: Filters): [ReadonlySet<number>, (keys: readonly number[]) => void] {
  const view = JSON.stringify(filters);
  const [stays, setStays] = useState<{ view: string; keys: ReadonlySet<number> }>({ view, keys: new Set() });
  if (stays.view !== view) setStays({ view, keys: new Set() });
  const add = useCallback((keys: readonly number[]) => setStays((before) => ({ ...before, keys: new Set([...before.keys, ...keys]) })), []);
  return [stays.keys, add];
}

function List({ filters, openedId }: { filters: Filters; openedId: number | null }) {
  const { sync } = useApp();
  const { tasks, load } = useView();
  const [folded, fold] = useFolds();
  const [stays, stay] = useStays(filters);
  const { rows, count } = useTaskRows(filters, folded, stays);
  const completed = useCompleted(filters);
  const filtered = isFiltered(filters);
  const loading = useLate(load === 'nothing' && tasks.size === 0);
  const counted = completed.hasNextPage ? m.tasks.atLeast(count) : m.tasks.count(count);
  useEffect(() => {
    if (filtered) announce(counted);
  }, [filtered, counted]);

  return (
    <section className={css.list} aria-labelledby="tasks-title">
      <div className={css.top}>
        <header className={css.header}>
          <h1 id="tasks-title">{m.tasks.title}</h1>
          <span className={css.total}>{load !== 'nothing' && counted}</span>
        </header>
        <FilterBar filters={filters} />
      </div>
      {load === 'failed' && <Failed text={m.tasks.failed} onRetry={sync.retryLoad} />}
      {loading && (
        <div className={css.skeletons}>
          <Skeleton lines={8} />
        </div>
      )}
      {rows.length > 0 && <TaskList rows={rows} filters={filters} openedId={openedId} onFold={fold} onDone={stay} />}
      {rows.length === 0 && load !== 'nothing' && load !== 'failed' && !completed.isFetching && (filtered ? <NoMatch filters={filters} /> : load === 'all' && <NothingYet />)}
      {completed.hasNextPage && (
        <div className={css.moreCompleted}>
          <Button disabled={completed.isFetching} onClick={() => void completed.fetchNextPage()}>
            {m.tasks.moreCompleted}
          </Button>
        </div>
      )}
      {completed.isError && <p className={controls.error}>{m.tasks.failed}</p>}
    </section>
  );
}

export function TasksPage() {
  const filters = useMatch({ from: '/todos', select: ({ search }) => search });
  const id = useParams({ strict: false, select: (params: { id?: string }) => params.id });
  const { store } = useApp().sync;
  const beside = useMedia(besideRoom);
  const openedId = id === undefined ? null : store.resolve(Number(id));
  useTitle(m.tasks.title, openedId === null);
  return (
    <div className={css.page} data-open={openedId !== null || undefined}>
      {(beside || openedId === null) && <List filters={filters} openedId={openedId} />}
      <Outlet />
    </div>
  );
}
