// The rows of the list for the filters in the address.
import { useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useMemo } from 'react';
import { api, data } from '../../api/client';
import { useNow } from '../../lib/hooks';
import { useSignal } from '../../lib/signal';
import { boundsOf, type Group } from '../../lib/zone';
import { useApp, useView } from '../../state/app';
import { missed } from '../bells/missed';
import { comparator, matcher, placed, rowsOf, saidNow, type Filters, type Row } from './filters';

/** Active tasks are all here. Completed ones are many: they are read by the page, for these filters. */
export function useCompleted({ status, priority, tag, search }: Filters) {
  const { sync } = useApp();
  return useInfiniteQuery({
    queryKey: ['completed', { status, priority, tag, search }],
    enabled: status !== undefined,
    staleTime: Infinity,
    gcTime: 0,
    initialPageParam: '',
    queryFn: async ({ pageParam: cursor }) => {
      const query = { status: 'completed', sort: 'created_at', order: 'desc', limit: 100, priority, tag, search, ...(cursor && { cursor }) } as const;
      const page = await data(api.GET('/api/todos', { params: { query } }));
      sync.absorb(page.items);
      return page.next_cursor;
    },
    getNextPageParam: (next) => next ?? undefined,
  });
}

export function useTaskRows(filters: Filters, folded: ReadonlySet<Group>, stays: ReadonlySet<number>): { rows: Row[]; count: number } {
  const { settings, sync } = useApp();
  const { rowKey } = sync.store;
  const { tasks, elsewhere } = useView();
  const now = useNow();
  const { bells } = useSignal(missed);
  const missedIds = useMemo(() => new Set(bells.keys()), [bells]);
  const search = useDeferredValue(filters.search);
  const { status, priority, tag, due, sort } = filters;
  const shown = useMemo(() => {
    const applied: Filters = { status, priority, tag, due, sort, search };
    const bounds = boundsOf(now, settings);
    const fits = matcher(applied, bounds, { has: (id) => stays.has(rowKey(id)) });
    const todos = [...placed(tasks, elsewhere).values()].filter(fits).sort(comparator(applied.sort));
    return { todos, applied, bounds };
  }, [tasks, elsewhere, status, priority, tag, due, sort, search, settings, now, stays, rowKey]);
  return useMemo(() => {
    const { todos, applied, bounds } = shown;
    const count = applied.status ? todos.length : todos.filter((todo) => todo.status === 'active').length;
    return { rows: saidNow(rowsOf(todos, applied, bounds, folded, missedIds), tasks, elsewhere), count };
  }, [shown, folded, missedIds, tasks, elsewhere]);
}
