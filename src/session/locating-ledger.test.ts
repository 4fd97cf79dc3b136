import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BlobStore } from '../blob/blob-store.ts';
import { readWholeFile } from '../blob/file.ts';
import { learnPlace, placeOf } from '../blob/place.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import type { FileEntry } from '../tree/entry.ts';
import { lookup } from '../tree/lookup.ts';
import { NodeStore } from '../tree/node-store.ts';
import type { TreePath } from '../tree/path.ts';
import { checkpointSession } from './checkpoint.ts';
import { agent, landFiles, memoryProject, treeWith } from './fixtures.ts';
import { LocatingLedger } from './locating-ledger.ts';
import type { ProjectContext } from './project.ts';
import { startSession } from './start.ts';

/** A project of many files, and a way to open it as another process does: with its reads counted. */
async function projectOfMany() {
  const inner = await memoryProject();
  const located = { ...inner, ledger: new LocatingLedger(inner.ledger, inner.blobs, inner.nodes) };
  const files = Array.from({ length: 3000 }, (_, i) => [`d${i % 50}/file-${i}`, `${i}`] as const);
  await landFiles(located, 'many', Object.fromEntries(files));
  const open = () => {
    const store = new MeasuredStore(inner.blobs.store);
    const blobs = new BlobStore(store, inner.blobs.layout.prefix);
    const nodes = new NodeStore(blobs);
    const project: ProjectContext = {
      ...inner,
      blobs,
      nodes,
      ledger: new LocatingLedger(inner.ledger, blobs, nodes),
    };
    return { project, store };
  };
  return { located, open };
}

async function read(
  { nodes, blobs }: ProjectContext,
  tree: ProjectContext['name'] | string,
): Promise<string> {
  const entry = (await lookup(nodes, tree as never, 'd7/file-57' as TreePath)) as FileEntry;
  return (await readWholeFile(blobs, entry)).toString();
}

describe('who reads a document', () => {
  test('of a session finds its files without an index: as it started, and as it was recorded', async () => {
    const { located, open } = await projectOfMany();
    const session = await startSession(located, { title: 'Work', goal: 'Get it done', agent });
    for (const expected of ['57', 'new']) {
      const { project, store } = open();
      const { tree } = (await project.ledger.readSession(session.id))!;
      assert.equal(await read(project, tree), expected);
      const { get, list } = store.snapshot();
      assert.equal(list.requests, 0);
      assert.ok(get.requests <= 4, `${get.requests} requests`);
      const edited = await treeWith(located, session.tree, { 'd7/file-57': 'new' });
      await checkpointSession(located, session, edited, '');
    }
  });

  test('of the head does', async () => {
    const { open } = await projectOfMany();
    const { project, store } = open();
    assert.equal(await read(project, (await project.ledger.readHead()).head.tree), '57');
    assert.equal(store.snapshot().list.requests, 0);
  });
});

test('a place that is wrong or no place at all does no harm', async () => {
  const { located, open } = await projectOfMany();
  const { tree } = (await located.ledger.readHead()).head;
  const right = placeOf(located.blobs, tree)!;
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.base64String(), fc.nat(60)), async (wrong) => {
      const bytes = Buffer.from(right, 'base64');
      if (typeof wrong === 'number') bytes[wrong % bytes.length]! ^= 1 << (wrong % 8);
      const { project } = open();
      learnPlace(project.blobs, tree, typeof wrong === 'string' ? wrong : bytes.toString('base64'));
      assert.equal(await read(project, tree), '57');
    }),
    { numRuns: 60 },
  );
});
