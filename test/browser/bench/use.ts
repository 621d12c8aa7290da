// What the page costs in use: keys, clicks, shifts of what is on the screen, memory.
import type { Page } from '@playwright/test';
import { expect, isLive, row, test, type World } from '../page';
import type { Account, Server } from '../server';
import { report } from './figures';

async function tasks(server: Server, account: Account, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, n) => `- [ ] Task ${n + 1} of the long list`).join('\n');
  const headers = { 'Content-Type': 'text/markdown', Authorization: `Bearer ${account.token}` };
  const answer = await fetch(`${server.url}/api/import?file_name=many.md`, { method: 'POST', headers, body: lines });
  expect(answer.status).toBe(200);
}

/** What the browser says each key and click took until the next painted frame. */
async function observeEvents(page: Page): Promise<() => Promise<number[]>> {
  await page.evaluate(() => {
    const took: number[] = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if ((entry as PerformanceEntry & { interactionId: number }).interactionId > 0) took.push(entry.duration);
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
    Object.assign(window, { took });
  });
  return async () => {
    await page.waitForTimeout(500);
    return page.evaluate(() => (window as unknown as { took: number[] }).took.splice(0));
  };
}

test('key press to chip', async ({ world }) => {
  const page = await world.open();
  await isLive(page);
  await page.keyboard.press('q');
  const line = page.getByRole('textbox', { name: 'New task' });
  await line.waitFor();
  const figures: number[] = [];
  for (let run = 0; run < 15; run += 1) {
    await line.fill(`Pay rent for ${run} !hig`);
    await expect(page.locator('[role=dialog] ul li')).toHaveCount(0);
    await page.evaluate(() => addEventListener('keydown', () => Object.assign(window, { pressed: performance.now() }), { capture: true, once: true }));
    await page.keyboard.press('h');
    const shown = await page.waitForFunction(() => document.querySelector('[role=dialog] ul li') && performance.now() - (window as unknown as { pressed: number }).pressed);
    figures.push(await shown.jsonValue() as number);
  }
  report('chip', 'from a key to its chip, 80 ms of pause in it', figures, 100);
});

/** The page with 10,000 tasks, at rest. */
async function longList(world: World): Promise<Page> {
  test.setTimeout(240_000);
  await tasks(world.server, world.account, 10_000);
  const page = await world.open();
  await isLive(page);
  await expect(row(page, 'Task 1 of the long list')).toHaveAttribute('aria-setsize', '10000', { timeout: 120_000 });
  await page.waitForTimeout(3000); // the list is kept on disk
  return page;
}

test('keys and clicks at 10,000 tasks', async ({ world }) => {
  const page = await longList(world);
  const took = await observeEvents(page);
  await row(page, 'Task 1 of the long list').getByRole('group').focus();
  for (let run = 0; run < 20; run += 1) await page.keyboard.press('j');
  report('key_10000', 'a key that moves, at 10,000 tasks', await took(), 100);
  for (let run = 0; run < 10; run += 1) {
    await page.keyboard.press('x');
    await page.keyboard.press('j');
  }
  report('done_10000', 'a key that completes, at 10,000 tasks', await took(), 100);
  await page.keyboard.press('/');
  await page.keyboard.type('77', { delay: 400 });
  report('search_10000', 'a key in the search field, at 10,000 tasks', await took(), 100);
});

/** The time between two frames of the page, for as long as a gesture scrolls its list. */
async function scrolledFrames(page: Page, distance: number, speed: number): Promise<number[]> {
  await page.evaluate(() => {
    const frames: number[] = [];
    let last = 0;
    const tick = (time: number): void => {
      if (last > 0) frames.push(time - last);
      last = time;
      if (!(window as unknown as { scrolled: boolean }).scrolled) requestAnimationFrame(tick);
    };
    Object.assign(window, { frames, scrolled: false });
    requestAnimationFrame(tick);
  });
  const client = await page.context().newCDPSession(page);
  await client.send('Input.synthesizeScrollGesture', { x: 700, y: 500, yDistance: -distance, speed, gestureSourceType: 'mouse' });
  return page.evaluate(() => {
    Object.assign(window, { scrolled: true });
    return (window as unknown as { frames: number[] }).frames;
  });
}

const frame = 1000 / 60;

test('scrolling 10,000 tasks', async ({ world }) => {
  const page = await longList(world);
  const frames = await scrolledFrames(page, 20_000, 4000);
  const sorted = [...frames].sort((a, b) => a - b);
  report('scroll_10000', 'a frame while 10,000 tasks are scrolled, five windows a second', frames, 16.7);
  report('scroll_10000_p95', 'what 95 of 100 such frames take at most', [sorted[Math.floor(sorted.length * 0.95)]!], 16.7);
  // Frames come at a fixed beat: what takes longer than one loses the next.
  const lost = frames.reduce((sum, took) => sum + Math.max(0, Math.round(took / frame) - 1), 0);
  report('scroll_10000_lost', 'frames lost of those that were due', [(100 * lost) / (frames.length + lost)], 0, '%');
});

test('layout shift and memory', async ({ world }) => {
  test.setTimeout(240_000);
  const { server, account } = world;
  await tasks(server, account, 50);
  const page = await world.open();
  await isLive(page);
  await page.reload();
  await page.evaluate(() => {
    const shifts: number[] = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) if (!entry.hadRecentInput) shifts.push(entry.value);
    }).observe({ type: 'layout-shift', buffered: true });
    Object.assign(window, { shifts });
  });
  await isLive(page);
  await page.waitForTimeout(2000);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  report('layout_shift', 'layout shift of a start', [shifts.reduce((sum, one) => sum + one, 0)], 0.02, '');

  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  for (let round = 0; round < 20; round += 1) {
    for (const key of ['a', 'c', 's', 't']) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.waitForTimeout(100);
    }
    // An hour's events from elsewhere.
    for (let n = 0; n < 10; n += 1) await server.call('POST', '/api/todos', { title: `Task ${round}.${n} from elsewhere`, tags: ['home'] }, account.token);
  }
  await expect(row(page, 'Task 1 of the long list')).toBeVisible();
  await client.send('HeapProfiler.collectGarbage');
  const { metrics } = await client.send('Performance.getMetrics');
  const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')!.value / 2 ** 20;
  report('memory', 'memory of the scripts after 80 pages and 200 events', [heap], 60, 'MiB');
});
