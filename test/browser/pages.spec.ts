import AxeBuilder from '@axe-core/playwright';
import { expect, focusable, isLive, row, test, type World } from './page';
import { payloads } from './payloads';

const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString();

async function fill({ server, account }: World): Promise<number> {
  const make = (todo: object) => server.call<{ id: number }>('POST', '/api/todos', todo, account.token);
  await make({ title: 'File taxes', priority: 'high', due_date: day(-3), tags: ['office'] });
  await make({ title: 'Renew passport', priority: 'low', due_date: day(20) });
  const { id } = await make({ title: 'Pay rent', due_date: day(1), reminder_at: day(0.5), tags: ['home'], recurrence: { rule: 'monthly' }, description: '- **Bank**\n- [portal](https://example.org)' });
  await server.call('PATCH', `/api/todos/${id}`, { priority: 'high' }, account.token);
  return id;
}

const parts = ['profile', 'time', 'look', 'notifications', 'sessions', 'tokens', 'data', 'account'];

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing on any page, ${theme}`, async ({ world }) => {
    test.setTimeout(240_000);
    const id = await fill(world);
    const page = await world.open();
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await isLive(page);
    const check = async (where: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      const found = violations.map(({ id: rule, nodes }) => `${where}: ${rule} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      expect.soft(found).toEqual([]);
    };
    for (const path of ['/todos', `/todos/${id}`, '/activity', '/chat', ...parts.map((part) => `/settings/${part}`)]) {
      await page.goto(world.server.url + path);
      await isLive(page);
      await page.waitForLoadState('networkidle');
      await check(path);
    }
    await page.goto(`${world.server.url}/todos`);
    await isLive(page);
    for (const [key, name] of [['q', 'New task'], ['?', 'Keyboard shortcuts'], ['Control+k', 'Go to or do']] as const) {
      await page.keyboard.press(key);
      await page.getByRole('dialog', { name }).waitFor();
      await check(name);
      await page.keyboard.press('Escape');
    }
    await focusable(page, 'Pay rent').focus();
    await page.keyboard.press('d');
    await page.getByRole('dialog', { name: 'Due' }).waitFor();
    await check('date picker');
  });
}

test('sign-in and sign-up by axe and by keyboard only', async ({ world, page }) => {
  await page.goto(`${world.server.url}/sign-up`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([]);
  await page.keyboard.type('Bo');
  await page.keyboard.press('Tab');
  await page.keyboard.type(`bo${Date.now()}@example.org`);
  await page.keyboard.press('Tab');
  await page.keyboard.type('three ferns and a bell');
  await page.keyboard.press('Enter');
  await page.getByText('Nothing to do yet.').waitFor();
});

test('a whole day by keyboard only', async ({ world }) => {
  const page = await world.open();
  await isLive(page);
  const press = (keys: string) => page.keyboard.press(keys);
  await press('q');
  await page.getByRole('dialog', { name: 'New task' }).waitFor();
  await page.keyboard.type('Pay rent tomorrow 9am every month !high #home');
  await expect(page.getByRole('dialog').getByText('monthly')).toBeVisible();
  await press('Enter');
  await page.keyboard.type('Call Bob');
  await press('Enter');
  await expect(page.getByRole('textbox', { name: 'New task' })).toHaveValue('');
  await press('Escape');
  await expect(row(page, 'Pay rent')).toContainText('#home');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await press('j');
  await expect(focusable(page, 'Pay rent')).toBeFocused();
  await press('p');
  await page.getByRole('group', { name: 'Priority' }).waitFor();
  await press('3');
  await expect(row(page, 'Pay rent')).toContainText('Low');
  await press('j');
  await expect(focusable(page, 'Call Bob')).toBeFocused();
  await press('x');
  await expect(row(page, 'Call Bob').getByRole('checkbox')).toBeChecked();
  await press('Control+z');
  await expect(row(page, 'Call Bob').getByRole('checkbox')).not.toBeChecked();
  await press('e');
  await page.keyboard.type(' and Eve');
  await press('Enter');
  await expect(focusable(page, 'Call Bob and Eve')).toBeFocused();
  await press('Delete');
  await expect(row(page, 'Call Bob and Eve')).toHaveCount(0);
  await expect(focusable(page, 'Pay rent')).toBeFocused();
  await press('Enter');
  await expect(page).toHaveURL(/\/todos\/\d+/);
  await page.getByRole('textbox', { name: 'Title', exact: true }).waitFor();
  await press('Escape');
  await expect(page).toHaveURL(/\/todos$/);
  for (const [key, title] of [['a', 'Activity'], ['c', 'Chat'], ['s', 'Settings'], ['t', 'Tasks']] as const) {
    await press('g');
    await press(key);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }
  await press('/');
  await page.keyboard.type('nothing like it');
  await expect(page.getByText('No task matches “nothing like it”.')).toBeVisible();
  await expect(page).toHaveURL(/search=nothing/);
});

test('forty attacks in every text stay text', async ({ world }) => {
  test.setTimeout(180_000);
  const { server, account } = world;
  for (const [index, payload] of payloads.entries()) {
    await server.call('POST', '/api/todos', { title: `${index} ${payload}`.slice(0, 200), description: payload }, account.token);
  }
  await server.call('PATCH', '/api/auth/me', { name: payloads[0]!.slice(0, 100) }, account.token);
  await server.call('POST', '/api/tokens', { name: payloads[1]!.slice(0, 100) }, account.token);
  const page = await world.open();
  await isLive(page);
  await expect(page.getByText(`${payloads.length} tasks`, { exact: true })).toBeVisible();
  const { items } = await server.call<{ items: { id: number; title: string }[] }>('GET', '/api/todos?limit=100', undefined, account.token);
  for (const { id, title } of items) {
    await page.goto(`${server.url}/todos/${id}`);
    await expect(page.getByRole('textbox', { name: 'Title', exact: true })).toHaveValue(title);
    await page.getByRole('button', { name: 'Edit notes' }).waitFor();
    for (const link of await page.locator('main a[href]').all()) expect(await link.evaluate((a) => (a as HTMLAnchorElement).protocol)).toMatch(/^(https?|mailto):$/);
  }
  for (const path of ['/activity', '/settings/profile', '/settings/tokens']) {
    await page.goto(server.url + path);
    await isLive(page);
    await page.waitForLoadState('networkidle');
  }
  expect(await page.evaluate(() => (window as { attacked?: boolean }).attacked)).toBeUndefined();
});

test('the first load is small, and asks nobody else', async ({ world }) => {
  const page = await world.open();
  const elsewhere: string[] = [];
  page.on('response', (response) => {
    if (!response.url().startsWith(world.server.url) && !response.url().startsWith('blob:')) elsewhere.push(response.url());
  });
  const html = await (await fetch(`${world.server.url}/todos`)).text();
  const compressed = async (ending: string): Promise<number> => {
    let bytes = 0;
    for (const [, path] of html.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      if (!path!.endsWith(ending)) continue;
      const answer = await fetch(world.server.url + path, { headers: { 'Accept-Encoding': 'gzip' } });
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      bytes += Number(answer.headers.get('content-length'));
    }
    return bytes;
  };
  const [scripts, styles] = [await compressed('.js'), await compressed('.css')];
  await page.reload();
  await isLive(page);
  expect(elsewhere).toEqual([]);
  // All that the first list needs is named in index.html, and fetched at once.
  expect(scripts).toBeGreaterThan(120_000);
  expect(scripts).toBeLessThanOrEqual(180_000);
  expect(styles).toBeGreaterThan(3_000);
  expect(styles).toBeLessThanOrEqual(25_000);
});

test('what the page did not bring along does not run, and is reported', async ({ world }) => {
  const page = await world.open();
  await isLive(page);
  const elsewhere = 'http://127.0.0.1:9/';
  await page.evaluate((other) => {
    const script = (make: (element: HTMLScriptElement) => void) => {
      const element = document.createElement('script');
      make(element);
      document.head.append(element);
    };
    script((element) => (element.textContent = 'window.attacked = "inline"'));
    script((element) => (element.src = `${other}evil.js`));
    document.body.insertAdjacentHTML('beforeend', `<button id="trap" onclick="window.attacked = 'handler'">x</button>`);
    document.body.insertAdjacentHTML('beforeend', `<img src="${other}pixel.png" alt=""><iframe src="${other}frame"></iframe>`);
    document.getElementById('trap')?.click();
    void fetch(`${other}beacon`).catch(() => undefined);
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    document.head.append(style);
  }, elsewhere);
  const reported = () => [...new Set(world.complaints.map((text) => text.split(' ').slice(0, 3).join(' ')))].sort();
  await expect
    .poll(reported)
    .toEqual(
      [
        `policy: connect-src ${elsewhere}beacon`,
        'policy: frame-src http://127.0.0.1:9',
        `policy: img-src ${elsewhere}pixel.png`,
        'policy: script-src-attr inline',
        'policy: script-src-elem inline',
        `policy: script-src-elem ${elsewhere}evil.js`,
        'policy: style-src-elem inline',
      ].sort(),
    );
  expect(await page.evaluate(() => (window as { attacked?: string }).attacked)).toBeUndefined();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  world.complaints.length = 0;
});

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing in any state, ${theme}`, async ({ world }) => {
    test.setTimeout(240_000);
    const id = await fill(world);
    const { url } = world.server;
    const page = await world.open();
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await isLive(page);
    const check = async (where: string) => {
      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
      expect.soft(violations.map(({ id: rule, nodes }) => `${where}: ${rule} ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)).toEqual([]);
    };
    const dialog = page.getByRole('dialog');
    await focusable(page, 'Pay rent').focus();
    for (const key of ['r', 'p', 't', 's']) {
      await page.keyboard.press(key);
      await dialog.waitFor();
      await check(`key ${key}`);
      await page.keyboard.press('Escape');
      await expect(dialog).toHaveCount(0);
    }
    await page.keyboard.press('e');
    await check('title');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Actions for “Pay rent”' }).click();
    await page.getByRole('menu').waitFor();
    await check('menu');
    await page.keyboard.press('Escape');
    await focusable(page, 'Pay rent').focus();
    await page.keyboard.press('Control+a');
    await check('selected');
    await page.keyboard.press('x');
    await page.getByText('3 tasks done.').first().waitFor();
    await check('done, with a toast');
    await page.keyboard.press('Control+z');
    for (const path of ['/todos?search=zebra', '/todos/999999', '/todos?status=all&sort=title']) {
      await page.goto(url + path);
      await isLive(page);
      await page.waitForLoadState('networkidle');
      await check(path);
    }
    await page.goto(`${url}/todos/${id}`);
    await page.getByRole('button', { name: /Change how it repeats$/ }).click();
    await page.getByRole('button', { name: 'Edit notes' }).click();
    await check('repeat and notes');
    await page.goto(`${url}/chat`);
    await page.getByRole('textbox', { name: 'Message' }).fill('move everything to saturday');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Move' }).waitFor();
    await check('question');
    await page.setViewportSize({ width: 320, height: 640 });
    for (const path of ['/todos', `/todos/${id}`, '/todos/999999', '/activity', '/chat', '/settings/profile']) {
      await page.goto(url + path);
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
      await page.waitForLoadState('networkidle');
      await check(`${path} at 320`);
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(320);
    }
  });
}
