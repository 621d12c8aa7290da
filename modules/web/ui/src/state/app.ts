// What every signed-in page has at hand.
import { createContext, useCallback, useContext, useSyncExternalStore } from 'react';
import type { Profile } from '../api/types';
import type { ZoneSettings } from '../lib/zone';
import type { Actions } from './actions';
import type { View } from './store';
import type { Sync } from './sync';

export interface App {
  profile: Profile;
  settings: ZoneSettings;
  sync: Sync;
  actions: Actions;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('no session');
  return app;
}

export function useView(): View {
  const { store } = useApp().sync;
  return useSyncExternalStore(store.subscribe, store.view);
}

/** What is typed here outlives the page, and the tab; null where nothing is. */
export function useDraft(key: string): [string | null, (text: string | null) => void] {
  const { drafts } = useApp().sync;
  const text = useSyncExternalStore(drafts.subscribe, () => drafts.get(key));
  const write = useCallback((next: string | null) => drafts.set(key, next), [drafts, key]);
  return [text, write];
}
