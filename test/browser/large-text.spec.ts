// A browser whose own letters are twice as large: everything grows, and nothing is lost.
import { chromium, type Page } from '@playwright/test';
import { expect, focusable, signIn, test } from './page';
import type { Server } from './server';

const day = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString();

async function fill(server: Server, token: string): Promise<number> {
  const make = (todo: object) => server.call<{ id: number }>('POST', '/api/todos', todo, token);
  await make({ title: 'Send the minutes of the board meeting to everybody who could not come', priority: 'high', due_date: day(-3), tags: ['office'] });
  await make({ title: 'Renew passport', priority: 'low', due_date: day(20) });
  const { id } = await make({ title: 'Pay rent', due_date: day(1), reminder_at: day(0.5), tags: ['home', 'money'], recurrence: { rule: 'monthly' }, description: '- **Bank**\n- by noon' });
  await server.call('PATCH', `/api/todos/${id}`, { priority: 'high' }, token);
  await server.call('POST', '/api/tokens', { name: 'Backup of the office machine' }, token);
  return id;
}

/** Texts that are cut off or stand outside of the window. Whatever scrolls by itself, and what is only heard, does not count. */
const lost = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const say = (what: string, element: Element) => found.push(`${what}: ${element.tagName.toLowerCase()}.${element.className} ${(element.textContent ?? '').trim().slice(0, 40)}`);
    for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
      if (element.closest('.hidden, svg, select, [aria-hidden=true]') || !element.textContent?.trim()) continue;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      if (box.width === 0 || style.visibility === 'hidden') continue;
      const cuts = (overflow: string) => overflow === 'hidden' || overflow === 'clip';
      if (cuts(style.overflowX) && element.scrollWidth > element.clientWidth + 1) say('cut at the side', element);
      if (cuts(style.overflowY) && element.scrollHeight > element.clientHeight + 1) say('cut below', element);
      if (element.matches('button, a') && style.display !== 'inline' && element.scrollWidth > element.clientWidth + 2) say('wider than its button', element);
      const scrolled = element.parentElement?.closest('[data-scrolls]');
      if (!scrolled && (box.right > innerWidth + 1 || box.left < -1)) say('outside', element);
      if (/auto|scroll/.test(style.overflowX) && element.scrollWidth > element.clientWidth + 1 && !element.matches('[data-scrolls]')) say('scrolls sideways', element);
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    return found;
  });

for (const [width, height] of [[320, 640], [1280, 800]] as const) {
  test(`with letters of twice the size nothing is lost at ${width} px`, async ({ server }) => {
    test.setTimeout(180_000);
    const account = await server.account();
    const id = await fill(server, account.token);
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--blink-settings=defaultFontSize=32'] });
    const page = await browser.newPage({ viewport: { width, height }, locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', hasTouch: width === 320, isMobile: width === 320 });
    const check = async (where: string) => expect.soft(await lost(page), where).toEqual([]);
    await page.goto(`${server.url}/sign-up`);
    await page.getByLabel('Email').waitFor();
    await check('sign-up');
    await signIn(page, server.url, account);
    await focusable(page, 'Pay rent').waitFor();
    expect(await page.evaluate(() => getComputedStyle(document.body).fontSize)).toBe('30px');
    await check('tasks');
    const rows = await page.locator('[data-row]').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => ({ top, bottom })));
    for (const [index, { top }] of rows.entries()) if (index > 0) expect(top).toBeGreaterThanOrEqual(rows[index - 1]!.bottom - 1);
    // Room enough for a row, whatever stands around the list.
    expect(await page.getByRole('list', { name: 'Task list' }).evaluate((list) => list.parentElement!.clientHeight)).toBeGreaterThan(150);
    for (const [key, name] of [['q', 'New task'], ['?', 'Keyboard shortcuts'], ['Control+k', 'Go to or do']] as const) {
      await page.keyboard.press(key);
      await page.getByRole('dialog', { name }).waitFor();
      if (key === 'q') {
        await page.keyboard.type('Pay feb 30 every month !high #home');
        await page.getByRole('dialog').getByText('monthly').waitFor();
      }
      await check(name);
      await page.keyboard.press('Escape');
    }
    for (const key of ['d', 'p', 't', 's', 'r']) {
      await focusable(page, 'Pay rent').focus();
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      await check(`key ${key}`);
      await page.keyboard.press('Escape');
    }
    await page.getByRole('button', { name: 'Actions for “Pay rent”' }).click();
    await page.getByRole('menu').waitFor();
    await check('menu');
    await page.keyboard.press('Escape');
    const parts = ['profile', 'time', 'look', 'notifications', 'sessions', 'tokens', 'data', 'account'].map((part) => `/settings/${part}`);
    for (const path of [`/todos/${id}`, '/todos?tag=home&priority=high', '/todos?search=zebra', '/activity', '/chat', ...parts]) {
      await page.goto(server.url + path);
      await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' });
      await page.waitForLoadState('networkidle');
      await check(path);
    }
    await browser.close();
  });
}
