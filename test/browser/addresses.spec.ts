// What stands in an address: filters of the log, and addresses that are nobody's.
import { expect, isKept, isLive, row, test } from './page';

test('the filters of the log are in the address: back takes one away, and a link shows the same', async ({ world }) => {
  const { server, account } = world;
  const make = (title: string) => server.call<{ id: number }>('POST', '/api/todos', { title }, account.token);
  const [rent] = [await make('Pay rent'), await make('Read')];
  await server.call('POST', `/api/todos/${rent.id}/complete`, undefined, account.token);
  const page = await world.open();
  await page.goto(`${server.url}/activity`);
  await isLive(page);
  const entries = (on = page) => on.getByRole('main').getByRole('listitem').filter({ has: on.getByRole('link') });
  await expect(entries()).toHaveCount(3);
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('Created');
  await expect(entries()).toHaveCount(2);
  await expect(page).toHaveURL(/\?kind=task\.created$/);
  await page.getByRole('textbox', { name: 'Task number' }).pressSequentially(String(rent.id));
  await expect(entries()).toHaveCount(1);
  const link = page.url();
  const other = await world.open();
  await other.goto(link);
  await expect(entries(other)).toHaveCount(1);
  await expect(other.getByRole('combobox', { name: 'Kind' })).toHaveValue('task.created');
  await expect(other.getByRole('textbox', { name: 'Task number' })).toHaveValue(String(rent.id));
  await page.goBack();
  await expect(entries()).toHaveCount(2);
  await expect(page.getByRole('textbox', { name: 'Task number' })).toHaveValue('');
  await page.goBack();
  await expect(entries()).toHaveCount(3);
  await page.goForward();
  await expect(entries()).toHaveCount(2);
  await page.getByLabel('From').fill('2031-01-01');
  await expect(entries()).toHaveCount(0);
  await expect(page).toHaveURL(/from=2031-01-01/);
});

test('an address that is nobody’s says so, with the way back, and is a 404', async ({ world }) => {
  const { server, account } = world;
  await server.call('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  const page = await world.open();
  await isLive(page);
  await isKept(page);
  for (const path of ['/nowhere', '/todos/7/more']) {
    const answer = await page.goto(server.url + path);
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole('main').getByText('There is no such page.')).toBeVisible();
    await expect(page).toHaveTitle('Not found · Carillon');
    await isLive(page);
  }
  await page.getByRole('link', { name: 'Back to Tasks' }).click();
  await expect(row(page, 'Pay rent')).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/todos`);
});
