// The tab's title and icon: the page's name, or how many bells wait for an answer.
import { useEffect } from 'react';
import { m } from '../messages';

let page: string = m.name;
let waiting = 0;

function show(): void {
  document.title = waiting > 0 ? m.bell.title(waiting) : page;
}

/** `shown`: not behind another that names the tab. */
export function useTitle(title: string, shown = true): void {
  useEffect(() => {
    if (!shown) return;
    page = m.pageTitle(title);
    show();
  }, [title, shown]);
}

export function useWaiting(bells: number): void {
  useEffect(() => {
    waiting = bells;
    show();
    document.querySelector('link[rel=icon]')?.setAttribute('href', bells > 0 ? '/icon-waiting.svg' : '/icon.svg');
    // On the icon of the installed page.
    if ('setAppBadge' in navigator) void navigator.setAppBadge(bells).catch(() => undefined);
    return () => {
      waiting = 0;
      show();
    };
  }, [bells]);
}
