import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import type { Change } from './changes';
import { Disk } from './disk';
import { draftOf, Drafts } from './drafts';

const op = (change: Change) => ({ n: 1, key: 'key', at: '2026-11-23T10:00:00Z', change });

async function draftsOf(user: string): Promise<{ drafts: Drafts; disk: Disk }> {
  const disk = await Disk.open(user);
  const drafts = new Drafts(disk);
  await drafts.load();
  return { drafts, disk };
}

it('a draft is there in the next tab, under the number its task has by then, and gone with the user', async () => {
  const { drafts, disk } = await draftsOf('ana');
  drafts.set('add', 'Pay rent');
  drafts.set(draftOf('title', -5), 'Pay the rent');
  drafts.set('chat', 'hello');
  drafts.set('chat', null);
  drafts.rename({ from: -5, to: 7 });
  await disk.keep('snapshot', {});
  disk.close();
  const next = await draftsOf('ana');
  expect([next.drafts.get('add'), next.drafts.get(draftOf('title', 7)), next.drafts.get(draftOf('title', -5)), next.drafts.get('chat')]).toEqual(['Pay rent', 'Pay the rent', null, null]);
  expect((await draftsOf('bo')).drafts.get('add')).toBeNull();
  await next.disk.destroy();
  expect((await draftsOf('ana')).drafts.get('add')).toBeNull();
});

it('the text of a refused change is a draft again, but not over what is being typed', async () => {
  const { drafts } = await draftsOf('teo');
  drafts.set(draftOf('title', 1), 'newer');
  drafts.takeBack(op({ kind: 'update', id: 1, set: { title: 'refused', description: 'notes', priority: 'high' }, old: {} }));
  expect([drafts.get(draftOf('title', 1)), drafts.get(draftOf('description', 1))]).toEqual(['newer', 'notes']);
  drafts.takeBack(op({ kind: 'update', id: 2, set: { description: null }, old: {} }));
  expect(drafts.get(draftOf('description', 2))).toBeNull();
});
