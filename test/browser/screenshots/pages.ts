// Every page at three widths into docs/images, for people to read; lossless, and in more sizes and themes, into
// build/screenshots, for people to judge.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { isLive, test } from '../page';
import { fill } from './content';

const root = resolve(__dirname, '../../..');
const images = join(root, 'docs/images');
const judged = join(root, 'build/screenshots');
const shown = [390, 1280, 1920];
const heights: Record<number, number> = { 320: 640, 390: 844, 768: 1024, 1280: 800, 1920: 1080, 3840: 2160 };

async function picture(page: Page, name: string, published: boolean): Promise<void> {
  await page.waitForTimeout(500);
  await page.evaluate(() => document.fonts.ready);
  writeFileSync(join(judged, `${name}.png`), await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  if (!published) return;
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  writeFileSync(join(images, `${name}.webp`), Buffer.from(data, 'base64'));
  await client.detach();
}

/** The log only knows today: its completions are laid out over the year that a heat map is about. */
async function spreadTheYear(page: Page): Promise<void> {
  await page.route(/\/api\/audit\?.*event_type=task\.completed.*after=/, async (route) => {
    const response = await route.fetch();
    const entries = (await response.json()) as { created_at: string }[];
    const day = (n: number) => Math.floor((n * n * 0.035) % 340);
    const spread = entries.map((entry, n) => ({ ...entry, created_at: new Date(Date.parse(entry.created_at) - day(n) * 86_400_000).toISOString() }));
    await route.fulfill({ response, json: spread });
  });
}

async function talk(page: Page): Promise<void> {
  const say = async (text: string, answer: RegExp) => {
    await page.getByRole('textbox', { name: 'Message' }).fill(text);
    await page.keyboard.press('Enter');
    await page.getByText(answer).last().waitFor();
  };
  await say('what is late?', /tax return/);
  await say('move everything tagged travel to saturday', /Sat|saturday/i);
}

async function addLine(page: Page): Promise<void> {
  await page.keyboard.press('q');
  await page.getByRole('textbox', { name: 'New task' }).fill('');
  await page.keyboard.type('Collect the parcel friday 5pm every month !high #home remind 1h before');
  await page.getByRole('dialog').getByText('monthly').waitFor();
}

type Place = readonly [name: string, path: string, act?: (page: Page) => Promise<void>];

const placesOf = (rent: number): Place[] => [
  ['tasks', '/todos'],
  ['add', '/todos', addLine],
  ['task', `/todos/${rent}`],
  ['activity', '/activity'],
  ['chat', '/chat', talk],
  ['settings', '/settings/profile'],
  ['settings-data', '/settings/data'],
];
/** Judged, but like the others. */
const more: Place[] = [
  ['tasks-filtered', '/todos?tag=home&priority=high'],
  ['tasks-nothing', '/todos?search=zebra'],
  ['task-missing', '/todos/999999'],
  ['help', '/todos', (page) => page.keyboard.press('?')],
  ['palette', '/todos', (page) => page.keyboard.press('Control+k')],
  ...['time', 'look', 'notifications', 'sessions', 'tokens', 'account'].map((part) => [`settings-${part}`, `/settings/${part}`] as const),
];

async function sizeTo(page: Page, width: number): Promise<void> {
  await page.setViewportSize({ width, height: heights[width]! });
}

test('pictures', async ({ world }) => {
  [images, judged].forEach((folder) => mkdirSync(folder, { recursive: true }));
  const rent = await fill(world.server, world.account.token);
  const page = await world.open();
  await spreadTheYear(page);
  await page.getByRole('button', { name: 'No, thanks' }).click();
  const take = async ([name, path, act]: Place, label: string, published: boolean) => {
    await page.goto(world.server.url + path);
    await page.getByRole('navigation').first().waitFor();
    await act?.(page);
    await picture(page, `${name}-${label}`, published);
  };
  const only = process.env.CARILLON_SCREENSHOTS?.split(',');
  const places = placesOf(rent).filter(([name]) => !only || only.includes(name));
  const others = more.filter(([name]) => !only || only.includes(name));
  for (const width of shown) {
    await sizeTo(page, width);
    for (const place of places) await take(place, String(width), true);
  }
  for (const width of [320, 390, 1280]) {
    await sizeTo(page, width);
    for (const place of [...(width === 320 ? places : []), ...others]) await take(place, String(width), false);
  }
  await sizeTo(page, 3840);
  for (const place of places.slice(0, 4)) await take(place, '3840', false);
  await page.emulateMedia({ colorScheme: 'dark' });
  for (const width of [390, 1280]) {
    await sizeTo(page, width);
    for (const place of places) await take(place, `dark-${width}`, width === 1280 && place[0] === 'tasks');
  }
});

test('pictures of the door and of an empty list', async ({ world, page }) => {
  for (const width of shown) {
    await sizeTo(page, width);
    await page.goto(`${world.server.url}/sign-up`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await picture(page, `sign-up-${width}`, false);
    await page.goto(`${world.server.url}/sign-in`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await picture(page, `sign-in-${width}`, true);
  }
  const empty = await world.open();
  for (const width of [390, 1280]) {
    await sizeTo(empty, width);
    for (const [name, path] of [['tasks', '/todos'], ['activity', '/activity'], ['chat', '/chat']] as const) {
      await empty.goto(world.server.url + path);
      await empty.getByRole('navigation').first().waitFor();
      await picture(empty, `${name}-empty-${width}`, false);
    }
  }
});
