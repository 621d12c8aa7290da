// What a user typed or did is never lost without a word.
import { expect, focusable, isKept, isLive, row, test } from './page';
import { password } from './server';

test('signing out with changes that wait asks first', async ({ world }) => {
  const { server, account } = world;
  await server.call('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  const page = await world.open();
  await isLive(page);
  await isKept(page);
  await page.context().setOffline(true);
  await expect(page.getByText(/^Offline\. /)).toBeVisible();
  await row(page, 'Pay rent').getByRole('checkbox').click();
  const leave = async () => {
    await page.getByRole('button', { name: 'Account of Ana' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
  };
  await leave();
  const question = page.getByRole('dialog', { name: '1 change is not sent yet.' });
  await question.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(question).toHaveCount(0);
  await expect(row(page, 'Pay rent')).toBeVisible();
  await leave();
  await expect(question).toBeVisible();
  // Sent meanwhile: nothing to ask about any more.
  await page.context().setOffline(false);
  await page.getByLabel('Email').waitFor({ timeout: 60_000 });
  const { items } = await server.call<{ items: { status: string }[] }>('GET', '/api/todos?status=completed', undefined, account.token);
  expect(items).toHaveLength(1);
});

test('after the session ended the user is back with what was typed', async ({ world }) => {
  const { server, account } = world;
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  const page = await world.open();
  await isLive(page);
  const end = async () => {
    const { items } = await server.call<{ items: { id: string; current: boolean }[] }>('GET', '/api/auth/sessions', undefined, account.token);
    for (const session of items.filter(({ current }) => !current)) await server.call('DELETE', `/api/auth/sessions/${session.id}`, undefined, account.token);
  };
  const again = async () => {
    await expect(page.getByText('Please sign in again. What you typed is kept.')).toBeVisible({ timeout: 60_000 });
    await page.getByLabel('Email').fill(account.email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  await page.goto(`${server.url}/todos/${id}`);
  await isLive(page);
  const title = page.getByRole('textbox', { name: 'Title', exact: true });
  await title.fill('Pay the rent');
  await end();
  await again();
  await expect(page).toHaveURL(`${server.url}/todos/${id}`);
  await expect(title).toHaveValue('Pay the rent');
  await title.press('Enter');
  await expect.poll(async () => (await server.call<{ title: string }>('GET', `/api/todos/${id}`, undefined, account.token)).title).toBe('Pay the rent');

  await page.goto(`${server.url}/chat`);
  await isLive(page);
  await page.getByRole('textbox', { name: 'Message' }).fill('what is late');
  await page.getByRole('textbox', { name: 'Message' }).press('End');
  await end();
  await again();
  await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('what is late');
});

test('what is typed right after q is in the box, and the talk is there after looking at a task', async ({ world }) => {
  await world.server.call('POST', '/api/todos', { title: 'Pay rent' }, world.account.token);
  const page = await world.open();
  await isLive(page);
  await page.keyboard.type('qOrder the books friday');
  const field = page.getByRole('textbox', { name: 'New task' });
  await expect(field).toHaveValue('Order the books friday');
  await page.keyboard.press('Escape');
  await page.keyboard.press('q');
  await expect(field).toHaveValue('Order the books friday');
  await page.keyboard.type(' 5pm');
  await expect(field).toHaveValue('Order the books friday 5pm');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(focusable(page, 'Order the books')).toBeVisible();

  await page.goto(`${world.server.url}/chat`);
  await page.getByRole('textbox', { name: 'Message' }).fill('complete the rent one');
  await page.keyboard.press('Enter');
  const log = page.getByRole('log');
  await expect(log.getByRole('link', { name: 'Pay rent' })).toBeVisible();
  await log.getByRole('link', { name: 'Pay rent' }).click();
  await page.getByRole('textbox', { name: 'Title', exact: true }).waitFor();
  await page.goBack();
  await expect(log.getByText('complete the rent one')).toBeVisible();
});

test('an entry of the activity proves itself, or says that it is not sealed yet', async ({ world }) => {
  const { server, account } = world;
  await server.call('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  const page = await world.open();
  await page.goto(`${server.url}/activity`);
  const button = page.getByRole('button', { name: /^Proof of entry/ });
  await expect(async () => {
    await page.reload();
    await button.click();
    await expect(page.getByText('Proved: sealed in a log of')).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 60_000 });
  // One flipped bit, and the browser does not believe the server.
  await page.route('**/api/audit/*/proof', async (route) => {
    const response = await route.fetch();
    const proof = (await response.json()) as { leaf: string };
    await route.fulfill({ response, json: { ...proof, leaf: (proof.leaf.startsWith('A') ? 'B' : 'A') + proof.leaf.slice(1) } });
  });
  await page.reload();
  await button.click();
  await expect(page.getByText('The proof does not hold')).toBeVisible();
});
