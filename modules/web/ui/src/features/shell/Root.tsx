import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { singleKeys } from '../../lib/keys';
import { Actions } from '../../state/actions';
import { AppContext } from '../../state/app';
import { currentSession, settingsOf, subscribeSession, type Session } from '../../state/session';
import { queries } from '../../state/queries';
import { Mark } from '../../ui/Mark';
import { AuthPage } from '../auth/AuthPage';
import { Shell } from './Shell';
import css from './Shell.module.css';

function SignedIn({ session }: { session: Extract<Session, { is: 'in' }> }) {
  const { profile, sync } = session;
  const actions = useMemo(() => new Actions(sync), [sync]);
  const app = useMemo(() => ({ profile, settings: settingsOf(profile), sync, actions }), [profile, sync, actions]);
  useEffect(() => singleKeys.set(profile.preferences.shortcuts), [profile.preferences.shortcuts]);
  useEffect(() => () => queries.clear(), []);
  return (
    <AppContext value={app}>
      <Shell />
    </AppContext>
  );
}

/** A page that needs an account shows the sign-in form in its place, so that the user stays where they are. */
export function Root() {
  const session = useSyncExternalStore(subscribeSession, currentSession);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const onDoorstep = path.startsWith('/sign-');
  useEffect(() => {
    if (session.is === 'in' && onDoorstep) void navigate({ to: '/todos', search: {}, replace: true });
  }, [session.is, onDoorstep, navigate]);

  if (session.is === 'starting')
    return (
      <div className={css.starting}>
        <Mark size={44} />
      </div>
    );
  if (session.is === 'in') return onDoorstep ? null : <SignedIn session={session} />;
  return onDoorstep ? <Outlet /> : <AuthPage mode="in" over={session.over} />;
}
