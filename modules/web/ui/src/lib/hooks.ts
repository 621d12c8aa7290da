import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { signal, useSignal } from './signal';

const minute = signal(Date.now());
setInterval(() => minute.set(Date.now()), 30_000);
document.addEventListener('visibilitychange', () => minute.set(Date.now()));

/** The time, as fine as words for dates need it. */
export const useNow = (): number => useSignal(minute);

/** Room for the sidebar, and for a task beside the list; both grow with the text. */
export const wideEnough = '(width >= 56.25rem)';
export const besideRoom = '(width >= 68.75rem)';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** The value, once it has stood still for `wait` milliseconds. */
export function useSettled<T>(value: T, wait: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}

/** True `wait` milliseconds after it became so: a skeleton for what comes at once would only flicker. */
export function useLate(active: boolean, wait = 200): boolean {
  const [late, setLate] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    timer.current = setTimeout(() => setLate(active), active ? wait : 0);
    return () => clearTimeout(timer.current);
  }, [active, wait]);
  return active && late;
}
