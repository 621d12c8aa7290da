// What lies above every page.
import { signal } from '../lib/signal';

export const addOpen = signal(false);
export const helpOpen = signal(false);
export const paletteOpen = signal(false);
export const signOutAsked = signal(false);

let ahead: string | null = null;
function keep(event: KeyboardEvent): void {
  if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) return;
  ahead = (ahead ?? '') + event.key;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Opens the quick-add box. What is typed before it is there is meant for it, not for the list below. */
export function openAdd(): void {
  if (addOpen.get()) return;
  ahead = '';
  addEventListener('keydown', keep, { capture: true });
  addOpen.set(true);
}

/** What was typed before the box was there; from now on it hears the keys itself. */
export function typedAhead(): string {
  const early = ahead ?? '';
  ahead = null;
  removeEventListener('keydown', keep, { capture: true });
  return early;
}
