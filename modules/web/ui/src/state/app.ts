// What every signed-in page has at hand.
import { createContext, useContext, useSyncExternalStore } from 'react';
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
