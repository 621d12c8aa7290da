import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense, type ComponentType } from 'react';
import { useMedia, wideEnough } from '../../lib/hooks';
import { useTitle } from '../../lib/title';
import { m } from '../../messages';
import { signOutAsked } from '../../state/surfaces';
import { SavedViews } from '../views/SavedViews';
import { DeleteAccount } from './DeleteAccount';
import { Look, Notifications, ProfilePart, Time } from './Parts';
import { Sessions } from './Sessions';
import { Tokens } from './Tokens';
import css from './Settings.module.css';

const Transfer = lazy(() => import('./Transfer').then(({ Transfer: component }) => ({ default: component })));

const parts: Record<string, ComponentType> = {
  profile: ProfilePart,
  time: Time,
  look: Look,
  notifications: Notifications,
  sessions: Sessions,
  tokens: Tokens,
  data: Transfer,
  account: DeleteAccount,
};

export function SettingsPage() {
  const part = useParams({ strict: false, select: (params: { part?: string }) => params.part }) ?? 'profile';
  const names = m.settings.parts as Record<string, string>;
  const Part = parts[part] ?? ProfilePart;
  // What the sidebar holds on a wide screen.
  const wide = useMedia(wideEnough);
  useTitle(m.settings.title);
  return (
    <div className={css.page}>
      <nav className={css.parts} aria-label={m.settings.title}>
        <h1>{m.settings.title}</h1>
        <ul>
          {Object.entries(names).map(([key, name]) => (
            <li key={key}>
              <Link to="/settings/$part" params={{ part: key }} className={css.part} data-here={key === part || undefined}>
                {name}
              </Link>
            </li>
          ))}
          {!wide && (
            <li>
              <button type="button" className={css.part} onClick={() => signOutAsked.set(true)}>
                {m.nav.signOut}
              </button>
            </li>
          )}
        </ul>
      </nav>
      <section className={css.form} aria-labelledby="part-title">
        <h2 id="part-title">{names[part]}</h2>
        <Suspense>
          <Part />
        </Suspense>
      </section>
      {!wide && <SavedViews />}
    </div>
  );
}
