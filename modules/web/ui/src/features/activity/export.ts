// The whole log for a filter, page by page; and as a file.
import { api, data } from '../../api/client';
import type { AuditEntry, EventType } from '../../api/types';
import { titleOfEntry } from './entries';

export interface LogFilter {
  task_id?: number;
  event_type?: EventType;
  after?: string;
  before?: string;
}

/** The cursor in a Link header (RFC 8288) with rel=next. */
export function nextCursor(link: string | null): string | undefined {
  const [, target] = /<([^>]+)>;\s*rel="next"/.exec(link ?? '') ?? [];
  return target === undefined ? undefined : (new URL(target, 'http://localhost').searchParams.get('cursor') ?? undefined);
}

export async function readPage(filter: LogFilter, cursor: string | undefined, limit: number): Promise<{ entries: AuditEntry[]; next: string | undefined }> {
  const call = api.GET('/api/audit', { params: { query: { ...filter, limit, ...(cursor && { cursor }) } } });
  const { response } = await call;
  return { entries: await data(call), next: nextCursor(response.headers.get('Link')) };
}

export async function readEntries(filter: LogFilter): Promise<AuditEntry[]> {
  const all: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(filter, cursor, 200);
    all.push(...page.entries);
    cursor = page.next;
  } while (cursor);
  return all;
}

/** A cell as RFC 4180 has it; one that a spreadsheet would take for a formula begins with an apostrophe. */
export function cell(value: string | number): string {
  const text = /^[=+\-@\t\r]/.test(String(value)) ? `'${String(value)}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvOf(entries: readonly AuditEntry[]): string {
  const head = ['id', 'created_at', 'sequence', 'actor', 'event_type', 'task_id', 'title', 'payload'];
  const lines = entries.map((entry) => [entry.id, entry.created_at, entry.sequence, entry.actor, entry.event_type, entry.task_id, titleOfEntry(entry), JSON.stringify(entry.payload)]);
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n';
}

export function saveFile(name: string, type: string, content: BlobPart): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
