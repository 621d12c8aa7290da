import type { Page } from '@playwright/test';
import { expect, focusable, isLive, test } from './page';

test('a bell rings once in five tabs, and is answered in all of them', async ({ world }) => {
  const first = await world.open();
  await isLive(first);
  const tabs = [first];
  for (let n = 0; n < 4; n += 1) {
    const tab = await first.context().newPage();
    await tab.goto(`${world.server.url}/todos`);
    await isLive(tab);
    tabs.push(tab);
  }
  const soon = new Date(Date.now() + 4000).toISOString();
  await world.server.call('POST', '/api/todos', { title: 'Take the bread out', due_date: soon }, world.account.token);
  const bells = async () => (await Promise.all(tabs.map((tab) => tab.locator('[data-reminder]').count()))).reduce((a, b) => a + b, 0);
  await expect.poll(bells, { timeout: 20_000 }).toBe(1);
  // It stays one, whichever tab is looked at.
  await tabs[0]!.bringToFront();
  await expect.poll(bells).toBe(1);
  const shown = (await Promise.all(tabs.map(async (tab) => ((await tab.locator('[data-reminder]').count()) === 1 ? tab : null)))).find((tab) => tab !== null)!;
  await shown.locator('[data-reminder]').getByRole('button', { name: 'Snooze 10 min' }).click();
  await expect.poll(bells).toBe(0);
  const pending = () => world.server.call<{ items: unknown[] }>('GET', '/api/reminders?state=pending', undefined, world.account.token);
  await expect.poll(async () => (await pending()).items.length).toBe(1);
});

test('a bell that nobody answered waits on top of the list, in the title and on the icon, until it is', async ({ world }) => {
  const { server, account } = world;
  const make = (title: string, ms: number) => server.call('POST', '/api/todos', { title, due_date: new Date(Date.now() + ms).toISOString(), tags: ['home'] }, account.token);
  await make('Take the bread out', 1500);
  await make('Call Bob', 1500);
  await make('Tomorrow', 86_400_000);
  interface Fired {
    items: { title: string; fire_at: string; fired_at: string }[];
  }
  const fired = () => server.call<Fired>('GET', '/api/reminders?state=fired', undefined, account.token);
  const unheard = async () => (await fired()).items.length;
  await expect.poll(unheard, { timeout: 30_000 }).toBe(2);
  const page = await world.open();
  // As it would be twenty minutes later.
  const earlier = (instant: string, minutes: number) => new Date(Date.parse(instant) - minutes * 60_000).toISOString();
  await page.route(/\/api\/reminders\?/, async (route) => {
    const response = await route.fetch();
    const { items, ...rest } = (await response.json()) as Fired;
    await route.fulfill({ response, json: { ...rest, items: items.map((one) => ({ ...one, fire_at: earlier(one.fire_at, 32), fired_at: earlier(one.fired_at, 20) })) } });
  });
  await page.reload();
  await isLive(page);
  await expect(page.getByRole('heading', { name: 'Missed 2' })).toBeVisible();
  await expect(page.locator('[data-reminder]')).toHaveCount(0);
  await expect(page).toHaveTitle('(2) Carillon');
  await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', '/icon-waiting.svg');
  expect((await page.request.get(`${server.url}/icon-waiting.svg`)).status()).toBe(200);
  const items = page.getByRole('list', { name: 'Task list' }).getByRole('listitem');
  await expect(items.nth(1).or(items.nth(2)).filter({ hasText: 'Take the bread out' })).toContainText('rang today');
  // On top in any order, and by its keys like any row.
  await page.getByRole('combobox', { name: 'Sort' }).selectOption('title');
  await expect(page.getByRole('heading', { name: 'All others 1' })).toBeVisible();
  await focusable(page, 'Call Bob').focus();
  await page.keyboard.press('x');
  await expect(page.getByRole('heading', { name: 'Missed 1' })).toBeVisible();
  await page.getByRole('button', { name: 'Dismiss the bell of “Take the bread out”' }).click();
  await expect(page.getByRole('heading', { name: /^Missed/ })).toHaveCount(0);
  await expect(page).toHaveTitle('Tasks · Carillon');
  await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', '/icon.svg');
  await expect(focusable(page, 'Take the bread out')).toBeVisible();
  // The one was dismissed, the other answered by completing its task.
  await expect.poll(unheard).toBe(0);
});

test('more bells than three at once stand in one list, and say how late they are', async ({ world }) => {
  const { server, account } = world;
  const due = new Date(Date.now() + 2500).toISOString();
  for (const title of ['One', 'Two', 'Three', 'Four']) await server.call('POST', '/api/todos', { title, due_date: due, tags: ['home'] }, account.token);
  const page = await world.open();
  await isLive(page);
  const bells = page.getByRole('region', { name: 'Reminders' });
  await expect(bells.getByText('4 reminders')).toBeVisible({ timeout: 30_000 });
  await expect(page.locator('[data-reminder]')).toHaveCount(4);
  await expect(page.locator('[data-reminder]').first()).toContainText(/Due today \d+:\d\d · #home/);
  await expect(page).toHaveTitle('(4) Carillon');
  await bells.getByRole('button', { name: 'Dismiss all' }).click();
  await expect(page.locator('[data-reminder]')).toHaveCount(0);
  await expect(page).toHaveTitle('Tasks · Carillon');
});

test('a bell and what became of a change are heard while the box for new tasks is open', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  await isLive(page);
  await page.keyboard.press('q');
  await page.getByRole('dialog', { name: 'New task' }).waitFor();
  await server.call('POST', '/api/todos', { title: 'Take the bread out', due_date: new Date(Date.now() + 2500).toISOString() }, account.token);
  // By role: what is hidden from a screen reader is not found.
  await expect(page.getByRole('alert').filter({ hasText: 'Take the bread out' })).toBeVisible({ timeout: 30_000 });
  await page.context().setOffline(true);
  await expect(page.getByRole('status').filter({ hasText: 'Offline. Changes are kept here' })).toBeVisible();
});

/** What the browser's own question would be answered, and how often it was asked. */
async function answering(page: Page, answer: NotificationPermission): Promise<void> {
  await page.addInitScript((to) => {
    const asked = () => Number(localStorage.getItem('test.asked') ?? 0);
    Object.assign(window, { asked });
    Object.defineProperty(Notification, 'permission', { get: () => (asked() > 0 ? to : 'default') });
    Notification.requestPermission = () => {
      localStorage.setItem('test.asked', String(asked() + 1));
      return Promise.resolve(to);
    };
  }, answer);
  await page.reload();
  await isLive(page);
}

for (const [answer, says] of [['granted', 'This browser shows them.'], ['denied', 'The browser blocks notifications for this site.']] as const) {
  test(`notifications are asked for after the first reminder, by a button, and once: ${answer}`, async ({ world }) => {
    const { server, account } = world;
    const page = await world.open();
    await answering(page, answer);
    const question = page.getByText('Let Carillon ring when this page is in the background?');
    const asked = () => page.evaluate(() => (window as unknown as { asked: () => number }).asked());
    await server.call('POST', '/api/todos', { title: 'No bell' }, account.token);
    await expect(page.getByRole('group', { name: 'No bell' })).toBeVisible();
    await expect(question).toHaveCount(0);
    const later = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    await server.call('POST', '/api/todos', { title: 'Pay rent', due_date: later(48), reminder_at: later(24) }, account.token);
    await expect(question).toBeVisible();
    expect(await asked()).toBe(0);
    await page.getByRole('button', { name: 'Allow notifications' }).click();
    await expect(question).toHaveCount(0);
    expect(await asked()).toBe(1);
    await page.reload();
    await isLive(page);
    await expect(page.getByRole('group', { name: 'Pay rent' })).toBeVisible();
    await expect(question).toHaveCount(0);
    await page.goto(`${server.url}/settings/notifications`);
    await expect(page.getByText(says)).toBeVisible();
    expect(await asked()).toBe(1);
  });
}

test('who says no to notifications is not asked again, by neither the page nor the browser', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  await answering(page, 'granted');
  const later = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  await server.call('POST', '/api/todos', { title: 'Pay rent', due_date: later(48), reminder_at: later(24) }, account.token);
  await page.getByRole('button', { name: 'No, thanks' }).click();
  await page.reload();
  await isLive(page);
  await expect(page.getByRole('group', { name: 'Pay rent' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Allow notifications' })).toHaveCount(0);
  // The settings still can.
  await page.goto(`${server.url}/settings/notifications`);
  await page.getByRole('button', { name: 'Allow in this browser' }).click();
  await expect(page.getByText('This browser shows them.')).toBeVisible();
});

test('where the browser forbids notifications nothing is asked, and the settings say how to allow them', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  const client = await page.context().newCDPSession(page);
  const { browserContextId } = (await client.send('Target.getTargetInfo')).targetInfo;
  const set = (setting: 'denied' | 'granted') => client.send('Browser.setPermission', { permission: { name: 'notifications' }, setting, origin: server.url, browserContextId });
  const later = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
  await server.call('POST', '/api/todos', { title: 'Pay rent', due_date: later(48), reminder_at: later(24) }, account.token);
  for (const [setting, says] of [['denied', 'Its site settings can allow them again.'], ['granted', 'This browser shows them.']] as const) {
    await set(setting);
    await page.goto(`${server.url}/todos`);
    await isLive(page);
    expect(await page.evaluate(() => Notification.permission)).toBe(setting);
    await expect(page.getByRole('group', { name: 'Pay rent' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Allow notifications' })).toHaveCount(0);
    await page.goto(`${server.url}/settings/notifications`);
    await expect(page.getByText(says)).toBeVisible();
  }
});
