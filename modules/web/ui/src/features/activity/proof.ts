// Whether an entry is in the sealed log: the Merkle proof (RFC 6962 section 2.1.1), reckoned here, not believed.
import { api, data } from '../../api/client';
import type { components } from '../../api/schema';

export type AuditProof = components['schemas']['AuditProof'];

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

async function hash(prefix: number, ...parts: Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array([prefix, ...parts.flatMap((part) => [...part])]);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

/** The root that the leaf and its path lead to in a tree of `size` leaves; null where the path does not fit. */
export async function rootOf(leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[]): Promise<Uint8Array | null> {
  let [at, last, node] = [index, size - 1, await hash(0, leaf)];
  for (const sibling of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      node = await hash(1, sibling, node);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else node = await hash(1, node, sibling);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node : null;
}

/** The third line of a checkpoint (C2SP tlog-checkpoint) is its root. */
export const rootIn = (checkpoint: string): string => checkpoint.split('\n')[2] ?? '';

export type Verdict = { is: 'proved'; size: number } | { is: 'not yet' } | { is: 'broken' };

export async function verdictOf({ id, covered, size, checkpoint, leaf, path }: AuditProof): Promise<Verdict> {
  if (!covered || checkpoint === null || leaf === null) return { is: 'not yet' };
  const root = await rootOf(bytesOf(leaf), id - 1, size, path.map(bytesOf));
  const sealed = root !== null && btoa(String.fromCharCode(...root)) === rootIn(checkpoint);
  return sealed ? { is: 'proved', size } : { is: 'broken' };
}

export const readVerdict = async (id: number): Promise<Verdict> => verdictOf(await data(api.GET('/api/audit/{id}/proof', { params: { path: { id } } })));
