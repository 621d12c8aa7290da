// Ten thousand tasks: only what is in sight is drawn.
import { expect, isLive, row, test } from './page';

const many = 10_000;

test('ten thousand tasks are scrolled, filtered and selected', async ({ world }) => {
  test.setTimeout(240_000);
  const { server, account } = world;
  const lines = Array.from({ length: many }, (_, n) => `- [ ] Task ${n + 1} of the long list`).join('\n');
  const answer = await fetch(`${server.url}/api/import?file_name=many.md`, {
    method: 'POST',
    headers: { 'Content-Type': 'text/markdown', Authorization: `Bearer ${account.token}` },
    body: lines,
  });
  expect(answer.status).toBe(200);
  const page = await world.open();
  await isLive(page);
  await expect(page.getByText('10,000 tasks', { exact: true })).toBeVisible({ timeout: 120_000 });
  const total = page.locator('main header');
  const items = page.getByRole('list', { name: 'Task list' }).getByRole('listitem');
  const drawn = async () => {
    const count = await items.count();
    expect(count).toBeGreaterThan(5);
    expect(count).toBeLessThan(80);
  };
  await drawn();
  // To the end and back by keyboard, with the focus in sight.
  await expect(row(page, 'Task 1 of the long list')).toHaveAttribute('aria-setsize', '10000'); // they come by and by
  await row(page, 'Task 1 of the long list').getByRole('group').focus();
  await page.keyboard.press('End');
  await expect(row(page, 'Task 10000 of the long list').getByRole('group')).toBeFocused();
  await expect(row(page, 'Task 10000 of the long list')).toHaveAttribute('aria-posinset', '10000');
  await expect(row(page, 'Task 10000 of the long list')).toHaveAttribute('aria-setsize', '10000');
  await drawn();
  await page.keyboard.press('Home');
  await expect(row(page, 'Task 1 of the long list').getByRole('group')).toBeFocused();
  await page.mouse.move(700, 500);
  await page.mouse.wheel(0, 200_000);
  // The row with the focus keeps it, out of sight; the next one is not drawn any more.
  await expect(row(page, 'Task 2 of the long list')).toHaveCount(0);
  await expect(row(page, 'Task 1 of the long list').getByRole('group')).toBeFocused();
  await drawn();

  await page.keyboard.press('/');
  await page.keyboard.type('7777');
  await expect(total).toContainText('1 task');
  await expect(row(page, 'Task 7777 of the long list')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect(total).toContainText('10,000 tasks');
  await page.keyboard.press('Control+a');
  await expect(page.getByText('10,000 selected')).toBeVisible();
  await drawn();
  // As many as that are asked about.
  await page.getByRole('toolbar', { name: 'Selected tasks' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete 10,000 tasks?' }).getByRole('button', { name: 'Cancel' }).click();
  await expect(total).toContainText('10,000 tasks');
});
