import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Refused, api, data } from '../../api/client';
import type { Todo } from '../../api/types';
import { besideRoom, useMedia, useNow } from '../../lib/hooks';
import { useKeys } from '../../lib/keys';
import { momentWords } from '../../lib/words';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { Button, Empty, Failed, IconButton, Skeleton } from '../../ui/controls';
import { CheckBox } from '../tasks/TaskRow';
import { History } from './History';
import { Notes } from './Notes';
import { Properties } from './Properties';
import { Title } from './Title';
import css from './TaskPage.module.css';

function useTask(id: number): { todo: Todo | undefined; missing: boolean; retry: (() => void) | null } {
  const { sync } = useApp();
  const { tasks, load } = useView();
  const todo = tasks.get(id);
  const { error, refetch } = useQuery({
    queryKey: ['todo', id],
    enabled: id > 0 && !todo && load !== 'nothing',
    queryFn: async () => {
      const found = await data(api.GET('/api/todos/{id}', { params: { path: { id } } }));
      sync.absorb([found]);
      return found;
    },
  });
  const missing = !todo && ((error instanceof Refused && error.status < 500) || Number.isNaN(id));
  return { todo, missing, retry: error && !missing ? () => void refetch() : null };
}

function useClose(): () => void {
  const navigate = useNavigate();
  return () => void navigate({ to: '/todos', search: (before) => before });
}

function Missing({ id, beside }: { id: number; beside: boolean }) {
  useTitle(m.task.one);
  const { sync, settings } = useApp();
  const now = useNow();
  // Only the log knows whether there ever was one.
  const { data: last } = useQuery({
    queryKey: ['audit', { task: id, last: true }],
    enabled: id > 0,
    queryFn: () => data(api.GET('/api/audit', { params: { query: { task_id: id, limit: 1 } } })),
  });
  const deleted = last?.find(({ event_type }) => event_type === 'task.deleted');
  return (
    <>
      {!beside && <h1 className="hidden">{m.task.one}</h1>}
      <Empty title={deleted ? m.task.deletedHere(momentWords(deleted.created_at, now, settings)) : m.task.missing}>
        {!deleted && (
          <Link to="/todos" search={(before) => before}>
            {m.task.back}
          </Link>
        )}
        {deleted && (
          <Button
            onClick={() =>
              void data(api.POST('/api/todos/{id}/restore', { params: { path: { id } } }))
                .then((todo) => sync.absorb([todo]))
                .catch(() => undefined)
            }
          >
            {m.task.restore}
          </Button>
        )}
      </Empty>
    </>
  );
}

function Task({ todo, onClose, beside }: { todo: Todo; onClose: () => void; beside: boolean }) {
  const { actions } = useApp();
  useTitle(todo.title);
  return (
    <>
      <header className={css.header}>
        {!beside && (
          <IconButton label={m.task.back} onClick={onClose}>
            <ArrowLeft size={20} strokeWidth={1.75} aria-hidden="true" />
          </IconButton>
        )}
        <CheckBox todo={todo} onToggle={() => actions.setDone([todo], todo.status === 'active')} />
        <Title key={todo.id} todo={todo} level={beside ? 2 : 1} />
        {beside && (
          <IconButton label={m.close} onClick={onClose}>
            <X size={20} strokeWidth={1.75} aria-hidden="true" />
          </IconButton>
        )}
      </header>
      <Properties todo={todo} />
      <Notes key={`notes-${todo.id}`} todo={todo} />
      <History todo={todo} level={beside ? 3 : 2} />
      <footer className={css.footer}>
        <Button
          look="danger"
          onClick={() => {
            actions.remove([todo]);
            onClose();
          }}
        >
          {m.tasks.delete}
        </Button>
      </footer>
    </>
  );
}

export function TaskPage() {
  const { store } = useApp().sync;
  const params = useParams({ strict: false, select: (all: { id?: string }) => all.id });
  const id = store.resolve(Number(params));
  const beside = useMedia(besideRoom);
  const { todo, missing, retry } = useTask(id);
  const close = useClose();
  const navigate = useNavigate();
  const panel = useRef<HTMLElement>(null);
  useKeys({ escape: close });

  // A new task learns its number when it reaches the server.
  useEffect(() => {
    if (String(id) !== params) void navigate({ to: '/todos/$id', params: { id: String(id) }, search: (before) => before, replace: true });
  }, [id, params, navigate]);
  useEffect(() => {
    panel.current?.scrollTo(0, 0);
  }, [params]);

  return (
    <section ref={panel} className={css.panel} aria-label={todo?.title ?? m.task.one}>
      {todo ? <Task todo={todo} onClose={close} beside={beside} /> : missing ? <Missing id={id} beside={beside} /> : retry ? <Failed text={m.task.failed} onRetry={retry} /> : <Skeleton lines={6} />}
    </section>
  );
}
