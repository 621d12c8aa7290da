// The real binary with a folder of its own, and accounts on it.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const binary = resolve(process.env.CARILLON_TEST_BIN ?? join(__dirname, '../../build/release/carillon'));
export const password = 'a fern and a bell';

export interface Account {
  name: string;
  email: string;
  token: string;
}

export class Server {
  url = '';
  private process: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'carillon-browser-'));
  private accounts = 0;
  private listen = '127.0.0.1:0';

  private get log(): string {
    return join(this.folder, 'log.jsonl');
  }

  async start(): Promise<this> {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CARILLON_')));
    const log = openSync(this.log, 'w');
    this.process = spawn(binary, ['serve'], {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      env: {
        ...clean,
        CARILLON_LISTEN: this.listen,
        CARILLON_MANAGEMENT_LISTEN: '127.0.0.1:0',
        CARILLON_AUDIT_CHECKPOINT_SECONDS: '1',
        CARILLON_SIGN_UPS_PER_ADDRESS: '1000000',
        CARILLON_SIGN_INS_PER_ADDRESS: '1000000',
        CARILLON_SIGN_INS_PER_ACCOUNT: '1000000',
      },
    });
    for (let tries = 0; tries < 600; tries += 1) {
      const ready = readFileSync(this.log, 'utf8').split('\n').find((line) => line.includes('"message":"ready"') || line.includes('"ready"'));
      if (ready) {
        const { listen } = JSON.parse(ready) as { listen: string };
        // The same port after a restart: the page still looks for it there.
        this.listen = listen;
        this.url = `http://${listen}`;
        return this;
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`not ready:\n${readFileSync(this.log, 'utf8')}`);
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async account(): Promise<Account> {
    this.accounts += 1;
    const name = 'Ana';
    const email = `ana${this.accounts}@example.org`;
    const { token } = await this.call<{ token: string }>('POST', '/api/auth/sign-up', { name, email, password, timezone: 'Europe/Berlin' });
    return { name, email, token };
  }

  async call<T>(method: string, path: string, body?: unknown, token?: string): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }
}
