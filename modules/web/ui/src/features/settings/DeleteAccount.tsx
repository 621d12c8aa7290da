import { useState } from 'react';
import { api } from '../../api/client';
import { m } from '../../messages';
import { useApp } from '../../state/app';
import { forget } from '../../state/session';
import { Button, Field, controls } from '../../ui/controls';
import { Problem } from './Parts';
import css from './Settings.module.css';

export function DeleteAccount() {
  const { profile, sync } = useApp();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<unknown>(null);
  return (
    <form
      className={css.group}
      onSubmit={(event) => {
        event.preventDefault();
        const password = new FormData(event.currentTarget).get('password') as string;
        setError(null);
        api
          .DELETE('/api/auth/me', { body: { password } })
          .then(() => forget(sync))
          .catch(setError);
      }}
    >
      <p className={controls.error}>{m.settings.deleteHint}</p>
      <Field label={m.settings.deleteConfirm(profile.email)} value={typed} autoComplete="off" onChange={(event) => setTyped(event.target.value)} />
      <Field label={m.auth.password} name="password" type="password" autoComplete="current-password" required />
      <Problem error={error} />
      <Button look="danger" type="submit" disabled={typed.trim().toLowerCase() !== profile.email.toLowerCase()}>
        {m.settings.deleteButton}
      </Button>
    </form>
  );
}
