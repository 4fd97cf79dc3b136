import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlobStore } from '../blob/blob-store.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { buildTree } from './build.ts';
import type { Entry } from './entry.ts';
import { listAll } from './lookup.ts';
import { NodeStore } from './node-store.ts';
import type { TreePath } from './path.ts';
import { RememberingSink } from './remembering-sink.ts';

test('who has written a tree reads it without asking the store, once it is stored', async () => {
  const store = new MeasuredStore(new MemoryStore());
  const blobs = new BlobStore(store, 'micelio-test/projects/test');
  const nodes = new NodeStore(blobs);
  const batch = await blobs.openBatch();
  const sink = new RememberingSink(nodes, batch);
  const hash = batch.add(Buffer.from('content'));
  const entries = Array.from({ length: 2000 }, (_, i): [TreePath, Entry] => [
    `file-${i}` as TreePath,
    { type: 'file', mode: 0o644, size: 7, hash },
  ]);
  const tree = buildTree(sink, new Map(entries));
  assert.ok(!nodes.isAtHand(tree), 'not before it is stored');
  await batch.flush();
  sink.remember();
  const before = store.snapshot().get.requests;
  assert.equal((await Array.fromAsync(listAll(nodes, tree))).length, entries.length);
  assert.equal(store.snapshot().get.requests, before);
});
