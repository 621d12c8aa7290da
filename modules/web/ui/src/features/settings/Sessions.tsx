import { useMutation, useQuery } from '@tanstack/react-query';
import { api, data } from '../../api/client';
import { useNow } from '../../lib/hooks';
import { momentWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { queries } from '../../state/queries';
import { Button, Failed, Skeleton } from '../../ui/controls';
import { Problem } from './Parts';
import css from './Settings.module.css';

const key = ['sessions'];
const again = () => queries.invalidateQueries({ queryKey: key });

/** "Firefox on Linux" out of what browsers call themselves. */
export function deviceWords(agent: string): string {
  const browser = (/(Firefox|Edg|OPR|Chrome|Safari|curl)/.exec(agent)?.[1] ?? agent.slice(0, 40)).replace('Edg', 'Edge').replace('OPR', 'Opera');
  const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(agent)?.[1];
  return system ? `${browser} · ${system}` : browser || '—';
}

export function Sessions() {
  const { settings } = useApp();
  const now = useNow();
  const list = useQuery({ queryKey: key, queryFn: async () => (await data(api.GET('/api/auth/sessions', {}))).items });
  const end = useMutation({ mutationFn: (id: string) => api.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } }), onSuccess: again });
  const endOthers = useMutation({ mutationFn: () => api.DELETE('/api/auth/sessions', {}), onSuccess: again });
  if (list.isError) return <Failed text={m.settings.failed} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={3} />;
  return (
    <>
      <ul className={css.list}>
        {list.data.map(({ id, user_agent, address, last_used_at, current }) => (
          <li key={id}>
            <span>
              <bdi>{deviceWords(user_agent)}</bdi> {current && <strong>({m.settings.thisDevice})</strong>}
              <span className={css.hint}>
                {address} · {m.settings.lastUsed(momentWords(last_used_at, now, settings))}
              </span>
            </span>
            {!current && (
              <Button aria-label={m.settings.endSessionOf(deviceWords(user_agent))} onClick={() => end.mutate(id)}>
                {m.settings.endSession}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Problem error={end.error ?? endOthers.error} />
      {list.data.length > 1 && <Button onClick={() => endOthers.mutate()}>{m.settings.endOthers}</Button>}
    </>
  );
}
