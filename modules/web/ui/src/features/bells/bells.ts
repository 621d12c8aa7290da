import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { api, data } from '../../api/client';
import type { LiveEvent, Reminder, Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { useSignal } from '../../lib/signal';
import type { ZoneSettings } from '../../lib/zone';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { queries } from '../../state/queries';
import { eventHooks } from '../../state/session';
import { presenter } from './presence';
import { bellText, isFresh, missed, type Rung } from './missed';
import { strike } from './sound';

export const snoozeMinutes = 10;
const key = ['reminders', 'fired'];

export interface Bells {
  /** All that nobody has answered; `fresh` of them stand in the banner. */
  rung: Rung[];
  fresh: Rung[];
  done: (rung: Rung) => void;
  snooze: (rung: Rung) => void;
  dismiss: (rung: Rung) => void;
}

function reminderOf({ data: event, time }: LiveEvent): Reminder {
  const fired = event.triggeredAt ? new Date(event.triggeredAt * 1000).toISOString() : time;
  return {
    id: event.reminderId ?? 0,
    task_id: event.taskId,
    title: event.title ?? '',
    fire_at: event.todo?.reminder_at ?? event.todo?.due_date ?? fired,
    fired_at: fired,
    state: 'fired',
    late: false,
    acknowledged_at: null,
    due_date: event.todo?.due_date ?? null,
  };
}

const list = () => queries.getQueryData<Reminder[]>(key) ?? [];

/** Done, moved or snoozed since: the bell is answered. So is that of a task which is not in the list: most are done, and what is still being read comes. */
const answered = ({ fired_at, fire_at }: Reminder, todo: Todo | undefined): boolean => {
  if (!todo) return true;
  if (todo.status === 'completed') return true;
  return todo.reminder_at !== null && Date.parse(todo.reminder_at) > Date.parse(fired_at ?? fire_at);
};

export function useBells(): Bells {
  const { actions, sync, settings, profile } = useApp();
  const { tasks } = useView();
  const { data: reminders } = useQuery({
    queryKey: key,
    queryFn: async () => (await data(api.GET('/api/reminders', { params: { query: { state: 'fired', limit: 100 } } }))).items,
  });
  const rung = useMemo(
    () =>
      (reminders ?? [])
        .map((reminder) => ({ reminder, todo: tasks.get(reminder.task_id) }))
        .filter(({ reminder, todo }) => !answered(reminder, todo)),
    [reminders, tasks],
  );
  const { notifications, sounds } = profile.preferences;

  useEffect(() => {
    const ring = (event: LiveEvent): void => {
      if (event.type !== 'reminder.triggered') return;
      const reminder = reminderOf(event);
      if (list().some(({ id }) => id === reminder.id)) return;
      queries.setQueryData<Reminder[]>(key, (before) => [reminder, ...(before ?? [])]);
      if (presenter.get() === 'me' && sounds) strike();
      if (presenter.get() === 'nobody' && sync.leader && notifications) {
        void notify({ reminder, todo: event.data.todo ?? undefined }, settings);
      }
    };
    eventHooks.add(ring);
    return () => void eventHooks.delete(ring);
  }, [notifications, sounds, settings, sync]);

  const dismiss = useCallback(({ reminder }: Rung) => {
    queries.setQueryData<Reminder[]>(key, (before) => before?.filter(({ id }) => id !== reminder.id));
    void api.POST('/api/reminders/{id}/acknowledge', { params: { path: { id: reminder.id } } }).catch(() => undefined);
  }, []);
  // Left unseen, a hundred bells of tasks that are done would hide those that were missed.
  useEffect(() => {
    if (!sync.leader) return;
    for (const reminder of reminders ?? []) {
      const todo = tasks.get(reminder.task_id);
      if (todo && answered(reminder, todo)) dismiss({ reminder, todo });
    }
  }, [reminders, tasks, sync, dismiss]);
  const done = useCallback(
    (one: Rung) => {
      if (one.todo) actions.setDone([one.todo], true);
      dismiss(one);
    },
    [actions, dismiss],
  );
  const snooze = useCallback(
    (one: Rung) => {
      if (one.todo) actions.snooze([one.todo], new Date(Date.now() + snoozeMinutes * 60_000).toISOString());
      dismiss(one);
    },
    [actions, dismiss],
  );

  const now = useNow();
  const fresh = useMemo(() => rung.filter(({ reminder }) => isFresh(reminder, now)), [rung, now]);
  const seen = fresh.length;
  useEffect(() => {
    const old = rung.filter((one) => !isFresh(one.reminder, Date.now()));
    missed.set({ bells: new Map(old.map((one) => [one.reminder.task_id, one])), dismiss });
  }, [rung, seen, dismiss]);

  useNotificationAnswers(rung, done, snooze);
  useClosing(rung);
  return { rung, fresh, done, snooze, dismiss };
}

interface Answer {
  type: string;
  action: string;
  reminderId: number;
  taskId: number;
}

/** What a notification was answered while no page was open: the service worker opens one at `#bell=REMINDER.ACTION`. */
let left = /^#bell=(\d+)\.(done|snooze)$/.exec(location.hash);

function useNotificationAnswers(rung: readonly Rung[], done: (one: Rung) => void, snooze: (one: Rung) => void): void {
  const latest = useRef({ rung, done, snooze });
  useEffect(() => {
    latest.current = { rung, done, snooze };
  });
  useEffect(() => {
    const one = left && rung.find(({ reminder, todo }) => todo && reminder.id === Number(left?.[1]));
    if (!one) return;
    (left?.[2] === 'done' ? done : snooze)(one);
    left = null;
    history.replaceState(history.state, '', location.pathname + location.search);
  }, [rung, done, snooze]);
  useEffect(() => {
    if (!('serviceWorker' in navigator)) return;
    const hear = ({ data: message }: MessageEvent): void => {
      const { type, action, reminderId } = message as Answer;
      const one = latest.current.rung.find(({ reminder }) => reminder.id === reminderId);
      if (type !== 'bell' || !one) return;
      if (action === 'done') latest.current.done(one);
      else if (action === 'snooze') latest.current.snooze(one);
    };
    navigator.serviceWorker.addEventListener('message', hear);
    return () => navigator.serviceWorker.removeEventListener('message', hear);
  }, []);
}

const tagOf = (id: number): string => `reminder-${id}`;

/** More than these at once are listed in one. */
const apart = 3;
const tagOfAll = 'reminders';

async function notify(rung: Rung, settings: ZoneSettings): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const registration = await navigator.serviceWorker.ready;
  const waiting = list().filter((reminder) => isFresh(reminder, Date.now()));
  if (waiting.length > apart) {
    (await registration.getNotifications()).forEach((one) => one.close());
    const body = waiting.map(({ title }) => title).join('\n');
    return registration.showNotification(m.bell.many(waiting.length), { body, tag: tagOfAll, icon: '/icon.svg', data: {} });
  }
  const { id, task_id, title } = rung.reminder;
  const options = {
    body: bellText(rung, Date.now(), settings),
    tag: tagOf(id),
    icon: '/icon.svg',
    data: { reminderId: id, taskId: task_id },
    actions: [
      { action: 'done', title: m.bell.done },
      { action: 'snooze', title: m.bell.snooze },
    ],
  };
  await registration.showNotification(title, options);
}

/** What was answered in one place is closed in all. */
function useClosing(rung: readonly Rung[]): void {
  const shown = useSignal(presenter);
  useEffect(() => {
    if (!('serviceWorker' in navigator) || !('Notification' in window)) return;
    const open = new Set(rung.map(({ reminder }) => tagOf(reminder.id)));
    if (rung.length > apart) open.add(tagOfAll);
    void navigator.serviceWorker.ready
      .then((registration) => (Notification.permission === 'granted' ? registration.getNotifications() : []))
      .then((all) => all.filter(({ tag }) => shown === 'me' || !open.has(tag)).forEach((one) => one.close()));
  }, [rung, shown]);
}
