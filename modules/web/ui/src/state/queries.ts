// Everything but the tasks themselves is read through TanStack Query; live events say what is out of date.
import { QueryClient } from '@tanstack/react-query';
import { Refused } from '../api/client';
import { eventHooks } from './session';

export const queries = new QueryClient({
  defaultOptions: {
    // Offline is an answer too: what waits for the network without a word looks broken.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      refetchOnReconnect: true,
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && !(error instanceof Refused && error.status < 500),
    },
  },
});

let waiting: ReturnType<typeof setTimeout> | undefined;
const touched = new Set<string>();

/** Counts and logs follow the events, a moment later and once for many. */
eventHooks.add((event) => {
  touched.add('audit');
  if (event.type.startsWith('task.')) touched.add('tags').add('occurrences');
  if (event.type !== 'task.created') touched.add('reminders');
  waiting ??= setTimeout(() => {
    waiting = undefined;
    for (const key of touched) void queries.invalidateQueries({ queryKey: [key] });
    touched.clear();
  }, 300);
});
