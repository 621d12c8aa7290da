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

test('a line typed offline is read when the network is back, as of when it was typed', async ({ world }) => {
  const { server, account } = world;
  const page = await world.open();
  await isLive(page);
  await isKept(page);
  await page.context().setOffline(true);
  await expect(page.getByText(/^Offline\. /)).toBeVisible();
  await page.keyboard.press('q');
  await page.keyboard.type('Buy milk tomorrow 9am !high #home');
  await expect(page.getByText('Offline: saved as it stands, and read when you are back.')).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.type('Pay feb 30');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: 'New task' })).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(row(page, 'Buy milk tomorrow 9am !high #home')).toBeVisible();
  await page.context().setOffline(false);
  await expect(row(page, 'Buy milk')).toContainText('#home', { timeout: 40_000 });
  await expect(row(page, 'Buy milk')).toContainText('tomorrow');
  // What is no line stays a title.
  await expect(row(page, 'Pay feb 30')).toBeVisible();
  const { items } = await server.call<{ items: { title: string; priority: string }[] }>('GET', '/api/todos', undefined, account.token);
  expect(items.map(({ title, priority }) => `${title} ${priority}`).sort()).toEqual(['Buy milk high', 'Pay feb 30 medium']);
});

test('a change that is refused is taken back with its reason in words, and a new task goes back into the box', async ({ world }) => {
  const { server, account } = world;
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Pay rent', due_date: '2031-01-31T09:00:00Z', reminder_at: '2031-01-31T08:00:00Z' }, account.token);
  const page = await world.open();
  await isLive(page);
  // As a server does whose rules are newer than the page's.
  const refuse = { status: 422, json: { type: '/api/docs#problem-invalid', title: 'Invalid', status: 422, detail: 'x', errors: [{ field: 'reminder_at', message: 'must not be after due_date' }] } };
  await page.route(/\/api\/todos(\/\d+)?$/, (route) => (['PATCH', 'POST'].includes(route.request().method()) ? route.fulfill(refuse) : route.continue()));
  await focusable(page, 'Pay rent').focus();
  await page.keyboard.press('p');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('1');
  const banner = page.getByRole('alert').filter({ hasText: 'was not saved' });
  await expect(banner).toContainText('“Pay rent” was not saved: the reminder must not be after the due time.');
  await expect(row(page, 'Pay rent')).not.toContainText('High');
  await banner.getByRole('button', { name: 'Close' }).click();
  await page.keyboard.press('q');
  const field = page.getByRole('textbox', { name: 'New task' });
  await field.fill('Water the ferns');
  await page.keyboard.press('Enter');
  await expect(field).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(banner).toContainText('Water the ferns');
  await expect(row(page, 'Water the ferns')).toHaveCount(0);
  await banner.getByRole('button', { name: 'Edit and add again' }).click();
  await expect(field).toHaveValue('Water the ferns');
  await expect(banner).toHaveCount(0);
  expect((await server.call<{ priority: string }>('GET', `/api/todos/${id}`, undefined, account.token)).priority).toBe('medium');
});

test('a refused edit of a title or of notes is a draft again, which survives the tab and is offered', async ({ world }) => {
  const { server, account } = world;
  const { id } = await server.call<{ id: number }>('POST', '/api/todos', { title: 'Pay rent' }, account.token);
  let page = await world.open();
  const context = page.context();
  await isLive(page);
  const refuse = { status: 422, json: { type: '/api/docs#problem-invalid', title: 'Invalid', status: 422, detail: 'x', errors: [{ field: 'title', message: 'must not be so' }] } };
  await context.route(/\/api\/todos\/\d+$/, (route) => (route.request().method() === 'PATCH' ? route.fulfill(refuse) : route.continue()));
  await focusable(page, 'Pay rent').focus();
  await page.keyboard.press('e');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Pay the rent');
  await page.keyboard.press('Enter');
  const banner = page.getByRole('alert').filter({ hasText: 'was not saved' });
  await expect(banner).toContainText('Your text is still here.');
  await expect(row(page, 'Pay rent')).toBeVisible();
  await banner.getByRole('button', { name: 'Edit it' }).click();
  const title = page.getByRole('textbox', { name: 'Title', exact: true });
  await expect(title).toHaveValue('Pay the rent');
  await page.getByRole('button', { name: 'Add notes' }).click();
  const notes = page.getByRole('textbox', { name: 'Notes' });
  await notes.fill('By *noon*');
  await notes.press('Control+Enter');
  await expect(banner).toContainText('Your text is still here.');
  await expect(page.getByRole('region', { name: 'Notes' }).getByText('Not saved; your text is kept.')).toBeVisible();
  await page.keyboard.press('q');
  await page.getByRole('textbox', { name: 'New task' }).fill('Half a line');
  await page.close();

  await context.unroute(/\/api\/todos\/\d+$/);
  page = await context.newPage();
  await page.goto(`${server.url}/todos/${id}`);
  await isLive(page);
  const again = page.getByRole('textbox', { name: 'Title', exact: true });
  await expect(again).toHaveValue('Pay the rent');
  await page.getByRole('button', { name: 'Add notes' }).click();
  await expect(page.getByRole('textbox', { name: 'Notes' })).toHaveValue('By *noon*');
  await page.getByRole('textbox', { name: 'Notes' }).press('Control+Enter');
  await again.press('Enter');
  await expect.poll(() => server.call('GET', `/api/todos/${id}`, undefined, account.token)).toMatchObject({ title: 'Pay the rent', description: 'By *noon*' });
  await expect(page.getByText('Not saved; your text is kept.')).toHaveCount(0);
  // Escape leaves the text where it was typed.
  await again.fill('Pay no rent');
  await again.press('Escape');
  await expect(page.getByText('Not saved; your text is kept.')).toBeVisible();
  await page.getByRole('button', { name: 'Discard it' }).click();
  await expect(again).toHaveValue('Pay the rent');

  await page.getByRole('button', { name: 'Add task' }).click();
  await expect(page.getByRole('textbox', { name: 'New task' })).toHaveValue('Half a line');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Account of Ana' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByLabel('Email').waitFor();
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
  expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain('Half');
});
