// Whether somebody is at the list: the pointer over it, or the focus in it by keyboard. Who rests is not: a window that
// nobody attends to must not grow stale.
import { useEffect, useMemo, useRef, type FocusEvent, type PointerEvent } from 'react';

const rest = 3000;

/** Handlers for what is watched; whatever opens from within it belongs to it. */
export function attend(report: (there: boolean) => void) {
  let there = false;
  let pointer = false;
  let focus = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (next: boolean): void => {
    if (next !== there) report((there = next));
  };
  const look = (): void => {
    clearTimeout(timer);
    if (pointer || focus) say(true);
    // Focus that goes from one row to the next is nowhere in between.
    timer = setTimeout(() => say((pointer = focus = false)), pointer || focus ? rest : 0);
  };
  return {
    handlers: {
      onPointerMove: ({ pointerType }: Pick<PointerEvent, 'pointerType'>) => {
        if (pointerType === 'touch') return;
        pointer = true;
        look();
      },
      onPointerLeave: () => {
        pointer = false;
        look();
      },
      onWheel: () => pointer && look(),
      onFocus: ({ target }: Pick<FocusEvent, 'target'>) => {
        focus = document.hasFocus() && target.matches(':focus-visible');
        look();
      },
      onBlur: () => {
        focus = false;
        look();
      },
      onKeyDown: () => {
        focus = true;
        look();
      },
    },
    end: () => {
      clearTimeout(timer);
      say(false);
    },
  };
}

export function useEngaged(report: (there: boolean) => void): ReturnType<typeof attend>['handlers'] {
  const latest = useRef(report);
  useEffect(() => {
    latest.current = report;
  });
  const watch = useMemo(() => attend((there) => latest.current(there)), []);
  useEffect(() => watch.end, [watch]);
  return watch.handlers;
}
