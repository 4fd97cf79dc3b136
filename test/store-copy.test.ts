import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { parseHash } from '../src/base/hash.ts';
import { copyProject } from '../src/session/copy/copy-project.ts';
import { addMessage } from '../src/session/record.ts';
import { DirectoryStore } from '../src/storage/directory/directory-store.ts';
import { MeasuredStore } from '../src/storage/measured-store.ts';
import { MemoryStore } from '../src/storage/memory-store.ts';
import type { ObjectKey, ObjectStore } from '../src/storage/object-store.ts';
import {
  busyProject,
  copy,
  land,
  record,
  requireSame,
  requireWhole,
  storeCopyConformance,
  writes,
} from './store-copy.conformance.ts';
import { openTestProject, type TestProject } from './test-project.ts';

const scratch = mkdtempSync(join(tmpdir(), 'micelio-copy-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let directories = 0;

storeCopyConformance('a store in memory', () => new MemoryStore());
storeCopyConformance('a store in a directory', () => new DirectoryStore(join(scratch, `${directories++}`)), {
  crashStep: 7,
});

const packs = 'micelio-acme/projects/web/packs/';

/** A busy project and a store that has a copy of it. */
async function copied() {
  const { project, open } = await busyProject();
  const store = new MeasuredStore(new MemoryStore());
  await copy(project, await project.reopen(store));
  return { project, open, store };
}

/** That copying is refused in so many words, and changes nothing. */
async function requireRefused(project: TestProject, store: MeasuredStore, words: RegExp): Promise<void> {
  const before = writes(store);
  for (const mode of ['dry run', 'copy'] as const) {
    const refused = copyProject(await project.reopen(), await project.reopen(store), { mode, near: 'to' });
    await assert.rejects(refused, { code: 'project/diverged', message: words });
  }
  assert.equal(writes(store), before);
}

async function keysOf(store: ObjectStore, prefix: string): Promise<ObjectKey[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}

describe('a copy is refused', () => {
  test('where something has landed that is not here', async () => {
    const { project, store } = await copied();
    await land(await project.reopen(store), { 'there.txt': 'there\n' });
    await requireRefused(project, store, /has 5 landings there, and only 4 here.*copy the other way/);
    await land(project, { 'here.txt': 'here\n' });
    await requireRefused(project, store, /another landing 5/);
    await land(project, { 'here.txt': 'more\n' });
    await requireRefused(project, store, /another landing 5/);
  });

  test('where a session was worked on', async () => {
    const { project, open, store } = await copied();
    await addMessage(await project.reopen(store), open.id, 'ben', 'Said there');
    await requireRefused(project, store, new RegExp(open.id));
    await addMessage(project, open.id, 'ada', 'Said here, later');
    await requireRefused(project, store, new RegExp(open.id));
  });

  test('where another project has the same name', async () => {
    const { project } = await busyProject();
    const store = new MeasuredStore(new MemoryStore());
    const other = await openTestProject({ 'other.txt': 'other\n' }, store);
    await requireRefused(project, store, /another landing 1/);
    await other.start();
    await requireRefused(project, store, /another landing 1/);
  });

  test('where a head was lost', async () => {
    const { project, store } = await copied();
    await store.delete('micelio-acme/projects/web/head.json' as ObjectKey);
    await requireRefused(project, store, /has lost its head/);
  });
});

describe('a copy', () => {
  test('leaves a session alone that is only there', async () => {
    const { project, store } = await copied();
    const there = await project.reopen(store);
    const own = await there.start();
    await land(project, { 'a.txt': 'new\n' });
    await copy(await project.reopen(), await project.reopen(store));
    assert.deepEqual(await there.ledger.readSession(own.id), own);
    await requireWhole(await project.reopen(store));
  });

  test('takes a session as it is after its record has moved out of the document', async () => {
    const { project, open, store } = await copied();
    for (let i = 0; i < 210; i++) await addMessage(project, open.id, 'ada', `Message ${i}`);
    await copy(await project.reopen(), await project.reopen(store));
    await requireSame(project, await project.reopen(store));
  });

  test('brings what is needed of packs that are old, and nothing else of them', async () => {
    const clock = { ms: Date.UTC(2026, 0, 1), now: () => clock.ms };
    const { project } = await busyProject(new MemoryStore(clock), clock);
    const store = new MemoryStore(clock);
    await copy(project, await project.reopen(store));
    await land(project, { 'old.txt': 'old\n' });
    const batch = await project.blobs.openBatch();
    const needless = batch.add(Buffer.from('nobody needs this'));
    await batch.flush();
    clock.ms += 25 * 60 * 60 * 1000;
    const result = await copy(await project.reopen(), await project.reopen(store));
    assert.ok(result.packs === 0 && result.objects > 1);
    const there = await project.reopen(store);
    await requireSame(project, there);
    await assert.rejects(there.blobs.get(needless), { code: 'blob/not-found' });
  });

  test('brings back a pack that was lost there', async () => {
    const { project, store } = await copied();
    const [pack] = await keysOf(store, packs);
    await store.delete(pack!);
    const { packs: brought } = await copy(await project.reopen(), await project.reopen(store));
    assert.equal(brought, 1);
    await requireSame(project, await project.reopen(store));
  });

  for (const side of ['from', 'to'] as const) {
    test(`copies object by object what lies in packs that "${side}" is going to delete`, async () => {
      const { project } = await busyProject();
      const store = new MemoryStore();
      if (side === 'to') {
        // A copy was killed before it had any documents, and so long ago that nobody needs what it brought.
        await copy(project, await project.reopen(store));
        for (const key of await keysOf(store, '')) if (key.endsWith('.json')) await store.delete(key);
      }
      const condemning = side === 'from' ? project.blobs.store : store;
      for (const key of await keysOf(condemning, packs)) {
        await condemning.put(key.replace('/packs/', '/condemned/') as ObjectKey, Buffer.from('condemned\n'));
      }
      for (const key of await keysOf(condemning, packs.replace('packs', 'index')))
        await condemning.delete(key);
      const result = await copy(await project.reopen(), await project.reopen(store));
      assert.ok(result.packs === 0 && result.objects > 5);
      // What was condemned there may go now.
      for (const key of await keysOf(store, packs.replace('packs', 'condemned'))) {
        await store.delete(key.replace('/condemned/', '/packs/') as ObjectKey);
        await store.delete(key);
      }
      await requireSame(await project.reopen(), await project.reopen(store));
    });
  }

  test('leaves a damaged pack behind, and says so', async () => {
    const { project } = await busyProject();
    const needless = await project.reopen();
    const before = new Set(await keysOf(project.blobs.store, packs));
    await record(needless, await needless.start(), { 'needed.txt': 'needed\n' });
    const batch = await needless.blobs.openBatch();
    batch.add(Buffer.from('nobody needs this'));
    await batch.flush();
    const added = (await keysOf(project.blobs.store, packs)).filter((key) => !before.has(key));
    for (const key of added) await flip(project.blobs.store, key);
    const store = new MemoryStore();
    const copying = copy(await project.reopen(), await project.reopen(store));
    await assert.rejects(copying, { code: 'project/damaged', message: /which session sess-.* needs/ });
    await requireWhole(await project.reopen(store));
    // Without the session that needs one of them, the other is not missed.
    for (const key of await keysOf(project.blobs.store, 'micelio-acme/projects/web/sessions/')) {
      const { bytes } = (await project.blobs.store.get(key))!;
      if (Buffer.from(bytes).toString().includes('"title":"Work"')) await project.blobs.store.delete(key);
    }
    const { damaged } = await copy(await project.reopen(), await project.reopen(store));
    assert.deepEqual(
      damaged.map(({ pack }) => pack).sort(),
      added.map((key) => parseHash(key.slice(packs.length))).sort(),
    );
    await requireWhole(await project.reopen(store));
  });
});

/** Turns a bit around in the first frame of a pack. */
async function flip(store: ObjectStore, key: ObjectKey): Promise<void> {
  const bytes = Buffer.from((await store.get(key))!.bytes);
  bytes[24]! ^= 0x10;
  await store.put(key, bytes);
}
