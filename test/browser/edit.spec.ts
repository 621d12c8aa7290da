// Editing: repeats, many tasks at once, the way back, saved views.
import { expect, focusable, isLive, row, test, type World } from './page';

interface Todo {
  id: number;
  title: string;
  status: string;
  tags: string[];
  due_date: string | null;
  recurrence: { rule?: string; rrule?: string; interval?: number } | null;
}
const make = ({ server, account }: World, todo: object) => server.call<Todo>('POST', '/api/todos', todo, account.token);
const list = async ({ server, account }: World) => (await server.call<{ items: Todo[] }>('GET', '/api/todos?limit=100&status=all', undefined, account.token)).items;

test('a repeat is made in words, with the next five dates, and changes them', async ({ world }) => {
  const { id } = await make(world, { title: 'Pay rent', due_date: '2031-01-31T09:00:00+01:00' });
  const page = await world.open();
  await page.goto(`${world.server.url}/todos/${id}`);
  await isLive(page);
  await page.getByRole('button', { name: 'None Change how it repeats' }).click();
  const form = page.locator('form').filter({ has: page.getByRole('spinbutton', { name: 'How many' }) });
  await form.getByRole('combobox', { name: 'Repeats' }).selectOption('monthly');
  const dates = form.getByRole('listitem');
  await expect(dates).toHaveCount(5);
  await expect(dates.first()).toContainText('28 Feb');
  await form.getByRole('spinbutton', { name: 'How many' }).fill('2');
  await expect(dates.first()).toContainText('31 Mar');
  await form.getByRole('combobox', { name: 'Repeats' }).selectOption('weekly');
  await form.getByRole('checkbox', { name: 'Tuesday' }).check({ force: true });
  await expect(form.getByText('every 2 weeks on Tuesday')).toBeVisible();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await list(world))[0]!.recurrence).toMatchObject({ rule: 'weekly', interval: 2 });
  await expect(page.getByRole('button', { name: /^every 2 weeks on Tuesday/ })).toBeVisible();
});

test('many tasks are tagged, moved, completed and deleted at once, and put back', async ({ world }) => {
  for (const title of ['One', 'Two', 'Three']) await make(world, { title });
  const page = await world.open();
  await isLive(page);
  await expect(row(page, 'Three')).toBeVisible();
  await page.keyboard.press('Control+a');
  const bar = page.getByRole('toolbar', { name: 'Selected tasks' });
  await expect(bar.getByText('3 selected')).toBeVisible();
  await bar.getByRole('button', { name: 'Tag' }).click();
  await page.getByRole('dialog', { name: 'Tags' }).getByRole('combobox').or(page.getByRole('dialog', { name: 'Tags' }).getByRole('textbox')).first().fill('errand');
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await list(world)).every(({ tags }) => tags.includes('errand'))).toBe(true);
  await page.keyboard.press('Escape');
  // What says so does not lie on what comes next.
  const [toast, below] = [await page.getByRole('group', { name: '3 tasks tagged #errand.' }).boundingBox(), await bar.boundingBox()];
  expect(toast!.y + toast!.height).toBeLessThanOrEqual(below!.y);
  await bar.getByRole('button', { name: 'Date' }).click();
  await page.getByRole('dialog', { name: 'Due' }).getByRole('button', { name: 'Tomorrow' }).click();
  await expect.poll(async () => (await list(world)).every(({ due_date }) => due_date !== null)).toBe(true);
  await bar.getByRole('button', { name: 'Complete' }).click();
  await expect.poll(async () => (await list(world)).every(({ status }) => status === 'completed')).toBe(true);
  const back = page.getByRole('button', { name: 'Undo' });
  await expect(page.getByText('3 tasks done.').first()).toBeVisible();
  await back.click();
  await expect.poll(async () => (await list(world)).every(({ status }) => status === 'active')).toBe(true);

  await focusable(page, 'One').focus();
  await page.keyboard.press('Control+a');
  await bar.getByRole('button', { name: 'Delete' }).click();
  await expect(row(page, 'One')).toHaveCount(0);
  await expect.poll(async () => (await list(world)).length).toBe(0);
  await page.keyboard.press('Control+z');
  for (const title of ['One', 'Two', 'Three']) await expect(row(page, title)).toContainText('#errand');
  await expect.poll(async () => (await list(world)).length).toBe(3);
  // Further back: the date, too.
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect.poll(async () => (await list(world)).every(({ due_date, status }) => due_date === null || status === 'completed')).toBe(true);
});

test('any change of a task is put back from its history, a deletion too', async ({ world }) => {
  const { server, account } = world;
  const { id } = await make(world, { title: 'Pay rent', tags: ['home'] });
  await server.call('PATCH', `/api/todos/${id}`, { title: 'Pay the rent' }, account.token);
  const page = await world.open();
  await page.goto(`${server.url}/todos/${id}`);
  await isLive(page);
  const history = page.getByRole('region', { name: 'History' });
  await expect(history.getByText('Title: Pay rent → Pay the rent')).toBeVisible();
  await history.getByRole('button', { name: 'Put it back' }).first().click();
  await expect(page.getByRole('textbox', { name: 'Title', exact: true })).toHaveValue('Pay rent');
  await server.call('DELETE', `/api/todos/${id}`, undefined, account.token);
  await expect(page.getByText(/^This task was deleted today/)).toBeVisible();
  await page.getByRole('button', { name: 'Put the task back' }).click();
  await expect(page.getByRole('textbox', { name: 'Title', exact: true })).toHaveValue('Pay rent');
  await page.goto(`${server.url}/todos/999999`);
  await expect(page.getByText('There is no such task here.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Put the task back' })).toHaveCount(0);
});

test('a view is saved, opened, bookmarked and removed', async ({ world }) => {
  await make(world, { title: 'Pay rent', priority: 'high', tags: ['home'] });
  await make(world, { title: 'Read', tags: ['books'] });
  const page = await world.open();
  await isLive(page);
  await page.getByRole('combobox', { name: 'Priority' }).selectOption('high');
  await expect(row(page, 'Read')).toHaveCount(0);
  await page.getByRole('button', { name: 'Save this view' }).click();
  await page.getByRole('textbox', { name: 'Name of the view' }).fill('Important');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(row(page, 'Read')).toBeVisible();
  await page.getByRole('link', { name: 'Important' }).click();
  await expect(page).toHaveURL(/priority=high/);
  await expect(row(page, 'Read')).toHaveCount(0);
  await page.goBack();
  await expect(row(page, 'Read')).toBeVisible();
  await page.getByRole('button', { name: 'Delete view “Important”' }).click();
  await expect(page.getByRole('link', { name: 'Important' })).toHaveCount(0);
});

test('a key acts on every marked row, and one undo takes it back', async ({ world }) => {
  for (const title of ['One', 'Two', 'Three']) await make(world, { title, due_date: '2031-01-31T09:00:00+01:00' });
  await make(world, { title: 'Not marked', due_date: '2031-01-31T09:00:00+01:00' });
  const page = await world.open();
  await isLive(page);
  await focusable(page, 'One').focus();
  await page.keyboard.press('m');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByText('3 selected')).toBeVisible();
  type Full = Todo & { priority: string; reminder_at: string | null };
  const all = async () => (await list(world)) as Full[];
  const marked = async () => (await all()).filter(({ title }) => title !== 'Not marked');
  const before = JSON.stringify((await all()).map(({ title, due_date, priority, tags, reminder_at, status }) => ({ title, due_date, priority, tags, reminder_at, status })));
  const isBack = async () => {
    await page.keyboard.press('Control+z');
    await expect
      .poll(async () => JSON.stringify((await all()).map(({ title, due_date, priority, tags, reminder_at, status }) => ({ title, due_date, priority, tags, reminder_at, status }))))
      .toBe(before);
  };
  const changes = async (keys: readonly string[], field: keyof Full, value: unknown, said: string) => {
    for (const key of keys) {
      if (key.length > 1 && !/^[A-Z]/.test(key)) await page.keyboard.type(key);
      else await page.keyboard.press(key);
      if (key.length === 1 && !/\d/.test(key) && key !== 'x') await page.getByRole('dialog').waitFor();
    }
    await expect(page.getByText(said).first()).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect.poll(async () => (await marked()).map((todo) => todo[field])).toEqual([value, value, value]);
    const [other] = (await all()).filter(({ title }) => title === 'Not marked');
    expect(other![field]).not.toEqual(value);
    await isBack();
  };
  await changes(['p', '1'], 'priority', 'high', '3 tasks changed.');
  await changes(['d', '2031-03-05 17:00', 'Enter'], 'due_date', '2031-03-05T16:00:00Z', '3 tasks moved to 5 Mar 2031 17:00.');
  await changes(['t', 'errand', 'Enter', 'Escape'], 'tags', ['errand'], '3 tasks tagged #errand.');
  await changes(['r', 'Tab', 'Tab', 'Enter'], 'reminder_at', '2031-01-31T07:00:00Z', '3 tasks changed.');
  await changes(['x'], 'status', 'completed', '3 tasks done.');
  await page.keyboard.press('s');
  await page.getByRole('dialog', { name: 'Snooze' }).getByRole('button', { name: '1 hour' }).click();
  await expect.poll(async () => (await marked()).every(({ reminder_at }) => reminder_at !== null)).toBe(true);
  await isBack();
  await page.keyboard.press('Delete');
  await expect.poll(async () => (await all()).map(({ title }) => title)).toEqual(['Not marked']);
  await page.keyboard.press('Control+z');
  await expect.poll(async () => (await all()).length).toBe(4);
});

test('a task that takes the place of the list gives it back as it was', async ({ world }) => {
  for (let n = 10; n < 50; n += 1) await make(world, { title: `Task ${n}`, tags: n % 3 === 0 ? ['home', 'garden'] : [] });
  const page = await world.open();
  await isLive(page);
  await page.setViewportSize({ width: 390, height: 700 });
  await expect(page.getByText('40 tasks')).toBeVisible();
  await focusable(page, 'Task 10').focus();
  await page.keyboard.press('End');
  await expect(focusable(page, 'Task 49')).toBeFocused();
  for (let n = 0; n < 9; n += 1) await page.keyboard.press('k');
  await expect(focusable(page, 'Task 40')).toBeFocused();
  const offset = () => page.getByRole('list', { name: 'Task list' }).evaluate((list) => list.parentElement!.scrollTop);
  const before = await offset();
  expect(before).toBeGreaterThan(500);
  await page.keyboard.press('Enter');
  await page.getByRole('textbox', { name: 'Title', exact: true }).waitFor();
  await expect(page.getByRole('list', { name: 'Task list' })).toHaveCount(0);
  await page.goBack();
  await expect(focusable(page, 'Task 40')).toBeFocused();
  expect(Math.abs((await offset()) - before)).toBeLessThan(4);
  await expect(focusable(page, 'Task 40')).toBeInViewport();
});

test('the shortcut of the installed page opens the box', async ({ world }) => {
  const page = await world.open();
  await page.goto(`${world.server.url}/todos?add=1`);
  await page.getByRole('dialog', { name: 'New task' }).waitFor();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});
