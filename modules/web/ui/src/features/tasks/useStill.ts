// What comes and goes above the rows in sight does not move them.
import type { VirtualItem, Virtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, type Key } from 'react';

/** How far the rows that were in sight moved, by the one that moved least: what the user moved is not what the others hang on. */
export function shiftOf(starts: ReadonlyMap<Key, number>, count: number, keyOf: (index: number) => Key, startOf: (index: number) => number): number {
  let least = Infinity;
  for (let index = 0; index < count; index += 1) {
    const was = starts.get(keyOf(index));
    const shift = was === undefined ? Infinity : startOf(index) - was;
    if (Math.abs(shift) < Math.abs(least)) least = shift;
  }
  return Number.isFinite(least) ? least : 0;
}

/** `view`: another one begins anew. */
export function useStill(virtual: Virtualizer<HTMLDivElement, Element>, rows: unknown, view: string): void {
  const last = useRef<{ rows: unknown; view: string; items: readonly VirtualItem[] }>({ rows, view, items: [] });
  useLayoutEffect(() => {
    const { scrollElement, scrollOffset, scrollRect, options } = virtual;
    const before = last.current;
    last.current = { rows, view, items: virtual.getVirtualItems() };
    // At the very top, what is new on top is seen.
    if (before.rows === rows || before.view !== view || !scrollElement || !scrollOffset) return;
    const bottom = scrollOffset + (scrollRect?.height ?? 0);
    const inSight = before.items.filter(({ start, end }) => end > scrollOffset && start < bottom);
    const starts = new Map(inSight.map(({ key, start }) => [key, start]));
    const shift = shiftOf(starts, options.count, options.getItemKey, (index) => virtual.measurementsCache[index]?.start ?? 0);
    if (shift !== 0) scrollElement.scrollTop += shift;
  });
}
