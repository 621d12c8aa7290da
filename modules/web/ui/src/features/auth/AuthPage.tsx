import { useState, type SyntheticEvent } from 'react';
import { Link, useNavigate, useRouterState } from '@tanstack/react-router';
import { Away, Refused, reasonOf } from '../../api/client';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { signIn, signUp } from '../../state/session';
import { Button, Field, controls } from '../../ui/controls';
import { Mark } from '../../ui/Mark';
import css from './AuthPage.module.css';

type Errors = Partial<Record<'name' | 'email' | 'password' | 'form', string>>;

function errorsOf(error: unknown): Errors {
  if (error instanceof Away) return { form: m.auth.away };
  if (!(error instanceof Refused)) return { form: m.problem.unknown };
  if (error.status === 401) return { form: m.auth.wrong };
  if (error.status === 429) return { form: m.auth.throttled(error.retryAfter ?? 60) };
  const fields = error.problem?.errors?.map(({ field, message }) => [field, message] as const) ?? [];
  if (fields.length > 0) return Object.fromEntries(fields);
  return { form: reasonOf(error, m.problem.away, m.problem.unknown) };
}

export function AuthPage({ mode, over = false }: { mode: 'in' | 'up'; over?: boolean }) {
  const [errors, setErrors] = useState<Errors>({});
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const title = mode === 'in' ? m.auth.signInTitle : m.auth.signUpTitle;
  useTitle(mode === 'in' ? m.auth.signIn : m.auth.signUp);

  async function submit(event: SyntheticEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string): string => {
      const value = form.get(name);
      return typeof value === 'string' ? value : '';
    };
    setBusy(true);
    setErrors({});
    try {
      if (mode === 'in') await signIn(text('email'), text('password'));
      else await signUp(text('name'), text('email'), text('password'));
      if (path.startsWith('/sign-')) await navigate({ to: '/todos', search: {} });
    } catch (error) {
      setErrors(errorsOf(error));
      setBusy(false);
    }
  }

  return (
    <main className={css.page}>
      <form className={css.form} onSubmit={(event) => void submit(event)} noValidate>
        <div className={css.brand}>
          <Mark size={44} />
          <span>{m.name}</span>
        </div>
        <h1 className={css.title}>{title}</h1>
        <p className={css.motto}>{over ? m.auth.over : m.auth.motto}</p>
        {mode === 'up' && <Field label={m.auth.name} name="name" autoComplete="name" required autoFocus error={errors.name} />}
        <Field label={m.auth.email} name="email" type="email" autoComplete="username" required autoFocus={mode === 'in'} error={errors.email} />
        <Field
          label={m.auth.password}
          name="password"
          type="password"
          autoComplete={mode === 'in' ? 'current-password' : 'new-password'}
          required
          error={errors.password}
          hint={mode === 'up' ? m.auth.passwordHint : undefined}
        />
        <div role="alert" className={controls.error}>
          {errors.form}
        </div>
        <Button look="primary" type="submit" disabled={busy}>
          {mode === 'in' ? m.auth.signIn : m.auth.signUp}
        </Button>
        <p className={css.other}>
          {mode === 'in' ? m.auth.newHere : m.auth.haveOne}{' '}
          <Link to={mode === 'in' ? '/sign-up' : '/sign-in'}>{mode === 'in' ? m.auth.signUp : m.auth.signIn}</Link>
        </p>
      </form>
    </main>
  );
}
