import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Hash, hashOf } from '../base/hash.ts';
import { BlobStore } from '../blob/blob-store.ts';
import { MeasuredStore } from '../storage/measured-store.ts';
import { MemoryStore } from '../storage/memory-store.ts';
import { buildTree } from './build.ts';
import { treeChanges } from './diff.ts';
import type { Entry } from './entry.ts';
import { listAll, listDirectory } from './lookup.ts';
import { NodeStore } from './node-store.ts';
import { pathFromText, type TreePath } from './path.ts';

const fileCount = 40_000;

/** Two trees of 40,000 files, of which every 401st differs. */
async function twoTrees() {
  const store = new MemoryStore();
  const batch = await new BlobStore(store, 'p').openBatch();
  const build = (version: string): Hash => {
    const entries = new Map<TreePath, Entry>();
    for (let n = 0; n < fileCount; n++) {
      const directory = `d${n % 800}`;
      entries.set(pathFromText(directory), { type: 'directory', mode: 0o755 });
      const content = n % 401 === 0 ? `${n} ${version}` : `${n}`;
      const file = { type: 'file', mode: 0o644, size: 1, hash: hashOf(Buffer.from(content)) } as const;
      entries.set(pathFromText(`${directory}/a-file-with-a-name-${n}.ts`), file);
    }
    return buildTree({ add: (bytes) => batch.add(bytes, 'node') }, entries);
  };
  const trees = { before: build('before'), after: build('after') };
  await batch.flush();
  return { store, ...trees };
}

describe('a tree of which nothing is in memory', async () => {
  const { store, before, after } = await twoTrees();
  const cold = () => {
    const measured = new MeasuredStore(store);
    const nodes = new NodeStore(new BlobStore(measured, 'p'));
    return { nodes, gets: () => measured.snapshot().get.requests };
  };

  test('is listed from one end to the other with few requests', async () => {
    const { nodes, gets } = cold();
    assert.equal((await Array.fromAsync(listAll(nodes, before))).length, fileCount + 800);
    assert.ok(nodes.reads > 200, `${nodes.reads} nodes`);
    assert.ok(gets() <= 20, `${gets()} requests`);
  });

  test('is compared with another one, with a few requests for each level', async () => {
    const { nodes, gets } = cold();
    assert.equal((await treeChanges(nodes, before, after)).length, Math.ceil(fileCount / 401));
    assert.ok(nodes.reads > 100, `${nodes.reads} nodes`);
    assert.ok(gets() <= 12, `${gets()} requests`);
  });

  test('gives one directory with no more than it needs', async () => {
    const { nodes, gets } = cold();
    const found = await Array.fromAsync(listDirectory(nodes, before, pathFromText('d77')));
    assert.equal(found.length, fileCount / 800);
    // The index, a node a level, and where the directory goes on in the next leaf, that and one more.
    assert.ok(gets() <= 5, `${gets()} requests`);
    assert.ok(nodes.reads <= 6, `${nodes.reads} nodes`);
  });
});
