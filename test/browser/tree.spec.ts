// What a screen reader has of each page, as it is stored in snapshots/: a change there is a change of the page for somebody.
// One that is deleted is written anew by the next run, which fails for it.
import type { Page } from '@playwright/test';
import { expect, isLive, ownServer, test as base } from './page';
import type { Server } from './server';

/** A server of its own, so that numbers are the same each time. */
const test = base.extend<object, { server: Server }>({ server: [ownServer, { scope: 'worker' }] });

const now = '2031-01-15T09:00:00Z'; // a Wednesday
const before = '2031-01-14T15:30:00Z';

async function fill(server: Server, token: string): Promise<number> {
  const call = <T>(method: string, path: string, body?: object) => server.call<T>(method, path, body, token);
  const make = (todo: object) => call<{ id: number }>('POST', '/api/todos', todo);
  const { id } = await make({ title: 'Pay rent', due_date: '2031-01-15T17:00:00Z', reminder_at: '2031-01-15T16:00:00Z', tags: ['home', 'money'], recurrence: { rule: 'monthly' }, description: '- **Bank**\n- [portal](https://example.org)' });
  await make({ title: 'File taxes', priority: 'high', due_date: '2031-01-12T09:00:00Z', tags: ['office'] });
  await make({ title: 'Renew passport', priority: 'low', due_date: '2031-02-20T22:59:00Z', all_day: true });
  await make({ title: 'Read', tags: ['home'] });
  await call('PATCH', `/api/todos/${id}`, { title: 'Pay the rent' });
  await call('POST', '/api/views', { name: 'Around the house', query: 'tag=home' });
  await call('POST', '/api/tokens', { name: 'Backup' });
  return id;
}

/** The page lives in 2031, and whatever the server did was done the day before. */
async function timeless(page: Page): Promise<void> {
  await page.clock.setFixedTime(now);
  await page.route(/\/api\//, async (route) => {
    if (route.request().method() !== 'GET') return route.continue();
    const response = await route.fetch();
    if (!/json/.test(response.headers()['content-type'] ?? '')) return route.fulfill({ response });
    return route.fulfill({ response, body: (await response.text()).replace(/"20(2\d|30)-\d\d-\d\dT[\d:.]+Z"/g, `"${before}"`) });
  });
}

/** Of the four hundred zones the chosen one. */
const shorten = (page: Page) =>
  page.locator('select').evaluateAll((all) => {
    for (const select of all as HTMLSelectElement[]) if (select.length > 20) for (const option of [...select.options]) if (!option.selected) option.remove();
  });

test('the accessibility tree of each page', async ({ world }) => {
  test.setTimeout(180_000);
  const { server, account } = world;
  const page = await world.open();
  await timeless(page);
  const id = await fill(server, account.token);
  const shows = async (name: string, where = page.getByRole('main')) => expect.soft(where, name).toMatchAriaSnapshot({ name: `${name}.aria.yml` });
  const visit = async (path: string) => {
    await page.goto(server.url + path);
    await isLive(page);
    await page.waitForLoadState('networkidle');
  };
  await visit('/todos');
  await page.getByRole('button', { name: 'No, thanks' }).click();
  await shows('tasks', page.locator('body'));
  await page.getByRole('button', { name: 'Actions for “Pay the rent”' }).click();
  await shows('task-menu', page.getByRole('menu'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('q');
  await page.keyboard.type('Call Bob feb 30 every month !high #home');
  await page.getByRole('dialog').getByText('monthly').waitFor();
  await page.getByRole('dialog').getByText('does not exist').waitFor();
  await shows('add', page.getByRole('dialog'));
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await shows('help', page.getByRole('dialog'));
  await page.keyboard.press('Escape');
  await visit(`/todos/${id}`);
  await page.getByRole('region', { name: 'History' }).getByRole('listitem').first().waitFor();
  await shows('task', page.getByRole('region', { name: 'Pay the rent' }));
  await visit('/todos/999999');
  await page.getByText('There is no such task here.').waitFor();
  await shows('task-missing', page.getByRole('region', { name: 'Task' }).last());
  await visit('/todos?tag=home&search=zebra');
  await shows('tasks-nothing');
  await visit('/activity');
  await page.getByRole('button', { name: 'Put it back' }).first().waitFor();
  await shows('activity');
  await visit('/chat');
  await page.getByRole('textbox', { name: 'Message' }).fill('move everything tagged home to 2031-03-01');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Move' }).waitFor();
  await shows('chat');
  for (const part of ['profile', 'time', 'look', 'notifications', 'sessions', 'tokens', 'data', 'account']) {
    await visit(`/settings/${part}`);
    await shorten(page);
    await shows(`settings-${part}`);
  }
  await visit('/nowhere');
  await shows('nowhere');
  await page.getByRole('button', { name: 'Account of Ana' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor();
  for (const door of ['sign-in', 'sign-up']) {
    await page.goto(`${server.url}/${door}`);
    await page.getByLabel('Email').waitFor();
    await shows(door, page.locator('body'));
  }
});
