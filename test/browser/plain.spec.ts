// A server on the local network, by plain HTTP: browsers then withhold locks, service workers and more.
import { chromium } from '@playwright/test';
import { expect, isLive, signIn, test } from './page';

test('by plain HTTP from another host the page works, live in two tabs', async ({ server }) => {
  const account = await server.account();
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--host-resolver-rules=MAP carillon.test 127.0.0.1'] });
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  const url = server.url.replace('127.0.0.1', 'carillon.test');
  const first = await context.newPage();
  await signIn(first, url, account);
  expect(await first.evaluate(() => isSecureContext)).toBe(false);
  await isLive(first);
  const second = await context.newPage();
  await second.goto(`${url}/todos`);
  await isLive(second);
  await first.keyboard.press('q');
  await first.keyboard.type('Water the ferns tomorrow 9am');
  await first.keyboard.press('Enter');
  await expect(second.getByText('Water the ferns')).toBeVisible();
  await second.getByRole('checkbox', { name: /Water the ferns/ }).click();
  const tasks = () => server.call<{ items: { title: string; status: string }[] }>('GET', '/api/todos', undefined, account.token);
  await expect.poll(async () => (await tasks()).items.map(({ title, status }) => [title, status])).toEqual([['Water the ferns', 'completed']]);
  await browser.close();
});
