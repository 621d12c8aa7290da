// Files in and out, and what rings.
import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, isKept, isLive, row, test, type World } from './page';

const errands = '# Errands\n\n- [ ] Buy milk\n- [x] Water the fern\n- [ ]\n';

/** As a hand does it: a file over the page, let go there. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const zone = page.getByText('Drop a file here').locator('..');
  const data = await page.evaluateHandle(
    ([file, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content!], file!, { type: 'text/markdown' }));
      return transfer;
    },
    [name, text],
  );
  await zone.dispatchEvent('dragover', { dataTransfer: data });
  await zone.dispatchEvent('drop', { dataTransfer: data });
}

test('a file that is dragged in is shown first, then taken once; and what there is comes out as a file', async ({ world }) => {
  const { server, account } = world;
  const count = async () => (await server.call<{ items: unknown[] }>('GET', '/api/todos?status=all', undefined, account.token)).items.length;
  const page = await world.open();
  await page.goto(`${server.url}/settings/data`);
  await isLive(page);
  await drop(page, 'errands.md', errands);
  await expect(page.getByText('2 tasks would be added.')).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: 'Buy milk' })).toContainText('new');
  expect(await count()).toBe(0);
  await page.getByRole('button', { name: 'Import 2 tasks' }).click();
  await expect(page.getByText('2 tasks imported.').first()).toBeVisible();
  expect(await count()).toBe(2);
  await page.getByLabel('Choose a file').setInputFiles({ name: 'errands.md', mimeType: 'text/markdown', buffer: Buffer.from(errands) });
  await expect(page.getByText('2 are known already.')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Import 0/ })).toBeDisabled();

  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Carillon (JSON)' }).click()]);
  expect(file.suggestedFilename()).toBe('carillon.json');
  expect(readFileSync(await file.path(), 'utf8')).toContain('Buy milk');
  const [calendar] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'iCalendar' }).click()]);
  expect(readFileSync(await calendar.path(), 'utf8')).toContain('SUMMARY:Buy milk');
  await page.goto(`${server.url}/activity`);
  const [log] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export CSV' }).click()]);
  expect(readFileSync(await log.path(), 'utf8').split('\r\n')).toHaveLength(2 + 2);
});

const soon = () => new Date(Date.now() + 3000).toISOString();

test('a bell in sight strikes once and is answered in its banner', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  await page.addInitScript(() => {
    const struck = { count: 0 };
    Object.assign(window, { struck });
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      struck.count += 1;
      return start.apply(this, when);
    };
  });
  await page.reload();
  await isLive(page);
  await server.call('POST', '/api/todos', { title: 'Take the bread out', due_date: soon() }, account.token);
  const banner = page.locator('[data-reminder]');
  await expect(banner).toHaveCount(1, { timeout: 30_000 });
  await expect(banner).toContainText('Take the bread out');
  await expect(page).toHaveTitle(/^\(1\) /);
  // Four partials of one strike.
  expect(await page.evaluate(() => (window as unknown as { struck: { count: number } }).struck.count)).toBe(4);
  await banner.getByRole('button', { name: 'Done' }).click();
  await expect(banner).toHaveCount(0);
  await expect(row(page, 'Take the bread out')).toHaveCount(0);
  const done = () => server.call<{ items: { title: string }[] }>('GET', '/api/todos?status=completed', undefined, account.token);
  await expect.poll(async () => (await done()).items.map(({ title }) => title)).toEqual(['Take the bread out']);
  await expect(page).not.toHaveTitle(/^\(1\) /);

  await page.goto(`${server.url}/settings/notifications`);
  const rings = page.getByLabel('Ring a bell', { exact: true });
  await rings.click({ force: true });
  await expect(rings).not.toBeChecked();
  await expect.poll(async () => (await server.call<{ preferences: { sounds: boolean } }>('GET', '/api/auth/me', undefined, account.token)).preferences.sounds).toBe(false);
  await page.reload();
  await isLive(page);
  await server.call('POST', '/api/todos', { title: 'Call Bob', due_date: soon() }, account.token);
  await expect(banner).toHaveCount(1, { timeout: 30_000 });
  expect(await page.evaluate(() => (window as unknown as { struck: { count: number } }).struck.count)).toBe(0);
});

/** A page that may notify, behind others. */
async function unseen(world: World): Promise<Page> {
  const page = await world.open();
  await page.context().grantPermissions(['notifications'], { origin: world.server.url });
  await page.addInitScript(() => {
    Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
  });
  await page.reload();
  await isLive(page);
  await isKept(page);
  return page;
}

test('a bell that nobody sees is one notification, which its answer closes', async ({ world }) => {
  const { server, account } = world;
  const page = await unseen(world);
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Take the bread out', due_date: soon() }, account.token);
  const shown = () =>
    page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      return (await registration.getNotifications()).map(({ title, tag }) => ({ title, tag }));
    });
  await expect.poll(shown, { timeout: 30_000 }).toEqual([{ title: 'Take the bread out', tag: expect.stringMatching(/^reminder-\d+$/) as string }]);
  await server.call('POST', `/api/todos/${id}/complete`, undefined, account.token);
  await expect.poll(shown).toEqual([]);
});

test('a notification that is answered while no page is open is answered', async ({ world }) => {
  const { server, account } = world;
  const page = await unseen(world);
  const context = page.context();
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Take the bread out', due_date: soon() }, account.token);
  const count = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).length);
  await expect.poll(count, { timeout: 30_000 }).toBe(1);
  const [worker] = context.serviceWorkers();
  // What the worker would do were there no page: a test may not click a notification, nor a worker open a page for it.
  const opened = await worker?.evaluate(async () => {
    const scope = self as unknown as { clients: object; registration: { getNotifications(): Promise<unknown[]> } };
    const [notification] = await scope.registration.getNotifications();
    const Click = (self as unknown as { NotificationEvent: new (type: string, init: object) => Event }).NotificationEvent;
    return new Promise<string>((resolve) => {
      Object.defineProperty(scope.clients, 'matchAll', { value: () => Promise.resolve([]) });
      Object.defineProperty(scope.clients, 'openWindow', { value: (url: string) => Promise.resolve(resolve(url)) });
      self.dispatchEvent(new Click('notificationclick', { notification, action: 'done' }));
    });
  });
  await page.close();
  const next = await context.newPage();
  await next.goto(server.url + String(opened));
  const status = async () => (await server.call<{ status: string }>('GET', `/api/todos/${id}`, undefined, account.token)).status;
  await expect.poll(status).toBe('completed');
  await expect(next).toHaveURL(`${server.url}/todos/${id}`);
});

test('on a phone, too, one signs out and has the saved views', async ({ world }) => {
  const { server, account } = world;
  await server.call('POST', '/api/todos', { title: 'Pay rent', tags: ['home'] }, account.token);
  await server.call('POST', '/api/todos', { title: 'Read' }, account.token);
  await server.call('POST', '/api/views', { name: 'Around the house', query: 'tag=home' }, account.token);
  const page = await world.open();
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(row(page, 'Read')).toBeVisible();
  // The filters stand on one line, which scrolls, and the page does not.
  const tops = await page.getByRole('search').locator('[data-scrolls] > *').evaluateAll((pills) => pills.map((pill) => Math.round(pill.getBoundingClientRect().top + pill.clientHeight / 2)));
  expect(new Set(tops).size).toBe(1);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.getByRole('combobox', { name: 'Views' }).selectOption('Around the house');
  await expect(page).toHaveURL(/tag=home/);
  await expect(row(page, 'Read')).toHaveCount(0);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Delete view “Around the house”' }).click();
  await expect(page.getByRole('link', { name: 'Around the house' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor();
});
