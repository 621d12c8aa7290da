// What lies above every page.
import { signal } from '../lib/signal';

export const addOpen = signal(false);
export const helpOpen = signal(false);
export const paletteOpen = signal(false);
export const signOutAsked = signal(false);

let ahead = '';
function keep(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Enter') ahead += '\n';
  else if (event.key === 'Backspace') ahead = ahead.slice(0, -1);
  else if (event.key.length === 1) ahead += event.key;
  else return;
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

/** What was typed before the box was there, Enter as a line feed; from now on it hears the keys itself. */
export function typedAhead(): string {
  const early = ahead;
  ahead = '';
  removeEventListener('keydown', keep, { capture: true });
  return early;
}
