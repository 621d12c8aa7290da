import { expect, isLive, test } from './page';

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
