// Shortcuts. Single keys are dead where text is typed, with a modifier held, and while an input method composes.
import { useEffect, useRef } from 'react';
import { signal } from './signal';

export type Handler = (event: KeyboardEvent) => void;
export type Bindings = Partial<Record<string, Handler>>;

export const singleKeys = signal(true);
const layers: { current: Bindings }[] = [];
let prefix: { key: string; at: number } | null = null;
const prefixLasts = 1500;

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type);
}

/** `mod+k`, `shift+arrowdown`, `g t`, `?`. */
export function nameOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase();
  const mod = isMac ? event.metaKey : event.ctrlKey;
  const shift = event.shiftKey && (event.key.length > 1 || mod);
  return `${mod ? 'mod+' : ''}${event.altKey ? 'alt+' : ''}${shift ? 'shift+' : ''}${key === ' ' ? 'space' : key}`;
}

function find(name: string): Handler | undefined {
  for (let index = layers.length - 1; index >= 0; index -= 1) {
    const handler = layers[index]?.current[name];
    if (handler) return handler;
  }
  return undefined;
}

function onKey(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented) return;
  const name = nameOf(event);
  const single = !name.startsWith('mod+') && name !== 'escape';
  const typing = isTyping(event.target);
  if (typing && (single || name === 'mod+z' || name === 'mod+shift+z' || name === 'mod+a')) return;
  if (single && !singleKeys.get() && name.length <= 2) return;
  // A dialog or a menu has the keys to itself.
  if (single && event.target instanceof Element && event.target.closest('[role=dialog], [role=menu]')) return;
  const sequence = prefix && performance.now() - prefix.at < prefixLasts ? `${prefix.key} ${name}` : name;
  const handler = find(sequence) ?? find(name);
  prefix = name === 'g' ? { key: name, at: performance.now() } : null;
  if (!handler) return;
  event.preventDefault();
  handler(event);
}

export function useKeys(bindings: Bindings): void {
  const layer = useRef(bindings);
  useEffect(() => {
    layer.current = bindings;
  });
  useEffect(() => {
    if (layers.length === 0) addEventListener('keydown', onKey);
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) removeEventListener('keydown', onKey);
    };
  }, []);
}

const symbols: Record<string, string> = { mod: isMac ? '⌘' : 'Ctrl', shift: '⇧', escape: 'Esc', enter: 'Enter', space: 'Space', delete: 'Del' };
/** As it stands on the keys of this machine. */
export const keyLabels = (name: string): string[] =>
  name.split(' ').map((part) => part.split('+').map((key) => symbols[key] ?? (key.length === 1 ? key.toUpperCase() : key)).join(' '));
