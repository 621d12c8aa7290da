// What lies above every page.
import { signal } from '../lib/signal';

export const addOpen = signal(false);
export const helpOpen = signal(false);
export const paletteOpen = signal(false);
