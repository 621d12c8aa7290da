import { useMutation, useQuery } from '@tanstack/react-query';
import { api, data } from '../../api/client';
import { useNow } from '../../lib/hooks';
import { momentWords } from '../../lib/words';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { queries } from '../../state/queries';
import { announce } from '../../state/toasts';
import { Button, Failed, Field, Skeleton } from '../../ui/controls';
import { Problem } from './Parts';
import css from './Settings.module.css';

const key = ['tokens'];
const again = () => queries.invalidateQueries({ queryKey: key });

function Secret({ token }: { token: string }) {
  return (
    <div className={css.secret} role="status">
      <p>{m.settings.tokenOnce}</p>
      <code>{token}</code>
      {isSecureContext && <Button onClick={() => void navigator.clipboard.writeText(token).then(() => announce(m.settings.copied))}>{m.settings.copy}</Button>}
    </div>
  );
}

export function Tokens() {
  const { settings } = useApp();
  const now = useNow();
  const list = useQuery({ queryKey: key, queryFn: async () => (await data(api.GET('/api/tokens', {}))).items });
  const make = useMutation({ mutationFn: (name: string) => data(api.POST('/api/tokens', { body: { name } })), onSuccess: again });
  const revoke = useMutation({ mutationFn: (id: string) => api.DELETE('/api/tokens/{id}', { params: { path: { id } } }), onSuccess: again });
  if (list.isError) return <Failed text={m.settings.failed} onRetry={() => void list.refetch()} />;
  if (!list.data) return <Skeleton lines={3} />;
  return (
    <>
      <form
        className={css.inline}
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const name = new FormData(form).get('name') as string;
          if (name.trim()) make.mutate(name, { onSuccess: () => form.reset() });
        }}
      >
        <Field label={m.settings.tokenName} name="name" maxLength={100} autoComplete="off" />
        <Button look="primary" type="submit">
          {m.settings.newToken}
        </Button>
      </form>
      {make.data?.token && <Secret token={make.data.token} />}
      <Problem error={make.error ?? revoke.error} />
      {list.data.length === 0 && <p className={css.hint}>{m.settings.noTokens}</p>}
      <ul className={css.list}>
        {list.data.map(({ id, name, last_used_at }) => (
          <li key={id}>
            <span>
              <bdi>{name}</bdi>
              <span className={css.hint}>{last_used_at ? m.settings.lastUsed(momentWords(last_used_at, now, settings)) : m.settings.never}</span>
            </span>
            <Button look="danger" aria-label={m.settings.revokeOf(name)} onClick={() => revoke.mutate(id)}>
              {m.settings.revoke}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
