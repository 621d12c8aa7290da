// A server for each file, a signed-in page for each test; what the policy reports or the console complains of fails the test.
import { test as base, expect, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { password, Server, type Account } from './server';

export { expect } from '@playwright/test';

export interface World {
  server: Server;
  account: Account;
  /** A new browser, signed in. */
  open: (account?: Account) => Promise<Page>;
  complaints: string[];
}

export async function watch(context: BrowserContext, complaints: string[]): Promise<void> {
  await context.exposeFunction('reportViolation', (text: string) => complaints.push(`policy: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report = (window as unknown as { reportViolation: (text: string) => void }).reportViolation;
      report(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  context.on('weberror', (error) => complaints.push(`error: ${String(error.error().stack ?? error.error())}`));
  context.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

export async function signIn(page: Page, url: string, account: Account): Promise<void> {
  await page.goto(`${url}/todos`);
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
}

export const row = (page: Page, title: string) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name: title, exact: true }) });

/** What the list's keys act on. */
export const focusable = (page: Page, title: string) => page.getByRole('group', { name: title, exact: true });

export const isLive = (page: Page) => expect(page.getByText('Connected')).toBeVisible();

/** The whole page is on this machine: it opens without a network. */
export async function isKept(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

async function newPage(browser: Browser, complaints: string[], options: object): Promise<Page> {
  const context = await browser.newContext(options);
  await watch(context, complaints);
  return context.newPage();
}

/** Fixture: a server for all tests of a worker. */
export async function ownServer({}: object, use: (server: Server) => Promise<void>): Promise<void> {
  const server = await new Server().start();
  await use(server);
  await server.remove();
}

export const test = base.extend<{ world: World }, { server: Server }>({
  server: [ownServer, { scope: 'worker' }],
  world: async ({ server, browser, contextOptions }, use) => {
    const complaints: string[] = [];
    const pages: Page[] = [];
    const account = await server.account();
    const open = async (who: Account = account): Promise<Page> => {
      const page = await newPage(browser, complaints, contextOptions);
      pages.push(page);
      await signIn(page, server.url, who);
      return page;
    };
    await use({ server, account, open, complaints });
    await Promise.all(pages.map((page) => page.context().close()));
    expect(complaints).toEqual([]);
  },
});
