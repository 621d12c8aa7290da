import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { rootOf, verdictOf } from './proof';

const hash = (...parts: Uint8Array[]) => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const leafHash = (leaf: Uint8Array) => hash(new Uint8Array([0]), leaf);
const nodeHash = (left: Uint8Array, right: Uint8Array) => hash(new Uint8Array([1]), left, right);
const split = (n: number): number => 2 ** Math.floor(Math.log2(n - 1));

// As RFC 6962 section 2.1 defines them, by recursion.
function head(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only && leaves.length === 1) return leafHash(only);
  const k = split(leaves.length);
  return nodeHash(head(leaves.slice(0, k)), head(leaves.slice(k)));
}
function pathOf(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k ? [...pathOf(m, leaves.slice(0, k)), head(leaves.slice(k))] : [...pathOf(m - k, leaves.slice(k)), head(leaves.slice(0, k))];
}

const leaves = Array.from({ length: 21 }, (_, n) => new TextEncoder().encode(`entry ${n}`));
const leafAt = (n: number): Uint8Array => leaves[n] ?? new Uint8Array();
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('a proof', () => {
  it('leads to the root from every leaf of every tree', async () => {
    for (let size = 1; size <= leaves.length; size += 1) {
      const tree = leaves.slice(0, size);
      for (let index = 0; index < size; index += 1) expect(await rootOf(leafAt(index), index, size, pathOf(index, tree))).toEqual(head(tree));
    }
  });
  it('of another entry, with a changed leaf, or too long or short, does not', async () => {
    const path = pathOf(5, leaves);
    const root = head(leaves);
    expect(await rootOf(leafAt(6), 5, 21, path)).not.toEqual(root);
    expect(await rootOf(leafAt(5), 4, 21, path)).not.toEqual(root);
    expect(await rootOf(leafAt(5), 5, 21, path.slice(1))).not.toEqual(root);
    expect(await rootOf(leafAt(5), 5, 21, [...path, root])).toBeNull();
  });
  it('is told from one that is not there yet, and from one that does not hold', async () => {
    const entry = { id: 6, covered: true, size: 21, checkpoint: `carillon\n21\n${base64(head(leaves))}\n\n— carillon x\n`, leaf: base64(leafAt(5)), salt: null, path: pathOf(5, leaves).map(base64) };
    expect(await verdictOf(entry)).toEqual({ is: 'proved', size: 21 });
    expect(await verdictOf({ ...entry, leaf: base64(leafAt(7)) })).toEqual({ is: 'broken' });
    expect(await verdictOf({ ...entry, covered: false, checkpoint: null, leaf: null, path: [] })).toEqual({ is: 'not yet' });
  });
});
