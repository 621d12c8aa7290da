import { expect, isKept, isLive, row, test } from './page';

const inMinutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString();

test('a recurring task made in one browser is completed in the other, and its next one appears in both', async ({ world }) => {
  const [one, two] = [await world.open(), await world.open()];
  await isLive(one);
  await isLive(two);
  await world.server.call(
    'POST',
    '/api/todos',
    { title: 'Pay rent', priority: 'high', due_date: inMinutes(120), reminder_at: inMinutes(60), recurrence: { rule: 'monthly' }, tags: ['home'] },
    world.account.token,
  );
  for (const page of [one, two]) {
    await expect(row(page, 'Pay rent')).toHaveCount(1);
    await expect(row(page, 'Pay rent')).toContainText('monthly');
  }
  await row(two, 'Pay rent').getByRole('checkbox').click();
  await expect(two.getByText('“Pay rent” done.').first()).toBeVisible();
  // The done one stays where it was completed until the view is left, and says when it comes back.
  await expect(row(two, 'Pay rent')).toHaveCount(2);
  await expect(two.getByText(/^next: /)).toBeVisible();
  await expect(row(one, 'Pay rent')).toHaveCount(1);
  await expect(row(one, 'Pay rent')).not.toContainText('today');

  await two.getByRole('button', { name: 'Undo' }).click();
  await expect(row(two, 'Pay rent')).toHaveCount(1);
  await expect(row(one, 'Pay rent')).toContainText(/today|tomorrow/);
});

test('two tabs of one browser share one socket, and what one does the other shows', async ({ world }) => {
  const first = await world.open();
  await isLive(first);
  const sockets: string[] = [];
  const second = await first.context().newPage();
  second.on('websocket', (socket) => sockets.push(socket.url()));
  await second.goto(`${world.server.url}/todos`);
  await isLive(second);
  await world.server.call('POST', '/api/todos', { title: 'Water the ferns' }, world.account.token);
  await expect(row(first, 'Water the ferns')).toBeVisible();
  await expect(row(second, 'Water the ferns')).toBeVisible();
  await row(second, 'Water the ferns').getByRole('link').click();
  await second.getByRole('textbox', { name: 'Title', exact: true }).fill('Water all ferns');
  await second.getByRole('textbox', { name: 'Title', exact: true }).press('Enter');
  await expect(row(first, 'Water all ferns')).toBeVisible();
  expect(sockets).toEqual([]);

  // The leader goes; the other takes over and misses nothing.
  await first.close();
  await world.server.call('POST', '/api/todos', { title: 'Feed the cat' }, world.account.token);
  await expect(row(second, 'Feed the cat')).toBeVisible();
  await expect.poll(() => sockets.length).toBe(1);
});

test('twenty changes made offline survive closing the tab and arrive once each, in order', async ({ world }) => {
  const { server, account } = world;
  for (let n = 1; n <= 10; n += 1) await server.call('POST', '/api/todos', { title: `Task ${n}` }, account.token);
  let page = await world.open();
  await isLive(page);
  await expect(page.getByText('10 tasks', { exact: true })).toBeVisible();
  await isKept(page);
  const context = page.context();
  await context.setOffline(true);
  await expect(page.getByText(/^Offline\. Changes are kept here/)).toBeVisible();
  for (let n = 1; n <= 10; n += 1) {
    await row(page, `Task ${n}`).getByRole('checkbox').click();
  }
  for (let n = 11; n <= 20; n += 1) {
    await page.keyboard.press('Escape');
    await page.keyboard.press('q');
    await page.getByRole('textbox', { name: 'New task' }).fill(`Made offline ${n}`);
    await page.getByRole('textbox', { name: 'New task' }).press('Enter');
    await expect(page.getByRole('textbox', { name: 'New task' })).toHaveValue('');
  }
  await page.keyboard.press('Escape');
  await expect(page.getByText('(20 waiting)')).toBeVisible();
  await page.close();
  page = await context.newPage();
  await page.goto(`${server.url}/todos`);
  await expect(row(page, 'Made offline 11')).toBeVisible();
  await expect(page.getByText('(20 waiting)')).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText(/^Offline\./)).toHaveCount(0, { timeout: 40_000 });

  interface Entry {
    event_type: string;
    payload: { title?: string };
  }
  const log = () => server.call<Entry[]>('GET', '/api/audit?limit=200', undefined, account.token);
  await expect.poll(async () => (await log()).length, { timeout: 40_000 }).toBe(30);
  const entries = (await log()).reverse();
  expect(entries.filter(({ event_type }) => event_type === 'task.completed')).toHaveLength(10);
  const made = entries.filter(({ event_type }) => event_type === 'task.created').map(({ payload }) => payload.title);
  expect(made.slice(10)).toEqual(Array.from({ length: 10 }, (_, index) => `Made offline ${index + 11}`));
});

test('an edit of the same field elsewhere is shown as a conflict, another field merges', async ({ world }) => {
  const { server, account } = world;
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  const page = await world.open();
  await isLive(page);
  await isKept(page);
  await page.context().setOffline(true);
  await expect(page.getByText(/^Offline\. /)).toBeVisible();
  await row(page, 'Pay rent').getByRole('link').click();
  await page.getByRole('textbox', { name: 'Title', exact: true }).fill('Pay the rent');
  await page.getByRole('textbox', { name: 'Title', exact: true }).press('Enter');
  await server.call('PATCH', `/api/todos/${id}`, { title: 'Pay rent and power', priority: 'high' }, account.token);
  await page.context().setOffline(false);
  const banner = page.getByRole('alert').filter({ hasText: 'was changed elsewhere while you were editing' });
  await expect(banner).toContainText('yours “Pay the rent”, theirs “Pay rent and power”', { timeout: 40_000 });
  await banner.getByRole('button', { name: 'Keep mine' }).click();
  await expect
    .poll(() => server.call<{ title: string; priority: string }>('GET', `/api/todos/${id}`, undefined, account.token))
    .toMatchObject({ title: 'Pay the rent', priority: 'high' });
});

test('a change whose answer is lost is sent again and done once', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  await isLive(page);
  const keys: string[] = [];
  await page.context().route(/\/api\/todos$/, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.push(route.request().headers()['idempotency-key'] ?? '');
    if (keys.length > 1) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await page.keyboard.press('q');
  await page.keyboard.type('Pay rent');
  await page.keyboard.press('Enter');
  await expect.poll(() => keys.length, { timeout: 60_000 }).toBe(2);
  expect(keys[1]).toBe(keys[0]);
  await expect(page.getByLabel('Saving')).toHaveCount(0);
  const { items } = await server.call<{ items: unknown[] }>('GET', '/api/todos', undefined, account.token);
  expect(items).toHaveLength(1);
});

test('a new task that is done before the server has it keeps its place', async ({ world }) => {
  const page = await world.open();
  await isLive(page);
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.context().route(/\/api\/todos$/, async (route) => {
    if (route.request().method() === 'POST') await held;
    return route.continue();
  });
  await page.keyboard.press('q');
  await page.keyboard.type('Call Bob');
  await page.keyboard.press('Enter');
  await expect(page.getByText('“Call Bob” added.').first()).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await row(page, 'Call Bob').getByRole('checkbox').click();
  release();
  await expect.poll(async () => (await world.server.call<{ items: unknown[] }>('GET', '/api/todos?status=completed', undefined, world.account.token)).items.length).toBe(1);
  await expect(page.getByLabel('Saving')).toHaveCount(0);
  await expect(row(page, 'Call Bob').getByRole('checkbox')).toBeChecked();
});
