// What survives closing the tab: the waiting changes, the list as last seen, and drafts. One database for each user.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { Profile, Todo } from '../api/types';
import type { Op } from './changes';

export interface Snapshot {
  sequence: number;
  todos: Todo[];
}

interface Schema extends DBSchema {
  queue: { key: number; value: Op };
  kept: { key: string; value: unknown };
}

const draftPrefix = 'draft.';

export class Disk {
  private constructor(
    private readonly database: IDBPDatabase<Schema>,
    private readonly name: string,
  ) {}

  static async open(userId: string): Promise<Disk> {
    const name = `carillon-${userId}`;
    const database = await openDB<Schema>(name, 1, {
      upgrade(db) {
        db.createObjectStore('queue', { keyPath: 'n' });
        db.createObjectStore('kept');
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    return new Disk(database, name);
  }

  queue = (): Promise<Op[]> => this.database.getAll('queue');
  enqueue = async (op: Op): Promise<void> => {
    await this.database.put('queue', op);
  };
  kept = async <T>(key: string): Promise<T | undefined> => (await this.database.get('kept', key)) as T | undefined;
  keep = async (key: string, value: unknown): Promise<void> => {
    await this.database.put('kept', value, key);
  };

  drafts = async (): Promise<[string, string][]> => {
    const range = IDBKeyRange.bound(draftPrefix, `${draftPrefix}\uffff`);
    const [keys, texts] = await Promise.all([this.database.getAllKeys('kept', range), this.database.getAll('kept', range)]);
    return keys.map((key, index) => [key.slice(draftPrefix.length), texts[index] as string]);
  };
  keepDraft = async (key: string, text: string | null): Promise<void> => {
    if (text === null) await this.database.delete('kept', draftPrefix + key);
    else await this.database.put('kept', text, draftPrefix + key);
  };

  snapshot = (): Promise<Snapshot | undefined> => this.kept<Snapshot>('snapshot');
  profile = (): Promise<Profile | undefined> => this.kept<Profile>('profile');

  /** Takes a change out of the queue; what waits behind it learns the id that the server gave, in the same transaction. */
  async settle(n: number, rename?: { from: number; to: number }): Promise<void> {
    const transaction = this.database.transaction('queue', 'readwrite');
    await transaction.store.delete(n);
    if (rename) {
      for (const op of await transaction.store.getAll()) {
        if (op.change.id === rename.from) await transaction.store.put(renamed(op, rename));
      }
    }
    await transaction.done;
  }

  close(): void {
    this.database.close();
  }

  async destroy(): Promise<void> {
    this.database.close();
    await deleteDB(this.name);
  }
}

export function renamed(op: Op, { from, to }: { from: number; to: number }): Op {
  return op.change.id === from ? { ...op, change: { ...op.change, id: to } } : op;
}

const lastUserKey = 'carillon.user';
/** Whose list to show before the server has answered. */
export const lastUser = (): string | null => localStorage.getItem(lastUserKey);
export function rememberUser(id: string | null): void {
  if (id === null) localStorage.removeItem(lastUserKey);
  else localStorage.setItem(lastUserKey, id);
}
