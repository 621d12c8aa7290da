// What was typed and is not sent: written through to the disk with each key, so that it survives the tab. One of each for a user, not for a tab.
import type { Disk } from './disk';
import type { FieldName, Op } from './changes';

/** The texts that a task's page edits. */
export const textFields = ['title', 'description'] as const satisfies readonly FieldName[];
export type TextField = (typeof textFields)[number];

export const draftOf = (field: TextField, id: number): string => `${field}.${id}`;

export class Drafts {
  private readonly texts = new Map<string, string>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly disk: Pick<Disk, 'drafts' | 'keepDraft'>) {}

  async load(): Promise<void> {
    for (const [key, text] of await this.disk.drafts()) if (!this.texts.has(key)) this.texts.set(key, text);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly get = (key: string): string | null => this.texts.get(key) ?? null;

  readonly set = (key: string, text: string | null): void => {
    if (text === null) this.texts.delete(key);
    else this.texts.set(key, text);
    // A session that is over has no disk any more.
    void this.disk.keepDraft(key, text).catch(() => undefined);
    this.listeners.forEach((listener) => listener());
  };

  /** A new task learned its number. */
  rename({ from, to }: { from: number; to: number }): void {
    for (const field of textFields) {
      const text = this.get(draftOf(field, from));
      if (text === null) continue;
      this.set(draftOf(field, from), null);
      this.set(draftOf(field, to), text);
    }
  }

  /** The text of a refused change is a draft again, unless something newer is being typed. */
  takeBack({ change }: Op): void {
    if (change.kind !== 'update') return;
    for (const field of textFields) {
      const text = change.set[field];
      const key = draftOf(field, change.id);
      if (typeof text === 'string' && this.get(key) === null) this.set(key, text);
    }
  }
}

/** Whether a refused change left text behind. */
export const hasText = ({ change }: Op): boolean => change.kind === 'update' && textFields.some((field) => typeof change.set[field] === 'string');
