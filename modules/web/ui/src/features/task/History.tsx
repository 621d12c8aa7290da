import { useQuery } from '@tanstack/react-query';
import { api, data, reasonOf } from '../../api/client';
import type { AuditEntry, Todo } from '../../api/types';
import { useNow } from '../../lib/hooks';
import { newKey } from '../../lib/secure';
import { exactly, momentWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { showToast } from '../../state/toasts';
import { Button, Failed } from '../../ui/controls';
import { actorWords, changesOf, revertible } from '../activity/entries';
import css from './TaskPage.module.css';

export function useRevert(): (entry: AuditEntry) => void {
  const { sync } = useApp();
  return ({ id }) => {
    data(api.POST('/api/audit/{id}/revert', { params: { path: { id }, header: { 'Idempotency-Key': newKey() } as never } }))
      .then((todo) => {
        sync.absorb([todo]);
        showToast(m.undo.restored(todo.title));
      })
      .catch((error: unknown) => showToast(m.live.refused(reasonOf(error, m.problem.away, m.problem.unknown))));
  };
}

function Entry({ entry }: { entry: AuditEntry }) {
  const { settings } = useApp();
  const now = useNow();
  const revert = useRevert();
  return (
    <li className={css.entry}>
      <p className={css.entryHead}>
        <time dateTime={entry.created_at} title={exactly(entry.created_at, settings)}>
          {momentWords(entry.created_at, now, settings)}
        </time>
        <span>
          {actorWords(entry.actor)} · {m.activity.kinds[entry.event_type]}
        </span>
      </p>
      {changesOf(entry, now, settings).map(({ field, before, after }) => (
        <p key={field} className={css.change} dir="auto">
          {field}: <del>{before}</del> → <ins>{after}</ins>
        </p>
      ))}
      {revertible(entry) && (
        <Button look="link" onClick={() => revert(entry)}>
          {m.task.putBack}
        </Button>
      )}
    </li>
  );
}

export function History({ todo, level }: { todo: Todo; level: 2 | 3 }) {
  const Heading = `h${level}` as const;
  const { data: entries, isError, refetch } = useQuery({
    queryKey: ['audit', { task: todo.id }],
    enabled: todo.id > 0,
    queryFn: () => data(api.GET('/api/audit', { params: { query: { task_id: todo.id, limit: 50 } } })),
  });
  return (
    <section className={css.history} aria-labelledby="history-title">
      <Heading id="history-title">{m.task.history}</Heading>
      {isError && !entries && <Failed text={m.task.historyFailed} onRetry={() => void refetch()} />}
      <ol>
        {entries?.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
    </section>
  );
}
