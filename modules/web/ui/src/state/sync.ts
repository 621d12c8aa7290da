// Keeps every tab's list true. One tab leads: it holds the socket and sends the queue; all tabs hear what it hears.
// Whatever changes the list is a message, handled alike in the tab that says it and in those that hear it.
import { Refused, api, data, reasonOf } from '../api/client';
import type { LiveEvent, Todo } from '../api/types';
import { alone, newKey } from '../lib/secure';
import { m } from '../messages';
import { titleOf, type Change, type Op } from './changes';
import { Disk, lastUser } from './disk';
import { Drafts } from './drafts';
import { send } from './sender';
import { LiveSocket } from './socket';
import { TaskStore, type Conflict, type Connection, type Load, type Refusal } from './store';

type Message =
  | { t: 'hello' }
  | { t: 'state'; todos: Todo[]; sequence: number; load: Load; connection: Connection }
  | { t: 'event'; event: LiveEvent }
  | { t: 'absorb'; todos: Todo[]; load: Load }
  | { t: 'ops'; ops: Op[] }
  | { t: 'settled'; n: number; todo: Todo | null; rename?: { from: number; to: number } }
  | { t: 'refused'; refusal: Refusal }
  | { t: 'conflict'; conflict: Conflict }
  | { t: 'connection'; connection: Connection }
  | { t: 'notice'; text: string }
  | { t: 'signed-out' };

export interface SyncListeners {
  event: (event: LiveEvent) => void;
  notice: (text: string) => void;
  signedOut: () => void;
}

type Page = { items: Todo[]; next_cursor: string | null };

/** The active tasks, the soonest due first. */
function pageOf(cursor: string | null): Promise<Page> {
  const query = { status: 'active', sort: 'due_date', order: 'asc', limit: cursor ? 100 : 50, ...(cursor && { cursor }) } as const;
  return data(api.GET('/api/todos', { params: { query } }));
}

let lastNumber = 0;
function nextNumber(): number {
  lastNumber = Math.max(lastNumber + 1, Date.now() * 1000);
  return lastNumber;
}

export class Sync {
  readonly store = new TaskStore();
  readonly drafts: Drafts;
  leader = false;
  private readonly channel: BroadcastChannel;
  private readonly stopping = new AbortController();
  private socket: LiveSocket | null = null;
  private sending = false;
  private held: LiveEvent[] = [];
  private creating = false;
  private backlog = 0;
  private sent = 0;
  private saving: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private loading = 0;

  private constructor(
    readonly disk: Disk,
    userId: string,
    private readonly listeners: SyncListeners,
    private first: Promise<Page | null> | null,
  ) {
    this.drafts = new Drafts(disk);
    this.channel = new BroadcastChannel(`carillon-${userId}`);
    this.channel.onmessage = ({ data: message }) => this.handle(message as Message, false);
    void alone(`carillon-leader-${userId}`, () => this.lead(), this.stopping.signal).catch(() => undefined);
  }

  static async start(userId: string, listeners: SyncListeners): Promise<Sync> {
    // Nothing of this user's is kept here: the first page is asked for at once.
    const first = lastUser() === userId ? null : pageOf(null).catch(() => null);
    const disk = await Disk.open(userId);
    const sync = new Sync(disk, userId, listeners, first);
    await sync.restore();
    return sync;
  }

  stop(): void {
    this.stopping.abort();
    this.socket?.stop();
    clearTimeout(this.saving);
    clearTimeout(this.retry);
    this.channel.close();
    this.disk.close();
  }

  private get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  private async restore(): Promise<void> {
    const [snapshot, queue] = await Promise.all([this.disk.snapshot(), this.disk.queue(), this.drafts.load()]);
    if (snapshot && this.store.sequence < 0) {
      this.store.absorb(snapshot.todos);
      this.store.sequence = snapshot.sequence;
      this.store.load = 'all';
    }
    this.store.add(queue);
    if (this.first) await this.firstPage();
    this.store.changed();
    if (!this.leader) this.channel.postMessage({ t: 'hello' } satisfies Message);
    this.pump();
  }

  private async lead(): Promise<void> {
    if (this.stopped) return;
    this.leader = true;
    this.store.add(await this.disk.queue());
    this.socket = new LiveSocket({
      sequence: () => this.store.sequence,
      event: (event) => this.heard(event),
      state: (connection) => this.say({ t: 'connection', connection }),
      ready: (sequence, whole) => this.ready(sequence, whole),
    });
    if (this.store.sequence < 0) void this.firstPage();
    await new Promise<void>((resolve) => this.stopping.signal.addEventListener('abort', () => resolve()));
  }

  private ready(sequence: number, whole: boolean): void {
    const known = this.store.sequence >= 0;
    if (!whole) {
      this.store.sequence = sequence;
      void this.reload().then((complete) => complete && known && this.say({ t: 'notice', text: m.live.reloaded }));
    } else if (this.store.load !== 'all') void this.reload();
    this.backlog = this.store.connection === 'offline' ? this.store.waiting().length : 0;
    this.sent = 0;
    this.say({ t: 'connection', connection: 'live' });
    this.pump();
  }

  /** An event may overtake the answer that tells which waiting task it is about. */
  private heard(event: LiveEvent): void {
    if (this.creating) this.held.push(event);
    else this.say({ t: 'event', event });
  }

  private release(): void {
    this.creating = false;
    for (const event of this.held.splice(0)) this.say({ t: 'event', event });
  }

  private say(message: Message): void {
    if (this.stopped) return;
    this.channel.postMessage(message);
    this.handle(message, true);
  }

  private handle(message: Message, own: boolean): void {
    const { store } = this;
    switch (message.t) {
      case 'hello':
        if (this.leader) {
          const state: Message = { t: 'state', todos: store.all(), sequence: store.sequence, load: store.load, connection: store.connection };
          this.channel.postMessage(state);
        }
        return;
      case 'state':
        if (message.sequence >= store.sequence) store.sequence = message.sequence;
        if (message.load === 'all') store.replace(message.todos);
        else store.absorb(message.todos);
        store.load = message.load;
        store.connection = message.connection;
        break;
      case 'event':
        if (!store.event(message.event)) return;
        this.listeners.event(message.event);
        break;
      case 'absorb':
        store.absorb(message.todos);
        store.load = message.load;
        break;
      case 'ops':
        store.add(message.ops);
        break;
      case 'settled':
        store.settle(message.n, message.todo, message.rename);
        if (message.rename) this.drafts.rename(message.rename);
        break;
      case 'refused':
        store.refuse(message.refusal);
        this.drafts.takeBack(message.refusal.op);
        break;
      case 'conflict':
        store.hold(message.conflict);
        break;
      case 'connection':
        store.connection = message.connection;
        break;
      case 'notice':
        this.listeners.notice(message.text);
        return;
      case 'signed-out':
        if (!own) this.listeners.signedOut();
        return;
    }
    store.changed();
    if (this.leader) this.keepSoon();
    if (message.t === 'ops' || message.t === 'connection') this.pump();
  }

  /** Something to look at while the socket opens, which says from which change on the list is read. Other tabs may know more. */
  private async firstPage(): Promise<void> {
    this.first ??= pageOf(null).catch(() => null);
    const first = await this.first;
    if (first && this.store.load === 'nothing' && !this.stopped) this.handle({ t: 'absorb', todos: first.items, load: 'part' }, true);
  }

  /** Reads all active tasks, the soonest due first, so that the first page can be shown at once. */
  private async reload(): Promise<boolean> {
    const run = (this.loading += 1);
    const todos: Todo[] = [];
    let cursor: string | null = null;
    try {
      do {
        const page: Page = await pageOf(cursor);
        if (run !== this.loading || this.stopped) return false;
        todos.push(...page.items);
        cursor = page.next_cursor;
        const pages = todos.length / 100;
        if (pages < 2 || Math.floor(pages) % 10 === 0) this.say({ t: 'absorb', todos: page.items, load: this.store.load === 'all' ? 'all' : 'part' });
      } while (cursor);
    } catch {
      if (this.store.load !== 'all') this.store.load = 'failed';
      this.store.changed();
      return false;
    }
    // What arrived while the pages were read is newer than they are, and stays.
    const seen = new Set(todos.map(({ id }) => id));
    const arrived = this.store.all().filter(({ id, updated_at }) => !seen.has(id) && Date.parse(updated_at) > Date.now() - 60_000);
    this.say({ t: 'state', todos: [...todos, ...arrived], sequence: this.store.sequence, load: 'all', connection: this.store.connection });
    return true;
  }

  retryLoad = (): void => {
    this.store.load = 'nothing';
    this.store.changed();
    if (this.leader) void this.reload();
    else this.channel.postMessage({ t: 'hello' } satisfies Message);
  };

  absorb(todos: Todo[]): void {
    this.store.absorb(todos);
    this.store.changed();
  }

  /** Shows the changes at once, keeps them on disk, and has the leader send them. */
  commit(changes: readonly Change[]): void {
    const ops = changes.map((change): Op => ({ n: nextNumber(), key: newKey(), at: new Date().toISOString(), change }));
    void Promise.all(ops.map(this.disk.enqueue)).finally(() => this.channel.postMessage({ t: 'ops', ops } satisfies Message));
    this.handle({ t: 'ops', ops }, true);
  }

  /** Ends a conflict: `mine` sends the change once more, now in the knowledge of theirs. */
  decide(conflict: Conflict, mine: boolean): void {
    const { op, theirs } = conflict;
    this.say({ t: 'settled', n: op.n, todo: null });
    void this.disk.settle(op.n);
    if (mine && op.change.kind === 'update') {
      const { set, id } = op.change;
      const old = Object.fromEntries(Object.keys(set).map((field) => [field, theirs[field as keyof Todo]]));
      this.commit([{ kind: 'update', id, set, old }]);
    }
  }

  dismissRefusal(n: number): void {
    this.store.dismissRefusal(n);
    this.store.changed();
  }

  signOut(): void {
    this.channel.postMessage({ t: 'signed-out' } satisfies Message);
  }

  private pump(): void {
    if (!this.leader || this.sending || this.stopped || this.store.connection === 'offline') return;
    const op = this.store.waiting()[0];
    if (!op) return;
    this.sending = true;
    clearTimeout(this.retry);
    this.creating = op.change.kind === 'create';
    void this.carry(op)
      .catch(() => 2)
      .then((wait) => {
        this.sending = false;
        this.release();
        if (wait === 0) this.pump();
        else this.retry = setTimeout(() => this.pump(), wait * 1000);
      });
  }

  /** Seconds until the next try; 0 where it is settled. */
  private async carry(op: Op): Promise<number> {
    const outcome = await send(op, this.store.server);
    switch (outcome.is) {
      case 'away':
        this.socket?.now();
        return 3;
      case 'later':
        return Math.max(1, outcome.seconds);
      case 'conflict':
        this.say({ t: 'conflict', conflict: { op, fields: outcome.fields, theirs: outcome.theirs } });
        return 0;
      case 'refused':
        await this.disk.settle(op.n);
        this.say({ t: 'refused', refusal: this.refusal(op, outcome.error) });
        break;
      case 'done': {
        const rename = op.change.kind === 'create' && outcome.todo ? { from: op.change.id, to: outcome.todo.id } : undefined;
        await this.disk.settle(op.n, rename);
        this.say({ t: 'settled', n: op.n, todo: outcome.todo, rename });
        this.sent += 1;
      }
    }
    if (this.backlog > 0 && this.store.waiting().length === 0) {
      this.say({ t: 'notice', text: m.live.back(this.sent) });
      this.backlog = 0;
    }
    return 0;
  }

  private refusal(op: Op, error: Refused): Refusal {
    const reason = error.status === 404 ? m.problem.gone : reasonOf(error, m.problem.away, m.problem.unknown);
    return { op, title: titleOf(op.change, this.store.view().tasks), reason };
  }

  /** The list is kept with the sequence it belongs to, so that the next start only asks for what came later. */
  private keepSoon(): void {
    if (this.saving || this.store.load !== 'all') return;
    this.saving = setTimeout(() => {
      this.saving = undefined;
      if (this.stopped || this.store.load !== 'all') return;
      void this.disk.keep('snapshot', { sequence: this.store.sequence, todos: this.store.all().filter(({ status }) => status === 'active') });
    }, 1500);
  }
}
