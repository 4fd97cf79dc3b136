import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type Hash, hashOf } from '../base/hash.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { addFile } from '../blob/file.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { TreeBuilder } from './build.ts';
import { editTree } from './edit.ts';
import type { Entry } from './entry.ts';
import { locatedNode } from './located-node.ts';
import { listAll, lookup } from './lookup.ts';
import { NodeStore, NodeTransaction } from './node-store.ts';
import type { TreePath } from './path.ts';

const fileCount = 8000;

function open(store: ObjectStore) {
  const measured = new MeasuredStore(store);
  const blobs = new BlobStore(measured, 'micelio-acme/projects/web');
  return { measured, blobs, nodes: new NodeStore(blobs) };
}

/** Long names, so that a tree of few files is high. */
function pathOf(i: number): TreePath {
  const directory = String(Math.floor(i / 100)).padStart(4, '0');
  const suffix = hashOf(Buffer.from(`${i}`)).repeat(3);
  return `${directory}/${String(i).padStart(7, '0')}-${suffix}` as TreePath;
}

async function fileEntry(batch: Parameters<typeof addFile>[0], text: string): Promise<Entry> {
  return { type: 'file', mode: 0o644, ...(await addFile(batch, Buffer.from(text))) };
}

/** A tree of height 3 as an import leaves it, and its root as a head would hold it. */
async function importTree(store: ObjectStore) {
  const { blobs, nodes } = open(store);
  const batch = await blobs.openBatch();
  const transaction = new NodeTransaction(nodes, batch);
  const builder = new TreeBuilder(transaction);
  for (let i = 0; i < fileCount; i++) builder.add(pathOf(i), await fileEntry(batch, `file ${i}\n`));
  const root = builder.finish();
  await batch.flush();
  assert.equal((await transaction.node(root)).level, 2);
  return { root, located: await locatedNode(transaction, blobs, root) };
}

/** Changes files as a checkpoint or a landing does that knows where the root is. */
async function editFiles(
  { blobs, nodes }: ReturnType<typeof open>,
  before: { root: Hash; located: Buffer },
  files: readonly number[],
) {
  nodes.offer(before.root, before.located);
  const batch = await blobs.openBatch({ expects: 'few' });
  const transaction = new NodeTransaction(nodes, batch);
  const edits = [];
  for (const i of files) edits.push({ path: pathOf(i), entry: await fileEntry(batch, `edited ${i}\n`) });
  const root = await editTree(transaction, before.root, edits);
  await batch.flush();
  return { root, located: await locatedNode(transaction, blobs, root) };
}

async function readCold(store: ObjectStore, { root, located }: { root: Hash; located: Buffer }, i: number) {
  const { blobs, nodes, measured } = open(store);
  nodes.offer(root, located);
  const entry = await lookup(nodes, root, pathOf(i));
  assert.ok(entry?.type === 'file');
  const text = (await blobs.get(entry.hash)).toString();
  const { get, list, put } = measured.snapshot();
  return { text, gets: get.requests, bytes: get.bytes, others: list.requests + put.requests };
}

describe('a root that comes with where its children lie', async () => {
  const store = new MemoryStore();
  const imported = await importTree(store);

  test('leads a cold reader to a file with one request a level and one for the file', async () => {
    for (const i of [0, 7777, fileCount - 1]) {
      const { text, gets, bytes, others } = await readCold(store, imported, i);
      assert.equal(text, `file ${i}\n`);
      assert.deepEqual({ gets, others }, { gets: 3, others: 0 });
      assert.ok(bytes < 150_000, `${bytes} bytes`);
    }
  });

  test('leads there after small edits too, each by a process that has read no index', async () => {
    let current = imported;
    const files = Array.from({ length: 10 }, (_, i) => i * 799);
    for (let round = 0; round < 3; round++) {
      const process = open(store);
      current = await editFiles(process, current, files);
      const { put, list } = process.measured.snapshot();
      // Once in so many times indexes are merged, and then they are listed.
      assert.ok(put.requests === 2 && list.requests <= 1);
    }
    for (const i of [0, 1, 1598, 7777]) {
      const { text, gets, others } = await readCold(store, current, i);
      assert.equal(text, i % 799 === 0 ? `edited ${i}\n` : `file ${i}\n`);
      assert.deepEqual({ gets, others }, { gets: 3, others: 0 });
    }
  });

  test('is small, and so is what is stored of where things lie', async () => {
    const stored = (await open(store).nodes.node(imported.root)).bytes.length;
    assert.ok(imported.located.length < stored * 1.5, `${imported.located.length} for ${stored}`);
  });

  test('is ignored unless it is the root', async () => {
    const { nodes, measured } = open(store);
    for (let at = 0; at < imported.located.length; at += 97) {
      const changed = Buffer.from(imported.located);
      changed[at]! ^= 0x41;
      nodes.offer(imported.root, changed);
      nodes.offer(hashOf(changed), changed);
    }
    nodes.offer(imported.root, Buffer.alloc(0));
    assert.equal((await Array.fromAsync(listAll(nodes, imported.root))).length, fileCount);
    assert.ok(measured.snapshot().get.requests > 0);
  });

  test('does no harm whatever stands behind its bytes', async () => {
    const end = 4 + imported.located.readUInt32LE(0);
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 40 }), async (at, bytes) => {
        const changed = Buffer.from(imported.located);
        changed.set(bytes.subarray(0, changed.length - end), end + (at % (changed.length - end - 40)));
        const { text } = await readCold(store, { ...imported, located: changed }, 4321);
        assert.equal(text, 'file 4321\n');
      }),
      { numRuns: 10 },
    );
  });
});

test('a walk of all nodes by hints reads no index', async () => {
  const store = new MemoryStore();
  const { root, located } = await importTree(store);
  const { nodes, measured } = open(store);
  nodes.offer(root, located);
  const inner = await nodes.node(root);
  assert.ok(inner.level === 2);
  const level1 = inner.level > 0 && 'children' in inner ? inner.children.map(({ hash }) => hash) : [];
  await nodes.prefetch(level1);
  for (const hash of level1) {
    const node = await nodes.node(hash);
    if ('children' in node) await nodes.prefetch(node.children.map((child) => child.hash));
  }
  const before = measured.snapshot();
  assert.equal((await Array.fromAsync(listAll(nodes, root))).length, fileCount);
  assert.deepEqual(measured.snapshot(), before);
  assert.equal(before.list.requests, 0);
});
