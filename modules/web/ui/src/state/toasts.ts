// One toast at a time: the newest replaces the one before it.
import { signal } from '../lib/signal';

export interface Toast {
  id: number;
  text: string;
  undo?: () => void;
}

export const toast = signal<Toast | null>(null);
/** What screen readers hear: polite for saves and counts. */
export const announcement = signal('');

let lastId = 0;
export function showToast(text: string, undo?: () => void): void {
  lastId += 1;
  toast.set({ id: lastId, text, undo });
  announcement.set(text);
}
export function announce(text: string): void {
  announcement.set(text);
}
export function dismissToast(id: number): void {
  if (toast.get()?.id === id) toast.set(null);
}
