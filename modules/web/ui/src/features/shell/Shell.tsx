import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Activity, CircleUser, Keyboard, ListTodo, MessageSquare, Plus, Settings } from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { useMedia, wideEnough } from '../../lib/hooks';
import { useKeys } from '../../lib/keys';
import { useSignal } from '../../lib/signal';
import { m } from '../../messages';
import { useApp, useView } from '../../state/app';
import { addOpen, helpOpen, openAdd, paletteOpen, signOutAsked } from '../../state/surfaces';
import { announcement } from '../../state/toasts';
import { LazyMenu } from '../../ui/LazyMenu';
import { Mark } from '../../ui/Mark';
import { Bells } from '../bells/Bells';
import { useBells } from '../bells/bells';
import { SavedViews } from '../views/SavedViews';
import { Banners } from './Banners';
import { ToastArea } from './ToastArea';
import css from './Shell.module.css';

const loadAdd = () => import('../add/QuickAdd');
const QuickAdd = lazy(() => loadAdd().then(({ QuickAdd: component }) => ({ default: component })));
const Help = lazy(() => import('./Help').then(({ Help: component }) => ({ default: component })));
const SignOut = lazy(() => import('./SignOut').then(({ SignOut: component }) => ({ default: component })));
const Palette = lazy(() => import('./Palette').then(({ Palette: component }) => ({ default: component })));

const places = [
  { to: '/todos', label: m.nav.tasks, Icon: ListTodo },
  { to: '/activity', label: m.nav.activity, Icon: Activity },
  { to: '/chat', label: m.nav.chat, Icon: MessageSquare },
  { to: '/settings', label: m.nav.settings, Icon: Settings },
] as const;

function useShellKeys(): void {
  const { actions } = useApp();
  const navigate = useNavigate();
  useKeys({
    q: () => openAdd(),
    '?': () => helpOpen.set(true),
    'mod+k': () => paletteOpen.set(true),
    'g t': () => void navigate({ to: '/todos', search: {} }),
    'g a': () => void navigate({ to: '/activity' }),
    'g c': () => void navigate({ to: '/chat' }),
    'g s': () => void navigate({ to: '/settings/$part', params: { part: 'profile' } }),
    'mod+z': actions.undo,
    'mod+shift+z': actions.redo,
  });
}

function Status() {
  const { connection, pending } = useView();
  const text = connection === 'live' ? m.live.online : connection === 'connecting' ? m.live.connecting : m.live.offlineShort;
  return (
    <span className={css.status} data-state={connection}>
      <span className={css.dot} aria-hidden="true" />
      {text}
      {pending.length > 0 && connection !== 'live' && <span className="figures"> · {pending.length}</span>}
    </span>
  );
}

const loadAccount = () => import('./AccountMenu').then(({ AccountMenu }) => ({ default: AccountMenu }));

function Account() {
  const { profile } = useApp();
  const label = m.nav.account(profile.name);
  return (
    <LazyMenu
      align="start"
      label={label}
      load={loadAccount}
      props={{}}
      trigger={(props) => (
        <button type="button" className={css.account} aria-label={label} aria-haspopup="menu" {...props}>
          <CircleUser size={20} strokeWidth={1.75} aria-hidden="true" />
          <bdi>{profile.name}</bdi>
        </button>
      )}
    />
  );
}

function Sidebar({ waiting, count }: { waiting: boolean; count: number }) {
  return (
    <nav className={css.sidebar} aria-label={m.nav.label}>
      <Link to="/todos" search={{}} className={css.brand}>
        <Mark waiting={waiting} />
        {m.name}
      </Link>
      <button type="button" className={css.add} onClick={() => openAdd()}>
        <Plus size={20} strokeWidth={1.75} aria-hidden="true" />
        {m.nav.add}
        <kbd aria-hidden="true">q</kbd>
      </button>
      <ul className={css.places}>
        {places.map(({ to, label, Icon }) => (
          <li key={to}>
            <Link to={to} className={css.place} activeProps={{ 'data-here': true }}>
              <Icon size={20} strokeWidth={1.75} aria-hidden="true" />
              {label}
              {to === '/todos' && count > 0 && (
                <span className={css.count} aria-hidden="true">
                  {count.toLocaleString()}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
      <SavedViews />
      <div className={css.foot}>
        <Account />
        <button type="button" className={css.help} aria-label={m.nav.help} title={m.nav.help} onClick={() => helpOpen.set(true)}>
          <Keyboard size={20} strokeWidth={1.75} aria-hidden="true" />
        </button>
        <Status />
      </div>
    </nav>
  );
}

function BottomBar() {
  return (
    <nav className={css.bottom} aria-label={m.nav.label}>
      {places.map(({ to, label, Icon }) => (
        <Link key={to} to={to} className={css.tab} activeProps={{ 'data-here': true }}>
          <Icon size={20} strokeWidth={1.75} aria-hidden="true" />
          {label}
        </Link>
      ))}
    </nav>
  );
}

/** By the shortcut of the installed page. */
let addWanted = new URLSearchParams(location.search).has('add');

export function Shell() {
  const wide = useMedia(wideEnough);
  const { tasks } = useView();
  const bells = useBells();
  const add = useSignal(addOpen);
  const help = useSignal(helpOpen);
  const palette = useSignal(paletteOpen);
  const leaving = useSignal(signOutAsked);
  const talking = useRouterState({ select: ({ location }) => location.pathname === '/chat' });
  useShellKeys();
  // The box that is opened most is there when it is asked for.
  useEffect(() => {
    const timer = setTimeout(() => void loadAdd(), 1500);
    return () => clearTimeout(timer);
  }, []);
  useEffect(() => {
    if (addWanted) openAdd();
    addWanted = false;
  }, []);
  const active = [...tasks.values()].filter(({ status }) => status === 'active').length;

  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">
        {m.skip}
      </a>
      {wide && <Sidebar waiting={bells.rung.length > 0} count={active} />}
      <div className={css.column}>
        <Banners />
        <Bells bells={bells} />
        <main id="content" className={css.main} tabIndex={-1}>
          <Suspense>
            <Outlet />
          </Suspense>
        </main>
        {!wide && (
          <>
            {!talking && (
              <button type="button" className={css.floating} aria-label={m.nav.add} onClick={() => openAdd()}>
                <Plus size={24} strokeWidth={1.75} aria-hidden="true" />
              </button>
            )}
            <BottomBar />
          </>
        )}
      </div>
      <ToastArea />
      <Suspense>
        {add && <QuickAdd />}
        {help && <Help />}
        {palette && <Palette />}
        {leaving && <SignOut />}
      </Suspense>
      <div className="hidden" role="status" aria-live="polite">
        {useSignal(announcement)}
      </div>
    </div>
  );
}
