// What others change does not move the rows under a pointer or a focus.
import type { Page } from '@playwright/test';
import { expect, focusable, isLive, row, test, type World } from './page';

interface Todo {
  id: number;
}
const due = (n: number) => ({ due_date: `2031-01-${String(n).padStart(2, '0')}T09:00:00Z` });
const make = ({ server, account }: World, title: string, day: number) => server.call<Todo>('POST', '/api/todos', { title, ...due(day) }, account.token);
const patch = ({ server, account }: World, { id }: Todo, set: object) => server.call('PATCH', `/api/todos/${id}`, set, account.token);
const order = (page: Page) => page.locator('[data-row]').evaluateAll((rows) => rows.map((one) => one.getAttribute('aria-label')));
const placeOf = async (page: Page, title: string) => (await focusable(page, title).boundingBox())!.y;

test('the order of the rows stands until the pointer leaves them', async ({ world }) => {
  const [alpha] = [await make(world, 'Alpha', 1), await make(world, 'Bravo', 2), await make(world, 'Charlie', 3), await make(world, 'Delta', 4)];
  const [page, other] = [await world.open(), await world.open()];
  for (const one of [page, other]) {
    await isLive(one);
    await expect(row(one, 'Delta')).toBeVisible();
  }
  const box = (await focusable(page, 'Bravo').boundingBox())!;
  let moves = 0;
  const hovering = setInterval(() => void page.mouse.move(box.x + 300 + (moves += 1) % 2, box.y + 20).catch(() => undefined), 400);
  await page.mouse.move(box.x + 300, box.y + 20);

  await patch(world, alpha, { title: 'Alpha and more', ...due(20) });
  await focusable(other, 'Charlie').focus();
  await other.keyboard.press('Delete');
  await make(world, 'Zulu', 1);
  // The content changes at once.
  await expect(focusable(page, 'Alpha and more')).toContainText('20 Jan');
  await expect(focusable(page, 'Charlie')).toContainText('deleted elsewhere');
  await expect(focusable(page, 'Charlie').getByRole('button')).toHaveCount(0);
  await expect(row(other, 'Zulu')).toBeVisible();
  await page.waitForTimeout(4000);
  expect(await order(page)).toEqual(['Alpha and more', 'Bravo', 'Charlie', 'Delta']);
  expect(await placeOf(page, 'Bravo')).toBe(box.y);

  // What the user does to a task is not waited for: it stands where it belongs.
  await page.getByRole('checkbox', { name: 'Complete “Alpha and more”' }).click();
  await expect.poll(() => order(page)).toEqual(['Bravo', 'Charlie', 'Delta', 'Alpha and more']);

  clearInterval(hovering);
  await page.mouse.move(700, 30);
  await expect.poll(() => order(page)).toEqual(['Zulu', 'Bravo', 'Delta', 'Alpha and more']);
});

test('nobody is waited for who rests, and focus and scroll stay where they are', async ({ world }) => {
  for (let n = 10; n < 50; n += 1) await make(world, `Task ${n}`, 15);
  const page = await world.open();
  await isLive(page);
  await expect(page.getByText('40 tasks')).toBeVisible();
  await focusable(page, 'Task 10').focus();
  await page.keyboard.press('End');
  await expect(focusable(page, 'Task 49')).toBeFocused();
  for (let n = 0; n < 5; n += 1) await page.keyboard.press('k');
  await expect(focusable(page, 'Task 44')).toBeFocused();
  const before = await placeOf(page, 'Task 44');
  await make(world, 'Before all others', 1);
  await page.keyboard.press('ArrowRight');
  await page.waitForTimeout(2000);
  await expect(page.getByText('40 tasks')).toBeVisible();
  await expect(page.getByText('41 tasks')).toBeVisible();
  await expect(focusable(page, 'Task 44')).toBeFocused();
  expect(Math.abs((await placeOf(page, 'Task 44')) - before)).toBeLessThan(2);
  await page.keyboard.press('Home');
  await expect(focusable(page, 'Before all others')).toBeFocused();
});
