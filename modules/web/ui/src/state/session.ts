// Who is signed in, in this tab.
import { Away, api, data, refresh, setToken, whenSessionIsOver } from '../api/client';
import type { LiveEvent, Profile, SignedIn } from '../api/types';
import { browserZone, type ZoneSettings } from '../lib/zone';
import { Disk, lastUser, rememberUser } from './disk';
import { Sync } from './sync';

export type Session =
  | { is: 'starting' }
  /** `over`: it ended by itself, and the user comes back to where they were. */
  | { is: 'out'; over: boolean }
  | { is: 'in'; profile: Profile; sync: Sync };

type Hook = (event: LiveEvent) => void;

let session: Session = { is: 'starting' };
const listeners = new Set<() => void>();
export const eventHooks = new Set<Hook>();
export const noticeHooks = new Set<(text: string) => void>();

export const currentSession = (): Session => session;
export function subscribeSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: Session): void {
  session = next;
  listeners.forEach((listener) => listener());
}

export function settingsOf(profile: Profile): ZoneSettings {
  const { week_start: weekStart, locale } = profile.preferences;
  return { zone: profile.timezone, weekStart, locale: locale === 'en' ? navigator.language : locale };
}

/** The list is read while the profile, `asked` for already, is on its way. */
async function enter(userId: string, asked: Promise<Profile>): Promise<void> {
  const starting = Sync.start(userId, {
    event: (event) => eventHooks.forEach((hook) => hook(event)),
    notice: (text) => noticeHooks.forEach((hook) => hook(text)),
    signedOut: () => leave(false),
  });
  try {
    const [profile, sync] = await Promise.all([asked, starting]);
    rememberUser(userId);
    applyTheme(profile.preferences.theme);
    void sync.disk.keep('profile', profile);
    become({ is: 'in', profile, sync });
  } catch (error) {
    void starting.then((sync) => sync.stop(), () => undefined);
    throw error;
  }
}

const askProfile = (): Promise<Profile> => data(api.GET('/api/auth/me', {}));

function leave(over: boolean): void {
  if (session.is === 'in') session.sync.stop();
  setToken(null);
  become({ is: 'out', over });
}

whenSessionIsOver(() => leave(true));

async function startOffline(): Promise<boolean> {
  const id = lastUser();
  if (!id) return false;
  const disk = await Disk.open(id);
  const profile = await disk.profile();
  disk.close();
  if (!profile) return false;
  await enter(id, Promise.resolve(profile));
  return true;
}

/** `asking`: nothing is left to do here until the server has answered. */
export async function startSession(asking: () => void): Promise<void> {
  try {
    const signedIn = await refresh(asking);
    if (signedIn) await enter(signedIn.user.id, askProfile());
    else become({ is: 'out', over: false });
  } catch (error) {
    if (error instanceof Away && (await startOffline().catch(() => false))) return;
    become({ is: 'out', over: false });
  }
}

async function entered(signedIn: SignedIn): Promise<void> {
  setToken(signedIn.token);
  await enter(signedIn.user.id, askProfile());
}

export const signIn = async (email: string, password: string): Promise<void> =>
  entered(await data(api.POST('/api/auth/sign-in', { body: { email, password } })));

export const signUp = async (name: string, email: string, password: string): Promise<void> =>
  entered(await data(api.POST('/api/auth/sign-up', { body: { name, email, password, timezone: browserZone() } })));

/** Leaves nothing behind in this browser. */
export async function signOut(): Promise<void> {
  if (session.is !== 'in') return;
  const { sync } = session;
  await api.POST('/api/auth/sign-out', {}).catch(() => undefined);
  await forget(sync);
}

export async function forget(sync: Sync): Promise<void> {
  sync.signOut();
  rememberUser(null);
  leave(false);
  await sync.disk.destroy();
}

export function profileChanged(profile: Profile): void {
  if (session.is !== 'in') return;
  applyTheme(profile.preferences.theme);
  void session.sync.disk.keep('profile', profile);
  become({ ...session, profile });
}

function applyTheme(theme: 'system' | 'light' | 'dark'): void {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem('carillon.theme');
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem('carillon.theme', theme);
  }
}
