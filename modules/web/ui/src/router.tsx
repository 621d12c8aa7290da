import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { readLogFilter } from './features/activity/filter';
import { AuthPage } from './features/auth/AuthPage';
import { Root } from './features/shell/Root';
import { Crash } from './features/shell/Crash';
import { NotFound } from './features/shell/NotFound';
import { readFilters } from './features/tasks/filters';
import { TasksPage } from './features/tasks/TasksPage';

const root = createRootRoute({ component: Root, errorComponent: Crash, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/todos', search: {} });
  },
});
const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: () => <AuthPage mode="in" /> });
const signUp = createRoute({ getParentRoute: () => root, path: '/sign-up', component: () => <AuthPage mode="up" /> });

const todos = createRoute({ getParentRoute: () => root, path: '/todos', component: TasksPage, validateSearch: readFilters });
const todo = createRoute({
  getParentRoute: () => todos,
  path: '$id',
  component: lazyRouteComponent(() => import('./features/task/TaskPage'), 'TaskPage'),
});
const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  component: lazyRouteComponent(() => import('./features/activity/ActivityPage'), 'ActivityPage'),
  validateSearch: readLogFilter,
});
const chat = createRoute({
  getParentRoute: () => root,
  path: '/chat',
  component: lazyRouteComponent(() => import('./features/chat/ChatPage'), 'ChatPage'),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings/$part',
  component: lazyRouteComponent(() => import('./features/settings/SettingsPage'), 'SettingsPage'),
});
const settingsHome = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/$part', params: { part: 'profile' } });
  },
});

export const router = createRouter({
  routeTree: root.addChildren([home, signIn, signUp, todos.addChildren([todo]), activity, chat, settings, settingsHome]),
  // Addresses that people can read and write: ?tag=home&due=week
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(search as Record<string, string | undefined>).filter((pair): pair is [string, string] => pair[1] !== undefined)).toString();
    return text && `?${text}`;
  },
  // What is wrong with an address is said in the place of the whole page.
  notFoundMode: 'root',
  defaultPreload: 'intent',
  scrollRestoration: false,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
