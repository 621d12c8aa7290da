// Talking to the list, and what the page makes of the answers.
import { expect, isLive, row, test, type World } from './page';

const make = ({ server, account }: World, todo: object) => server.call<{ id: number }>('POST', '/api/todos', todo, account.token);

test('many tasks are moved by a question that says what will happen, and put back by its Undo', async ({ world }) => {
  for (const title of ['Pay rent', 'Water ferns', 'Call plumber']) await make(world, { title, tags: ['home'] });
  const [page, list] = [await world.open(), await world.open()];
  await isLive(list);
  await page.goto(`${world.server.url}/chat`);
  await isLive(page);
  const log = page.getByRole('log');
  await page.getByRole('button', { name: 'move everything tagged home to saturday' }).click();
  await expect(log.getByText(/^3 tasks move to Sat \d+ \w+:$/)).toBeVisible();
  await expect(log.getByRole('listitem')).toHaveCount(3);
  await log.getByRole('button', { name: 'No', exact: true }).click();
  await expect(log.getByText('Nothing was changed.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Message' }).fill('move everything tagged home to saturday');
  await page.keyboard.press('Enter');
  await log.getByRole('button', { name: 'Move' }).click();
  await expect(log.getByText(/^Done, 3 moved to Sat \d+ \w+\.$/)).toBeVisible();
  // Live in the other browser.
  await expect(row(list, 'Pay rent').locator('time')).toBeVisible();
  await log.getByRole('button', { name: 'Undo' }).click();
  await expect(log.getByText('Done, 3 put back.')).toBeVisible();
  await expect(row(list, 'Pay rent').locator('time')).toHaveCount(0);
});

test('several that fit are asked about, and what it cannot do it says', async ({ world }) => {
  for (const title of ['Buy milk', 'Buy bread']) await make(world, { title });
  const page = await world.open();
  await page.goto(`${world.server.url}/chat`);
  await isLive(page);
  const log = page.getByRole('log');
  const say = async (text: string) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.keyboard.press('Enter');
  };
  await say('complete buy');
  await expect(log.getByText('2 tasks match. Which one?')).toBeVisible();
  await log.getByRole('button', { name: '2' }).click();
  await expect(log.getByText('"Buy bread" done.')).toBeVisible();
  await expect(log.getByRole('checkbox', { name: 'Reopen “Buy bread”' }).first()).toBeChecked();
  await say('order a pizza');
  await expect(log.getByText('I did not understand that; say "help" for what I can do.')).toBeVisible();
  // No answer: said in so many words, and what was typed is not lost.
  await page.route('**/api/chat', (route) => route.abort());
  await say('what is late?');
  await expect(log.getByText('I could not do that: the server does not answer.')).toBeVisible();
});

test('what takes long says so and can be stopped', async ({ world }) => {
  const page = await world.open();
  await page.goto(`${world.server.url}/chat`);
  await isLive(page);
  let answer = () => {};
  const held = new Promise<void>((done) => (answer = done));
  await page.route('**/api/chat', async (route) => {
    await held;
    await route.abort();
  });
  await page.getByRole('textbox', { name: 'Message' }).fill('what is late?');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Thinking…')).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText('Thinking…')).toHaveCount(0);
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('what is late?');
  answer();
});
